from django.urls import path

from aci.views.actions import ActionList, action_close, action_edit, action_new, action_reopen
from aci.views.commissions import commission_opinion_edit, commission_opinion_new
from aci.views.decisions import decision_apply, decision_edit, decision_new, decision_undo
from aci.views.dialogue import contract_dialogue
from aci.views.dialogue_file import dialogue_file, dialogue_file_docx
from aci.views.meetings import MeetingList, commission_new, meeting_edit, meeting_new, meeting_page

urlpatterns = [
    path("contrats/<int:pk>/dialogue", contract_dialogue, name="contract_dialogue"),
    path("contrats/<int:pk>/reunions/<slug:kind>", meeting_new, name="meeting_new"),
    path("contrats/<int:pk>/actions/nouvelle", action_new, name="action_new"),
    path("reunions/", MeetingList.as_view(), name="meetings"),
    path("reunions/<int:pk>/", meeting_page, name="meeting"),
    path("reunions/<int:pk>/modifier", meeting_edit, name="meeting_edit"),
    path("reunions/<int:pk>/decisions/<slug:kind>", decision_new, name="decision_new"),
    path("reunions/<int:pk>/avis/nouveau", commission_opinion_new, name="commission_opinion_new"),
    path("commissions/<slug:kind>", commission_new, name="commission_new"),
    path("avis/<int:pk>/modifier", commission_opinion_edit, name="commission_opinion_edit"),
    path("decisions/<int:pk>/modifier", decision_edit, name="decision_edit"),
    path("decisions/<int:pk>/appliquer", decision_apply, name="decision_apply"),
    path("decisions/<int:pk>/annuler", decision_undo, name="decision_undo"),
    path("actions/", ActionList.as_view(), name="actions"),
    path("actions/<int:pk>/modifier", action_edit, name="action_edit"),
    path("actions/<int:pk>/clore", action_close, name="action_close"),
    path("actions/<int:pk>/rouvrir", action_reopen, name="action_reopen"),
    path("contrats/<int:pk>/dossier/<int:year>.pdf", dialogue_file, name="dialogue_file"),
    path("contrats/<int:pk>/dossier/<int:year>.docx", dialogue_file_docx, name="dialogue_file_docx"),
]
