"""What falls due among the contracts of one's own departments."""

from datetime import date

import pytest

from accounts.models import User
from aci.due import aci_due_items, late_contracts, own_contracts
from aci.models import Contract
from projects.due import Due
from projects.states import State
from territories.models import Department
from tests.factories import ContractFactory, MeetingFactory, ProjectFactory


@pytest.fixture
def contract(department: Department) -> Contract:
    project = ProjectFactory(lead_department=department, stages=[(State.ACI_SIGNED, date(2020, 3, 1))])
    return ContractFactory(project=project)


def dues(user: User, day: date) -> list[Due]:
    return aci_due_items(own_contracts(user, day), day)


def test_what_is_near_or_late_falls_due_by_date(cpam: User, contract: Contract) -> None:
    assert dues(cpam, date(2020, 7, 2)) == []  # 61 days before the first limit
    items = dues(cpam, date(2020, 9, 3))
    assert [(item.what, item.day, item.days_left) for item in items] == [
        ("Mission «\u00a0Accès aux soins\u00a0» non engagée à temps", date(2020, 9, 1), -2),
        ("Mission «\u00a0Plan de crise\u00a0» non engagée à temps", date(2020, 9, 1), -2),
    ]
    assert {item.project for item in items} == {contract.project}
    assert items[0].is_late


def test_what_is_long_late_is_only_counted(cpam: User, contract: Contract) -> None:
    assert [item.day for item in dues(cpam, date(2020, 10, 31))] == [date(2020, 9, 1)] * 2
    assert dues(cpam, date(2020, 11, 1)) == []
    for day, count in ((date(2020, 9, 1), 0), (date(2020, 9, 2), 1), (date(2020, 11, 1), 1)):
        assert late_contracts(own_contracts(cpam, day)) == count


def test_the_renewal_falls_due_six_months_ahead(cpam: User, contract: Contract) -> None:
    def renewals(day: date) -> list[date]:
        return [item.day for item in dues(cpam, day) if "renouvellement" in item.what]

    assert renewals(date(2024, 8, 31)) == []
    assert renewals(date(2024, 9, 1)) == [date(2025, 2, 28)]


def test_only_the_contracts_of_one_s_own_departments(cpam: User, contract: Contract, neighbour: Department) -> None:
    project = ProjectFactory(lead_department=neighbour, stages=[(State.ACI_SIGNED, date(2020, 3, 1))])
    ContractFactory(project=project)
    assert {item.project for item in dues(cpam, date(2020, 9, 3))} == {contract.project}
    project.other_departments.add(cpam.departments.get())
    assert {item.project for item in dues(cpam, date(2020, 9, 3))} == {contract.project, project}


def test_copils_held_fall_due_no_more(cpam: User, contract: Contract) -> None:
    day = date(2021, 2, 1)
    assert "COPIL de l'année 1 : 0 tenu sur 2" in [item.what for item in dues(cpam, day)]
    MeetingFactory(contract=contract, held_on=date(2020, 5, 15))
    MeetingFactory(contract=contract, held_on=date(2020, 11, 15))
    assert not [item for item in dues(cpam, day) if "COPIL" in item.what]
