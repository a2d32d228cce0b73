from django.urls import path

from projects.views.documents import project_documents
from projects.views.editing import project_edit, project_new
from projects.views.examination import project_examination
from projects.views.funding import project_funding
from projects.views.history import project_history
from projects.views.imports import import_, import_annotated, imports
from projects.views.people import contacts, note_add, referent
from projects.views.perimeter import perimeter
from projects.views.project_list import ProjectList
from projects.views.project_page import project_page
from projects.views.rollout import project_rollout
from projects.views.signatures import signatures
from projects.views.steps import step, step_take_back
from projects.views.withdrawing import withdrawal

urlpatterns = [
    path("", ProjectList.as_view(), name="projects"),
    path("imports/", imports, name="imports"),
    path("imports/<int:pk>/", import_, name="import"),
    path("imports/<int:pk>/annote", import_annotated, name="import_annotated"),
    path("nouveau", project_new, name="project_new"),
    path("<int:pk>/", project_page, name="project"),
    path("<int:pk>/modifier", project_edit, name="project_edit"),
    path("<int:pk>/perimetre", perimeter, name="project_perimeter"),
    path("<int:pk>/contacts", contacts, name="project_contacts"),
    path("<int:pk>/referents/<slug:side>", referent, name="project_referent"),
    path("<int:pk>/notes", note_add, name="project_note"),
    path("<int:pk>/instruction", project_examination, name="project_examination"),
    path("<int:pk>/documents", project_documents, name="project_documents"),
    path("<int:pk>/financement", project_funding, name="project_funding"),
    path("<int:pk>/deploiement", project_rollout, name="project_rollout"),
    path("<int:pk>/historique", project_history, name="project_history"),
    path("<int:pk>/signatures", signatures, name="signatures"),
    path("<int:pk>/retirer/<slug:kind>/<int:row>", withdrawal, name="withdraw"),
    path("<int:pk>/etapes/<slug:name>/", step, name="step"),
    path("<int:pk>/annuler-etape", step_take_back, name="step_take_back"),
]
