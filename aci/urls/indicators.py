from django.urls import path

from aci.views.indicators import IndicatorList, indicator_edit, indicator_new, indicator_page, local_indicator_new
from aci.views.negotiation import contract_indicators, indicator_compare, indicator_trajectories
from aci.views.versions import indicator_version_edit, indicator_version_new, negotiated_add, negotiated_edit

urlpatterns = [
    path("indicateurs/", IndicatorList.as_view(), name="indicators"),
    path("indicateurs/nouveau", indicator_new, name="indicator_new"),
    path("indicateurs/<int:pk>/", indicator_page, name="indicator"),
    path("indicateurs/<int:pk>/modifier", indicator_edit, name="indicator_edit"),
    path("projets/<int:pk>/indicateurs/nouveau", local_indicator_new, name="local_indicator_new"),
    path("contrats/<int:pk>/indicateurs", contract_indicators, name="contract_indicators"),
    path("contrats/<int:pk>/indicateurs/comparer", indicator_compare, name="indicator_compare"),
    path("contrats/<int:pk>/indicateurs/trajectoires", indicator_trajectories, name="indicator_trajectories"),
    path("contrats/<int:pk>/indicateurs/nouvelle-version", indicator_version_new, name="indicator_version_new"),
    path("versions/<int:pk>/modifier", indicator_version_edit, name="indicator_version_edit"),
    path("versions/<int:pk>/ajouter", negotiated_add, name="negotiated_add"),
    path("indicateurs-negocies/<int:pk>/", negotiated_edit, name="negotiated_edit"),
]
