"""Structures typed by hand, shown on the territories they meet, and the CLS that a CPTS signs."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from projects.changes import changes_of
from projects.models import ClsSignature
from territories.models import Structure
from tests.factories import ProjectFactory, StructureFactory, UserFactory, ZoneFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def zone(department):
    return ZoneFactory(code="99850", department=department, name="Bellevue")


@pytest.fixture
def project(zone):
    return ProjectFactory(lead_department=zone.department, zones=[zone])


@pytest.fixture
def cls(zone):
    return StructureFactory(kind="cls", name="CLS Est", zones=[zone], since=date(2023, 1, 1), until=date(2027, 1, 1))


def typed(page, **said) -> dict[str, str]:
    """The form as its page shows it, with what is typed over it."""
    form = page.context["form"]
    shown = {name: form[name].value() for name in form.fields}
    return {name: "" if value is None else value for name, value in (shown | said).items()}


def test_a_structure_is_added_then_changed_by_hand(ars, client_of, zone):
    client, url = client_of(ars), reverse("structure_add")
    said = {"kind": "msp", "name": "MSP du Parc", "zones_text": "Bellevue", "last_day": "2030-12-31"}
    answer = client.post(url, typed(client.get(url), **said))
    structure = Structure.objects.get()
    assert answer.url == reverse("structure", args=[structure.pk])
    assert list(structure.zones.all()) == [zone]
    assert structure.until == date(2031, 1, 1)
    url = reverse("structure_edit", args=[structure.pk])
    page = client.get(url)
    assert "Bellevue" in page.text
    client.post(url, typed(page, contact="Ana Diaz", last_day=""))
    structure.refresh_from_db()
    assert (structure.contact, structure.until) == ("Ana Diaz", None)


@pytest.mark.parametrize(("said", "told"), [
    ({"zones_text": "Nulle part"}, "introuvable"),
    ({"zones_text": ""}, "obligatoire"),
    ({"name": "…"}, "ni lettre ni chiffre"),
    ({"since": "2024-02-01", "last_day": "2024-01-31"}, "La fin précède le début"),
    ({"name": "msp du PARC"}, "est déjà dans ce département"),
    ({"kind": "chu"}, "chu"),
])  # fmt: skip
def test_what_cannot_be_saved_is_told_and_nothing_is_lost(ars, client_of, zone, said, told):
    StructureFactory(name="MSP du Parc", zones=[zone])
    client, url = client_of(ars), reverse("structure_add")
    good = {"kind": "msp", "name": "MSP du Port", "zones_text": "Bellevue", "contact": "Ana Diaz"}
    answer = client.post(url, typed(client.get(url), **good | said))
    assert answer.status_code == 422
    assert told in answer.text
    assert "Ana Diaz" in answer.text
    assert Structure.objects.count() == 1


def test_the_second_writer_is_told_what_the_first_has_changed(ars, client_of, zone):
    structure = StructureFactory(name="MSP", zones=[zone])
    client, url = client_of(ars), reverse("structure_edit", args=[structure.pk])
    page = client.get(url)
    Structure.objects.update(contact="Une collègue")
    answer = client.post(url, typed(page, source="Appel"))
    assert answer.status_code == 422
    assert "Une collègue" in answer.text
    assert Structure.objects.get().source == ""


def test_a_structure_with_a_signature_is_not_deleted(ars, client_of, cls, project):
    client, url = client_of(ars), reverse("structure_remove", args=[cls.pk])
    signature = ClsSignature.objects.create(project=project, structure=cls, signed_on=date(2024, 1, 1))
    answer = client.post(url, {"confirm": "1"})
    assert answer.status_code == 422
    assert "retirez d&#x27;abord leur signature" in answer.text
    signature.delete()
    assert client.post(url).status_code == 422  # nothing is deleted without the button
    assert client.post(url, {"confirm": "1"}).status_code == 302
    assert not Structure.objects.exists()


def test_the_list_filters_and_exports(ars, client_of, zone, neighbour):
    StructureFactory(name="MSP du Parc", zones=[zone])
    StructureFactory(name="Ancienne", zones=[zone], until=date(2020, 1, 1))
    StructureFactory(name="GHT", kind="ght", zones=[ZoneFactory(department=neighbour), zone], department=neighbour)
    client, url = client_of(ars), reverse("structures")

    def listed(**asked):
        return [row.name for row in client.get(url, asked).context["page_obj"]]

    assert listed() == ["GHT", "MSP du Parc"]
    assert listed(nature="ght") == ["GHT"]
    assert listed(departement="98") == ["GHT"]
    assert listed(q="bellevue parc") == ["MSP du Parc"]
    assert listed(anciennes="on") == ["Ancienne", "GHT", "MSP du Parc"]
    assert listed(date="2019-06-01") == ["Ancienne", "GHT", "MSP du Parc"]
    assert listed(tri="-nature") == ["MSP du Parc", "GHT"]
    assert "Bellevue (" in client.get(url, {"format": "csv"}).content.decode()
    for wrong in ({"date": "hier"}, {"nature": "chu"}, {"format": "pdf"}):
        assert client.get(url, wrong).status_code == 400


def test_a_structure_shows_the_projects_it_meets(ars, client_of, zone, department, far):
    other = ZoneFactory(department=department)
    mine = ProjectFactory(name="CPTS Bellevue", lead_department=department, zones=[zone, other])
    ProjectFactory(name="CPTS finie", lead_department=department, zones=[zone],
                   stages=[("initiative", date(2019, 1, 1)), ("abandoned", date(2020, 1, 1))])  # fmt: skip
    ProjectFactory(name="CPTS lointaine", lead_department=far, zones=[zone])
    structure = StructureFactory(zones=[zone])
    page = client_of(ars).get(reverse("structure", args=[structure.pk]))
    (found,) = page.context["neighbours"]
    assert (found.project, found.zones, found.population, found.share) == (mine, 1, 1_000, 0.5)


def test_a_project_shows_the_structures_of_its_territory(reader, client_of, zone, project):
    StructureFactory(name="MSP du Parc", zones=[zone, ZoneFactory()], contact="Ana Diaz")
    StructureFactory(name="MSP d'ailleurs", zones=[ZoneFactory()])
    for name, args in (
        ("project_context", [project.pk]),
        ("project_territory", [project.pk]),
        ("project_grid", [project.pk, "relevance"]),
    ):
        page = client_of(reader).get(reverse(name, args=args))
        assert page.status_code == 200
        assert "MSP du Parc" in page.text
        assert "1 sur 2" in page.text
        assert "ailleurs" not in page.text
        assert "La CPTS signe un CLS" not in page.text


@pytest.mark.parametrize("name", ["project_context", "structures"])
def test_as_many_structures_as_one_likes_ask_the_same_queries(reader, client_of, zone, project, name):
    client, url = client_of(reader), reverse(name, args=[project.pk] if name == "project_context" else [])
    counts = []
    for _ in range(2):
        StructureFactory.create_batch(3, zones=[zone])
        client.get(url)
        with CaptureQueriesContext(connection) as asked:
            client.get(url)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_cpts_signs_a_cls_of_its_territory(ars, client_of, cls, project):
    client, url = client_of(ars), reverse("cls_sign", args=[project.pk])
    answer = client.post(url, typed(client.get(url), structure=cls.pk, signed_on="2024-03-12"))
    assert answer.url == reverse("project_context", args=[project.pk])
    signature = ClsSignature.objects.get()
    assert (signature.structure, signature.recorded_by) == (cls, ars)
    assert "est signataire du" in client.get(answer.url).text
    assert str(project) in client.get(reverse("structure", args=[cls.pk])).context["signatures"][0].project.name
    assert any(change.subject == "Signature du CLS «\u00a0CLS Est\u00a0»" for change in changes_of(project))
    page = client.get(url)
    assert "Aucun contrat local de santé à signer" in page.text


@pytest.mark.parametrize(("signed_on", "told"), [
    ("2022-12-31", "n&#x27;a commencé que le 1er janvier 2023"),
    ((timezone.localdate() + timedelta(days=1)).isoformat(), "dans le futur"),
    ("", "obligatoire"),
])  # fmt: skip
def test_a_signature_has_a_possible_date(ars, client_of, cls, project, signed_on, told):
    client, url = client_of(ars), reverse("cls_sign", args=[project.pk])
    answer = client.post(url, typed(client.get(url), structure=cls.pk, signed_on=signed_on))
    assert answer.status_code == 422
    assert told in answer.text
    assert not ClsSignature.objects.exists()


def test_only_the_cls_of_the_territory_can_be_signed(ars, client_of, cls, project):
    elsewhere = StructureFactory(kind="cls", name="CLS Ouest", zones=[ZoneFactory()])
    msp = StructureFactory(kind="msp", zones=list(cls.zones.all()))
    client, url = client_of(ars), reverse("cls_sign", args=[project.pk])
    for wrong in (elsewhere, msp):
        answer = client.post(url, typed(client.get(url), structure=wrong.pk, signed_on="2024-03-12"))
        assert answer.status_code == 422
    assert not ClsSignature.objects.exists()


def test_a_signature_entered_by_mistake_is_withdrawn_with_its_reason(ars, client_of, cls, project):
    signature = ClsSignature.objects.create(project=project, structure=cls, signed_on=date(2024, 1, 1), recorded_by=ars)
    url = reverse("withdraw", args=[project.pk, "cls", signature.pk])
    answer = client_of(ars).post(url, {"reason": "autre CPTS"})
    assert answer.url == reverse("project_context", args=[project.pk]) + "#cls"
    assert not ClsSignature.objects.exists()
    assert "autre CPTS" in [change.reason for change in changes_of(project)]


def test_another_department_reads_and_does_not_write(client_of, cls, project, neighbour):
    stranger: User = UserFactory(role="officer", departments=[neighbour])
    client = client_of(stranger)
    assert client.get(reverse("structure", args=[cls.pk])).status_code == 200
    for name, pk in (("structure_edit", cls.pk), ("structure_remove", cls.pk), ("cls_sign", project.pk)):
        assert client.post(reverse(name, args=[pk]), {"confirm": "1"}).status_code == 403
