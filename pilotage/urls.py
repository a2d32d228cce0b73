from django.urls import path

from pilotage.views.home import home
from pilotage.views.overlaps import overlap_list
from pilotage.views.photograph import photograph_page

urlpatterns = [
    path("", home, name="home"),
    path("pilotage/photographie/", photograph_page, name="photograph"),
    path("pilotage/superpositions/", overlap_list, name="overlaps"),
]
