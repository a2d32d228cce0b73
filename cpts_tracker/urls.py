"""The addresses of the site. Each app owns its own."""

from django.contrib import admin
from django.urls import include, path

from cpts_tracker import errors, health

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.page_not_found
handler500 = errors.server_error

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("", include("pilotage.urls")),
    path("", include("accounts.urls")),
    path("projets/", include("projects.urls")),
    path("aci/", include("aci.urls")),
    path("territoires/", include("projects.territory_urls")),
    path("administration/", admin.site.urls),
]
