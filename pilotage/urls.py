from django.urls import path

from pilotage.views.aci import aci_region
from pilotage.views.aci_lists import aci_region_list
from pilotage.views.home import home
from pilotage.views.map import territory_map
from pilotage.views.overlaps import overlap_list, overlap_pair
from pilotage.views.photograph import photograph_page
from pilotage.views.publishing import perimeters_csv, perimeters_geojson
from pilotage.views.uncovered import uncovered

urlpatterns = [
    path("", home, name="home"),
    path("pilotage/photographie/", photograph_page, name="photograph"),
    path("pilotage/aci/", aci_region, name="aci_region"),
    path("pilotage/aci/<slug:slug>", aci_region_list, name="aci_region_list"),
    path("pilotage/superpositions/", overlap_list, name="overlaps"),
    path("pilotage/superpositions/<int:a>/<int:b>/", overlap_pair, name="overlap_pair"),
    path("territoires/", territory_map, name="territory_map"),
    path("territoires/zones-sans-projet/", uncovered, name="uncovered"),
    path("territoires/perimetres.geojson", perimeters_geojson, name="perimeters_geojson"),
    path("territoires/perimetres.csv", perimeters_csv, name="perimeters_csv"),
]
