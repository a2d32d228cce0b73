"""The admin's door, and the accounts that administrators give."""

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import User
from territories.models import Department
from tests.factories import DepartmentFactory, InstitutionFactory, RegionFactory, UserFactory

pytestmark = pytest.mark.django_db
Extent, Role = User.Extent, User.Role
INDEX, LOGIN = "/administration/", "/administration/login/"


@pytest.fixture
def departments() -> dict[str, Department]:
    """Two of a region, one of another."""
    own = DepartmentFactory()
    return {
        "own": own,
        "near": DepartmentFactory(code="98", region=own.region),
        "far": DepartmentFactory(code="97X", region=RegionFactory(code="97")),
    }


@pytest.fixture
def administrator(departments) -> User:
    """Of the region 99."""
    region = departments["own"].region
    return UserFactory(role=Role.ADMINISTRATOR, extent=Extent.REGION, region=region)


@pytest.fixture
def admin(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


# The door


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_is_not_logged_in_comes_in_by_the_site_s_own_door(client: Client, method: str):
    for wanted, back in ((LOGIN, INDEX), (f"{LOGIN}?next={INDEX}projects/", f"{INDEX}projects/")):
        answer = getattr(client, method)(wanted)
        assert (answer.status_code, answer.url) == (302, f"{reverse('login')}?next={back}")
    page = client.get(f"{INDEX}projects/project/?q=nord", follow=True)
    assert page.redirect_chain[-1][0] == f"{reverse('login')}?next=/administration/projects/project/%3Fq%3Dnord"


def test_who_is_not_logged_in_has_no_right_in_the_admin(rf: RequestFactory):
    request = rf.get(INDEX)
    request.user = AnonymousUser()
    assert not site.has_permission(request)
    assert site.each_context(request)["available_apps"] == []


@pytest.mark.parametrize("url", [INDEX, LOGIN, f"{INDEX}accounts/user/", f"{INDEX}password_change/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_officer_is_told_why_it_does_not_come_in(client: Client, url: str, method: str):
    client.force_login(UserFactory(role=Role.OFFICER))
    answer = getattr(client, method)(url, follow=True)
    assert answer.status_code == 403
    assert "L&#x27;administration est réservée aux administrateurs." in answer.text


def test_an_administrator_comes_in_and_leaves_by_the_pages_of_the_site(admin: Client):
    assert admin.get(LOGIN).url == INDEX
    assert admin.get(INDEX).status_code == 200
    for name in ("password_change", "password_change_done"):
        assert admin.get(reverse(f"admin:{name}")).url == reverse("password_change")
    assert admin.post(reverse("admin:logout")).url == reverse("login")
    assert admin.get(INDEX).status_code == 302


# Accounts


def given(**said) -> dict[str, object]:
    person = {"first_name": "Camille", "last_name": "Martin", "institution": InstitutionFactory().pk}
    return {
        "username": "nouveau",
        **person,
        "role": Role.READER,
        "extent": Extent.DEPARTMENTS,
        "departments": [],
        **said,
    }


PASSWORD = {
    "usable_password": "true",
    "password1": "une phrase longue et sûre",
    "password2": "une phrase longue et sûre",
}
TOO_WIDE = "Vous ne pouvez donner accès qu'à vos propres départements."


@pytest.mark.parametrize("role", [Role.READER, Role.ADMINISTRATOR])
@pytest.mark.parametrize(
    ("scope", "is_allowed"),
    [
        ({"extent": Extent.DEPARTMENTS, "departments": ["own"]}, True),
        ({"extent": Extent.DEPARTMENTS, "departments": ["own", "near"]}, True),
        ({"extent": Extent.REGION, "region": "99"}, True),
        ({"extent": Extent.DEPARTMENTS, "departments": ["own", "far"]}, False),
        ({"extent": Extent.REGION, "region": "97"}, False),
        ({"extent": Extent.COUNTRY}, False),
    ],
)
def test_nobody_gives_a_territory_wider_than_its_own(role, scope, is_allowed, admin: Client, departments):
    scope = scope | {"departments": [departments[name].pk for name in scope.get("departments", [])]}
    answer = admin.post(reverse("admin:accounts_user_add"), given(role=role, **scope, **PASSWORD))
    assert User.objects.filter(username="nouveau").exists() == is_allowed
    if not is_allowed:
        assert TOO_WIDE in answer.context["adminform"].form.non_field_errors()

    colleague = UserFactory(username="collegue", departments=[departments["own"]])
    changed = given(role=role, is_active="on", **scope) | {"username": "change"}
    admin.post(reverse("admin:accounts_user_change", args=[colleague.pk]), changed)
    colleague.refresh_from_db()
    assert (colleague.username == "change") == is_allowed


def test_nobody_widens_its_own_territory(admin: Client, administrator: User):
    wider = given(role=Role.ADMINISTRATOR, extent=Extent.COUNTRY, is_active="on")
    admin.post(reverse("admin:accounts_user_change", args=[administrator.pk]), wider)
    administrator.refresh_from_db()
    assert administrator.extent == Extent.REGION


def test_all_the_departments_are_not_the_country(client: Client, departments):
    client.force_login(UserFactory(role=Role.ADMINISTRATOR, departments=Department.objects.all()))
    client.post(reverse("admin:accounts_user_add"), given(extent=Extent.COUNTRY, **PASSWORD))
    assert not User.objects.filter(username="nouveau").exists()


def test_an_administrator_of_the_country_gives_any_territory(client: Client, departments):
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))
    client.post(reverse("admin:accounts_user_add"), given(extent=Extent.COUNTRY, **PASSWORD))
    assert User.objects.get(username="nouveau").extent == Extent.COUNTRY


@pytest.mark.parametrize("page", ["accounts_user_change", "auth_user_password_change"])
def test_nobody_takes_over_an_account_wider_than_its_own(page: str, client: Client, departments):
    own, near, far = departments.values()
    region = {"extent": Extent.REGION, "region": own.region}
    accounts = {
        "a colleague": UserFactory(departments=[own]),
        "next door": UserFactory(departments=[near]),
        "both": UserFactory(departments=[own, near]),
        "the region": UserFactory(role=Role.ADMINISTRATOR, **region),
        "elsewhere": UserFactory(departments=[far]),
        "here and elsewhere": UserFactory(departments=[own, far]),
        "the country": UserFactory(),
    }
    takers = {
        "of a department": (UserFactory(role=Role.ADMINISTRATOR, departments=[own]), {"a colleague"}),
        "of the region": (
            UserFactory(role=Role.ADMINISTRATOR, **region),
            {"a colleague", "next door", "both", "the region"},
        ),
        "of the country": (UserFactory(role=Role.ADMINISTRATOR), set(accounts)),
    }
    for who, (taker, expected) in takers.items():
        client.force_login(taker)
        taken = set()
        for whose, account in accounts.items():
            before = User.objects.values().get(pk=account.pk)
            own_scope = {"extent": account.extent, "region": account.region_id or ""}
            held = list(account.departments.values_list("pk", flat=True))
            changed = given(**own_scope, departments=held, is_active="on", username=f"pris{account.pk}{taker.pk}")
            client.post(reverse(f"admin:{page}", args=[account.pk]), changed | PASSWORD)
            if User.objects.values().get(pk=account.pk) != before:
                taken.add(whose)
        assert taken == expected, who
