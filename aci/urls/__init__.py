"""The addresses of the ACI, one list for each part of it."""

from aci.urls import contracts, dialogue, indicators, money, results, sharing, tariffs

urlpatterns = [
    *contracts.urlpatterns,
    *money.urlpatterns,
    *indicators.urlpatterns,
    *results.urlpatterns,
    *dialogue.urlpatterns,
    *sharing.urlpatterns,
    *tariffs.urlpatterns,
]
