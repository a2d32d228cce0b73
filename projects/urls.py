from django.urls import path

from projects.views.absences import absence, absence_add, absences
from projects.views.composing import perimeter_act
from projects.views.conciliation_page import conciliation_page
from projects.views.conciliations import (
    ConciliationList,
    conciliation_edit,
    conciliation_entry,
    conciliation_new,
    conciliation_withdraw,
)
from projects.views.consultations import consultation_answer, consultation_new, consultation_remind
from projects.views.context import cls_sign, project_context
from projects.views.count import filing_count
from projects.views.directory import DirectoryList, directory_add, directory_edit
from projects.views.documents import document_add, document_download, document_withdraw, project_documents
from projects.views.editing import project_edit, project_new
from projects.views.examination import project_examination
from projects.views.funding import (
    grant_edit,
    grant_new,
    other_funding_edit,
    other_funding_new,
    payment_new,
    project_funding,
)
from projects.views.grids import project_grid, project_grid_answers, project_grids
from projects.views.handover import handover, handover_done
from projects.views.history import project_history
from projects.views.imports import import_, import_annotated, imports
from projects.views.journal import journal_add
from projects.views.letter_models import letter_model_download, letter_model_new, letter_models
from projects.views.letters import letter_new
from projects.views.library import library, library_download, library_grid
from projects.views.opinions import escalation, opinion
from projects.views.outcomes import conciliation_lapse, conciliation_outcome, conciliation_reopen
from projects.views.people import contacts, note_add, referent
from projects.views.perimeter import perimeter, perimeter_search, perimeter_zones
from projects.views.pieces import piece_ask, piece_receive
from projects.views.project_list import ProjectList
from projects.views.project_page import project_page
from projects.views.rollout import project_rollout, rollout_event, version_new
from projects.views.scenarios import conciliation_variant, scenario_new, scenario_renew
from projects.views.signatures import signatures
from projects.views.steps import step, step_take_back
from projects.views.territory import perimeter_change_take_back, project_territory
from projects.views.vigilance import vigilance_lift, vigilance_new
from projects.views.withdrawing import withdrawal

urlpatterns = [
    path("", ProjectList.as_view(), name="projects"),
    path("imports/", imports, name="imports"),
    path("imports/<int:pk>/", import_, name="import"),
    path("imports/<int:pk>/annote", import_annotated, name="import_annotated"),
    path("bibliotheque", library, name="library"),
    path("bibliotheque/<int:pk>/telecharger", library_download, name="library_download"),
    path("bibliotheque/grilles/<slug:kind>", library_grid, name="library_grid"),
    path("nouveau", project_new, name="project_new"),
    path("annuaire/", DirectoryList.as_view(), name="directory"),
    path("annuaire/nouveau", directory_add, name="directory_add"),
    path("annuaire/<int:pk>", directory_edit, name="directory_edit"),
    path("absences/", absences, name="absences"),
    path("absences/nouvelle", absence_add, name="absence_add"),
    path("absences/<int:pk>", absence, name="absence"),
    path("passation/", handover, name="handover"),
    path("passation/<int:pk>", handover_done, name="handover_done"),
    path("modeles-de-courriers", letter_models, name="letter_models"),
    path("modeles-de-courriers/remplacer", letter_model_new, name="letter_model_new"),
    path("modeles-de-courriers/<int:pk>/telecharger", letter_model_download, name="letter_model_download"),
    path("conciliations/", ConciliationList.as_view(), name="conciliations"),
    path("conciliations/nouvelle", conciliation_new, name="conciliation_new"),
    path("conciliations/<int:pk>/", conciliation_page, name="conciliation"),
    path("conciliations/<int:pk>/modifier", conciliation_edit, name="conciliation_edit"),
    path("conciliations/<int:pk>/echanges", conciliation_entry, name="conciliation_entry"),
    path("conciliations/<int:pk>/essai", conciliation_variant, name="conciliation_variant"),
    path("conciliations/<int:pk>/scenarios", scenario_new, name="scenario_new"),
    path("conciliations/<int:pk>/scenarios/<int:row>/reprendre", scenario_renew, name="scenario_renew"),
    path("conciliations/<int:pk>/issue/<slug:kind>", conciliation_outcome, name="conciliation_outcome"),
    path("conciliations/<int:pk>/sans-objet", conciliation_lapse, name="conciliation_lapse"),
    path("conciliations/<int:pk>/rouvrir", conciliation_reopen, name="conciliation_reopen"),
    path("conciliations/<int:pk>/retirer/<slug:kind>/<int:row>", conciliation_withdraw, name="conciliation_withdraw"),
    path("<int:pk>/", project_page, name="project"),
    path("<int:pk>/modifier", project_edit, name="project_edit"),
    path("<int:pk>/perimetre", perimeter, name="project_perimeter"),
    path("<int:pk>/territoire", project_territory, name="project_territory"),
    path(
        "<int:pk>/territoire/changements/<int:change>/annuler",
        perimeter_change_take_back,
        name="perimeter_change_take_back",
    ),
    path("<int:pk>/perimetre/chercher", perimeter_search, name="perimeter_search"),
    path("<int:pk>/perimetre/composer", perimeter_act, name="perimeter_act"),
    path("<int:pk>/perimetre/communes/<slug:department>", perimeter_zones, name="perimeter_zones"),
    path("<int:pk>/contacts", contacts, name="project_contacts"),
    path("<int:pk>/referents/<slug:side>", referent, name="project_referent"),
    path("<int:pk>/notes", note_add, name="project_note"),
    path("<int:pk>/journal", journal_add, name="project_journal"),
    path("<int:pk>/instruction", project_examination, name="project_examination"),
    path("<int:pk>/instruction/<int:stage>/avis/<slug:side>", opinion, name="opinion"),
    path("<int:pk>/instruction/<int:stage>/avis-demande", consultation_new, name="consultation_new"),
    path("<int:pk>/instruction/<int:stage>/vigilance", vigilance_new, name="vigilance_new"),
    path("<int:pk>/desaccords/<int:row>", escalation, name="escalation"),
    path("<int:pk>/avis-demandes/<int:row>/relance", consultation_remind, name="consultation_remind"),
    path("<int:pk>/avis-demandes/<int:row>/reponse", consultation_answer, name="consultation_answer"),
    path("<int:pk>/vigilance/<int:row>/lever", vigilance_lift, name="vigilance_lift"),
    path("<int:pk>/contexte", project_context, name="project_context"),
    path("<int:pk>/cls/nouveau", cls_sign, name="cls_sign"),
    path("<int:pk>/grilles", project_grids, name="project_grids"),
    path("<int:pk>/grilles/<slug:kind>", project_grid, name="project_grid"),
    path("<int:pk>/grilles/<slug:kind>/<slug:side>", project_grid_answers, name="project_grid_answers"),
    path("<int:pk>/documents", project_documents, name="project_documents"),
    path("<int:pk>/documents/ajouter", document_add, name="document_add"),
    path("<int:pk>/documents/<int:document_pk>/telecharger", document_download, name="document_download"),
    path("<int:pk>/documents/<int:document_pk>/retirer", document_withdraw, name="document_withdraw"),
    path("<int:pk>/courriers/<slug:kind>", letter_new, name="letter_new"),
    path("<int:pk>/financement", project_funding, name="project_funding"),
    path("<int:pk>/financement/conventions/nouvelle", grant_new, name="grant_new"),
    path("<int:pk>/financement/conventions/<int:row>", grant_edit, name="grant_edit"),
    path("<int:pk>/financement/conventions/<int:row>/versement", payment_new, name="payment_new"),
    path("<int:pk>/financement/autres/nouveau", other_funding_new, name="other_funding_new"),
    path("<int:pk>/financement/autres/<int:row>", other_funding_edit, name="other_funding_edit"),
    path("<int:pk>/deploiement", project_rollout, name="project_rollout"),
    path("<int:pk>/deploiement/versions/nouvelle", version_new, name="version_new"),
    path("<int:pk>/deploiement/<slug:kind>", rollout_event, name="rollout_event"),
    path("<int:pk>/historique", project_history, name="project_history"),
    path("<int:pk>/depots/<int:filing_pk>/decompte", filing_count, name="filing_count"),
    path("<int:pk>/pieces/demander", piece_ask, name="piece_ask"),
    path("<int:pk>/pieces/<int:request_pk>/recevoir", piece_receive, name="piece_receive"),
    path("<int:pk>/signatures", signatures, name="signatures"),
    path("<int:pk>/retirer/<slug:kind>/<int:row>", withdrawal, name="withdraw"),
    path("<int:pk>/etapes/<slug:name>/", step, name="step"),
    path("<int:pk>/annuler-etape", step_take_back, name="step_take_back"),
]
