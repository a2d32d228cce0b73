from django.urls import path

from aci.views.results import contract_results, result_edit, result_new, result_validate

urlpatterns = [
    path("contrats/<int:pk>/resultats", contract_results, name="contract_results"),
    path("contrats/<int:pk>/indicateurs/<int:negotiated>/resultat", result_new, name="result_new"),
    path("contrats/<int:pk>/resultats/<int:row>/modifier", result_edit, name="result_edit"),
    path("contrats/<int:pk>/resultats/<int:row>/valider", result_validate, name="result_validate"),
]
