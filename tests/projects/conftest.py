"""One department, its binôme, a reader, and browsers that are logged in."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Institution, User
from territories.models import Department
from tests.factories import DepartmentFactory, InstitutionFactory, UserFactory

Kind, Role = Institution.Kind, User.Role


@pytest.fixture
def department(db: None) -> Department:
    return DepartmentFactory()


@pytest.fixture
def neighbour(department: Department) -> Department:
    """Another department of the same region."""
    return DepartmentFactory(code="98", region=department.region)


@pytest.fixture
def far(db: None) -> Department:
    """A department of another region."""
    return DepartmentFactory(code="97X", region__code="97")


@pytest.fixture
def ars(department: Department) -> User:
    institution = InstitutionFactory(kind=Kind.ARS_DELEGATION, name="DD 99")
    return UserFactory(role=Role.OFFICER, institution=institution, departments=[department])


@pytest.fixture
def cpam(department: Department) -> User:
    return UserFactory(role=Role.OFFICER, departments=[department])


@pytest.fixture
def reader(department: Department) -> User:
    return UserFactory(institution__kind=Kind.URPS, departments=[department])


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    def client_of(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return client_of
