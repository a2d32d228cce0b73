from django.urls import path

from aci.views.contract_acts import amendment_edit, amendment_new, crisis_new, crisis_plan_new, mission_deployed
from aci.views.contract_list import ContractList, MissingContracts
from aci.views.contracts import contract_edit, contract_new, contract_page, project_aci

urlpatterns = [
    path("", ContractList.as_view(), name="contracts"),
    path("sans-contrat", MissingContracts.as_view(), name="contracts_missing"),
    path("projets/<int:pk>/", project_aci, name="project_aci"),
    path("projets/<int:pk>/nouveau", contract_new, name="contract_new"),
    path("contrats/<int:pk>/", contract_page, name="contract"),
    path("contrats/<int:pk>/modifier", contract_edit, name="contract_edit"),
    path("contrats/<int:pk>/avenants/nouveau", amendment_new, name="amendment_new"),
    path("contrats/<int:pk>/avenants/<int:row>", amendment_edit, name="amendment_edit"),
    path("contrats/<int:pk>/crises/nouvelle", crisis_new, name="crisis_new"),
    path("contrats/<int:pk>/plans-de-crise/nouveau", crisis_plan_new, name="crisis_plan_new"),
    path("contrats/<int:pk>/missions/<int:row>", mission_deployed, name="mission_deployed"),
]
