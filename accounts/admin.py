"""Django's admin, for administrators only, each within its own territory."""

from django.contrib import admin, messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.generic import RedirectView

from accounts.models import AccessToken, Institution, User
from ground.admin import AdministratorAdmin, CountryAdmin, ReadOnlyRights, is_administrator


@login_not_required
def enter(request: HttpRequest) -> HttpResponse:
    """One way in, that of the site: who is not logged in goes there and comes back, others are told why not."""
    if request.user.is_anonymous:
        return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME, reverse("admin:index")))
    if not is_administrator(request):
        raise PermissionDenied("L'administration est réservée aux administrateurs.")
    return redirect("admin:index")


admin.site.site_header = "Suivi des CPTS – administration"
admin.site.site_title = "Suivi des CPTS"
admin.site.index_title = "Référentiels et comptes"
admin.site.has_permission = is_administrator
admin.site.login = enter
admin.site.password_change = admin.site.password_change_done = RedirectView.as_view(pattern_name="password_change")
admin.site.unregister(Group)  # rights are the role, the institution and the territory, nothing else


@admin.register(Institution)
class InstitutionAdmin(CountryAdmin):
    list_display = ["name", "kind"]
    list_filter = ["kind"]
    search_fields = ["name"]
    fieldsets = [
        (None, {"fields": ["name", "kind"]}),
        (
            "Dans les courriers",
            {
                "fields": ["service", "address", "city", "email", "phone"],
                "description": "L'accusé de réception d'un projet de santé doit les donner (CRPA, art. R. 112-5).",
            },
        ),
    ]


class WithinOwnScope:
    """An account can only be given what its giver has: no administrator can widen its own territory."""

    giver: User

    def clean(self) -> dict:
        data = super().clean()
        given = User(extent=data.get("extent"), region=data.get("region"))
        if self.giver.answers_for_the_country or not given.extent:
            return data
        if given.extent == User.Extent.DEPARTMENTS:
            wanted = {department.pk for department in data.get("departments") or ()}
        else:
            wanted = given.own_departments
        if given.extent == User.Extent.COUNTRY or not wanted <= self.giver.own_departments:
            raise ValidationError("Vous ne pouvez donner accès qu'à vos propres départements.")
        return data


ACCOUNT_FIELDS = ["first_name", "last_name", "email", "institution", "role", "extent", "region", "departments"]


class UserCreation(WithinOwnScope, AdminUserCreationForm):
    class Meta:
        model = User
        fields = ["username", *ACCOUNT_FIELDS]


class UserChange(WithinOwnScope, UserChangeForm):
    class Meta:
        model = User
        fields = ["username", "password", *ACCOUNT_FIELDS, "is_active"]


def answers_for_account(administrator: User, account: User) -> bool:
    """Whether all that `account` answers for is the administrator's own too."""
    return administrator.answers_for_the_country or account.own_departments <= administrator.own_departments


@admin.register(User)
class UserAdmin(AdministratorAdmin, BaseUserAdmin):
    form, add_form = UserChange, UserCreation
    list_display = ["username", "last_name", "first_name", "institution", "role", "extent", "is_active"]
    list_filter = ["role", "extent", "institution__kind", "is_active"]
    search_fields = ["username", "last_name", "first_name", "email"]
    filter_horizontal = ["departments"]
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["username", "password", "is_active"]}),
        ("Personne", {"fields": ["first_name", "last_name", "email"]}),
        ("Ce qu'elle voit et fait", {"fields": ["institution", "role", "extent", "region", "departments"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "usable_password", "password1", "password2"]}),
        ("Personne", {"fields": ["first_name", "last_name", "email"]}),
        ("Ce qu'elle voit et fait", {"fields": ["institution", "role", "extent", "region", "departments"]}),
    ]

    def get_form(self, request: HttpRequest, obj: User | None = None, **kwargs) -> type:
        form = super().get_form(request, obj, **kwargs)
        form.giver = request.user
        return form

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Who can reset a password can act as its owner: only within one's own departments."""
        return request.user.is_administrator and (obj is None or answers_for_account(request.user, obj))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Accounts sign what they recorded: they are deactivated, never deleted."""
        return False


@admin.register(AccessToken)
class AccessTokenAdmin(ReadOnlyRights, admin.ModelAdmin):
    """Who reads the perimeters with a mapping tool. Its owner alone makes a token; one that is lost is revoked here."""

    list_display = ["name", "user", "created_at", "last_used_on", "revoked_at"]
    list_select_related = ["user"]
    search_fields = ["name", "user__username", "user__last_name"]
    fields = ["name", "user", "created_at", "last_used_on", "revoked_at"]
    actions = ["revoke"]

    @admin.action(description="Révoquer les jetons choisis", permissions=["view"])
    def revoke(self, request: HttpRequest, rows: QuerySet[AccessToken]) -> None:
        chosen = list(rows.filter(revoked_at=None).select_related("user"))
        for token in chosen:
            if not answers_for_account(request.user, token.user):
                raise PermissionDenied("Vous ne pouvez révoquer que les jetons des comptes de vos départements.")
        for token in chosen:
            token.revoke()
        messages.success(request, f"Jetons révoqués : {len(chosen)}.")
