"""A region of three departments, and who reads it."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Institution, User
from territories.models import Department
from tests.factories import DepartmentFactory, InstitutionFactory, UserFactory


@pytest.fixture
def paris(db: None) -> Department:
    return DepartmentFactory(code="A1", name="Parisis", region__code="A", region__name="Île")


@pytest.fixture
def plaine(paris: Department) -> Department:
    return DepartmentFactory(code="A2", name="Plaine", region=paris.region)


@pytest.fixture
def empty(paris: Department) -> Department:
    return DepartmentFactory(code="A3", name="Vide", region=paris.region)


@pytest.fixture
def elsewhere(db: None) -> Department:
    return DepartmentFactory(code="B1", name="Ailleurs", region__code="B", region__name="Autre")


@pytest.fixture
def delegation(plaine: Department) -> User:
    """The ARS officer of one department."""
    ars = InstitutionFactory(name="DD de la Plaine", kind=Institution.Kind.ARS_DELEGATION)
    return UserFactory(institution=ars, role=User.Role.OFFICER, departments=[plaine])


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    def client_of(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return client_of
