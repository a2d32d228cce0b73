"""Screens of what is on the territories: structures of coordinated practice, figures told commune by commune."""

from django.urls import path

from projects.views.figures import FigureList, figure_batch, figure_import, figure_remove
from projects.views.structure_imports import structure_batch, structure_import, structure_model
from projects.views.structures import StructureList, structure, structure_add, structure_edit, structure_remove
from projects.views.zone_splits import zone_split, zone_split_new, zone_splits

urlpatterns = [
    path("structures/", StructureList.as_view(), name="structures"),
    path("structures/nouvelle", structure_add, name="structure_add"),
    path("structures/imports/", structure_import, name="structure_import"),
    path("structures/imports/modele", structure_model, name="structure_model"),
    path("structures/imports/<int:pk>/", structure_batch, name="structure_batch"),
    path("structures/<int:pk>/", structure, name="structure"),
    path("structures/<int:pk>/modifier", structure_edit, name="structure_edit"),
    path("structures/<int:pk>/supprimer", structure_remove, name="structure_remove"),
    path("indicateurs/", FigureList.as_view(), name="figures"),
    path("indicateurs/imports/", figure_import, name="figure_import"),
    path("indicateurs/imports/<int:pk>/", figure_batch, name="figure_batch"),
    path("indicateurs/<int:pk>/supprimer", figure_remove, name="figure_remove"),
    path("decoupages/", zone_splits, name="zone_splits"),
    path("decoupages/nouveau", zone_split_new, name="zone_split_new"),
    path("decoupages/<int:pk>/", zone_split, name="zone_split"),
]
