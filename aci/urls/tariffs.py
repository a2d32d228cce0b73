from django.urls import path

from aci.views.remuneration import remuneration
from aci.views.tariff_acts import tariff_approve, tariff_new, tariff_reopen, tariff_withdraw
from aci.views.tariffs import tariff, tariff_csv, tariffs

urlpatterns = [
    path("remuneration/", remuneration, name="remuneration"),
    path("baremes/", tariffs, name="tariffs"),
    path("baremes/nouveau", tariff_new, name="tariff_new"),
    path("baremes/<int:pk>/", tariff, name="tariff"),
    path("baremes/<int:pk>/<str:sheet>.csv", tariff_csv, name="tariff_csv"),
    path("baremes/<int:pk>/approuver", tariff_approve, name="tariff_approve"),
    path("baremes/<int:pk>/retirer", tariff_withdraw, name="tariff_withdraw"),
    path("baremes/<int:pk>/reprendre", tariff_reopen, name="tariff_reopen"),
]
