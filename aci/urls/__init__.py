from django.urls import path

from aci.views.remuneration import remuneration

urlpatterns = [
    path("remuneration/", remuneration, name="remuneration"),
]
