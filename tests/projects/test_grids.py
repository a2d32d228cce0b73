"""The grids that both institutions tick, each on its own side."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Institution, User
from accounts.models.institution import Side
from projects.examination.grids import grid_summary, new_version, sheet_of
from projects.kit.grids import load
from projects.models import Grid, GridAnswer, GridItem, Project
from tests.factories import InstitutionFactory, ProjectFactory, UserFactory

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
Tick = GridAnswer.Tick
RELEVANCE = Grid.Kind.RELEVANCE


@pytest.fixture
def project(department) -> Project:
    return ProjectFactory(name="CPTS Nord", lead_department=department)


@pytest.fixture
def grid(db) -> Grid:
    """Three points, in use since 2020."""
    return made("2020", date(2020, 1, 1), ["Bassin de vie", "Flux de soins", "Secteurs de garde"])


@pytest.fixture
def colleague(department) -> User:
    return UserFactory(role=User.Role.OFFICER, departments=[department])


def made(version: str, since: date, texts: list[str], *, until: date | None = None) -> Grid:
    grid = Grid.objects.create(kind=RELEVANCE, version=version, since=since, until=until, source="Guide")
    for position, text in enumerate(texts, 1):
        GridItem.objects.create(grid=grid, position=position, section="Territoire", text=text)
    return grid


def ticked(project: Project, item: GridItem, side: Side, tick: str, comment: str = "") -> GridAnswer:
    return GridAnswer.objects.create(project=project, item=item, side=side, tick=tick, comment=comment)


def page_url(project: Project, **query: object) -> str:
    return reverse("project_grid", args=[project.pk, RELEVANCE], query=query or None)


def answers_url(project: Project, side: str, **query: object) -> str:
    return reverse("project_grid_answers", args=[project.pk, RELEVANCE, side], query=query or None)


def opened(client: Client, project: Project, **query: object) -> dict[str, str]:
    """What a browser would send back of the page, untouched."""
    form = client.get(page_url(project, **query)).context["form"]
    return {field.html_name: field.value() for field in form}


def named(grid: Grid, *ticks: str, comment: str = "") -> dict[str, str]:
    """The fields for the first points of a grid; the comment goes to the last of them."""
    items = list(grid.items.all())[: len(ticks)]
    fields = {f"tick_{item.pk}": tick for item, tick in zip(items, ticks, strict=True)}
    return fields | {f"comment_{items[-1].pk}": comment}


def said(project: Project, side: Side) -> list[tuple[str, str, str]]:
    answers = project.grid_answers.filter(side=side).order_by("item__position")
    return [(answer.item.text, answer.tick, answer.comment) for answer in answers]


# Answering


def test_each_institution_ticks_its_side_and_the_page_compares_them(project, grid, client_of: ClientOf, ars, cpam):
    for user, ticks, comment in ((ars, ("yes", "no"), "Flux vers Bobigny"), (cpam, ("yes", "partly", "yes"), "")):
        client = client_of(user)
        sent = opened(client, project) | named(grid, *ticks, comment=comment)
        response = client.post(answers_url(project, user.side), sent)
        assert response.url == page_url(project, version=grid.pk)
    assert said(project, Side.ARS) == [("Bassin de vie", "yes", ""), ("Flux de soins", "no", "Flux vers Bobigny")]
    assert {answer.recorded_by for answer in project.grid_answers.filter(side=Side.ARS)} == {ars}
    rows = sheet_of(project, RELEVANCE).rows
    assert [row.verdict for row in rows] == ["Même réponse", "Écart", "ARS attendue"]
    page = client_of(cpam).get(page_url(project))
    assert "Flux vers Bobigny" in page.text
    assert 'class="cpts-grid-differs"' in page.text


def test_the_other_side_is_read_not_typed(project, grid, client_of: ClientOf, ars):
    ticked(project, grid.items.first(), Side.INSURANCE, Tick.PARTLY)
    page = client_of(ars).get(page_url(project))
    assert page.text.count("<select") == len(grid.items.all())
    assert "En partie" in page.text


def test_only_what_changed_is_written(project, grid, client_of: ClientOf, ars):
    first, second, _ = grid.items.all()
    kept = ticked(project, first, Side.ARS, Tick.YES, "Déjà vu\r\nsur place")
    changed = ticked(project, second, Side.ARS, Tick.YES)
    client = client_of(ars)
    client.post(answers_url(project, Side.ARS), opened(client, project) | named(grid, "yes", "no"))
    changed.refresh_from_db()
    assert changed.tick == Tick.NO
    assert (kept.history.count(), changed.history.count()) == (1, 2)
    assert project.grid_answers.count() == 2, "points left empty write nothing"


def test_emptying_an_answer_keeps_its_history(project, grid, client_of: ClientOf, ars):
    answer = ticked(project, grid.items.first(), Side.ARS, Tick.YES, "Vu")
    client = client_of(ars)
    for tick in ("", "partly"):  # emptied, then answered again
        client.post(answers_url(project, Side.ARS), opened(client, project) | named(grid, tick))
    assert [(row.tick, row.comment) for row in answer.history.all()] == [("partly", ""), ("", ""), ("yes", "Vu")]
    assert project.grid_answers.count() == 1


def test_a_form_sent_untouched_says_so(project, grid, client_of: ClientOf, ars):
    client = client_of(ars)
    page = client.post(answers_url(project, Side.ARS), opened(client, project), follow=True)
    assert "Rien n'avait changé." in unescape(page.text)
    assert not GridAnswer.objects.exists()


@pytest.mark.parametrize(
    ("tick", "comment", "reason"),
    [("perhaps", "Ma remarque", "Sélectionnez un choix valide"), ("yes", "é" * 1001, "au plus 1000 caractères")],
)
def test_a_wrong_answer_is_refused_with_what_was_typed(tick, comment, reason, project, grid, client_of: ClientOf, ars):
    client = client_of(ars)
    sent = opened(client, project) | named(grid, "yes", tick, comment=comment)
    page = client.post(answers_url(project, Side.ARS, ecarts=1), sent)
    assert page.status_code == 422
    assert reason in page.text
    assert comment in page.text
    assert "<tr  hidden>" not in page.text, "a point at fault is never hidden"
    assert not GridAnswer.objects.exists()


@pytest.mark.parametrize("left_out", ["loaded", "tick"])
def test_a_page_cut_short_on_its_way_erases_nothing(left_out, project, grid, client_of: ClientOf, ars):
    item = grid.items.first()
    ticked(project, item, Side.ARS, Tick.YES)
    client = client_of(ars)
    sent = {name: value for name, value in opened(client, project).items() if not name.startswith(left_out)}
    page = client.post(answers_url(project, Side.ARS), sent)
    assert page.status_code == 422
    assert "envoyée incomplète" in page.text
    assert said(project, Side.ARS) == [(item.text, "yes", "")]


# Who


@pytest.mark.parametrize("side", list(Side))
def test_nobody_answers_for_the_other_institution(side, project, grid, client_of: ClientOf, ars, cpam, reader):
    other = cpam if side == Side.ARS else ars
    assert client_of(other).post(answers_url(project, side)).status_code == 403
    assert client_of(reader).post(answers_url(project, side)).status_code == 403


def test_an_administrator_without_a_side_reads(project, grid, client_of: ClientOf):
    institution = InstitutionFactory(kind=Institution.Kind.OTHER)
    client = client_of(UserFactory(role=User.Role.ADMINISTRATOR, institution=institution))
    page = client.get(page_url(project))
    assert page.context["form"] is None
    assert "<select" not in page.text
    assert [client.post(answers_url(project, side)).status_code for side in Side] == [403, 403]


def test_another_department_reads_and_another_region_does_not(project, grid, client_of: ClientOf, neighbour, far):
    for department, statuses in ((neighbour, (200, 200, 403)), (far, (404, 404, 404))):
        client = client_of(UserFactory(role=User.Role.OFFICER, departments=[department]))
        pages = reverse("project_grids", args=[project.pk]), page_url(project)
        read = [client.get(page).status_code for page in pages]
        got = (*read, client.post(answers_url(project, "insurance")).status_code)
        assert got == statuses


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("relevance?version=abc", 400),
        ("relevance?version=²", 400),
        ("relevance?version=99999999999999999999", 400),
        ("relevance?version=999999", 404),
        ("relevance?ecarts=oui", 400),
        ("perlimpinpin", 404),
    ],
)
def test_a_bad_address_is_told(path, status, project, grid, client_of: ClientOf, ars):
    assert client_of(ars).get(f"/projets/{project.pk}/grilles/{path}").status_code == status


def test_a_side_that_does_not_exist_ticks_nothing(project, grid, client_of: ClientOf, ars):
    assert client_of(ars).post(answers_url(project, "urps")).status_code == 403


# Two colleagues at once


def test_the_second_sees_what_changed_and_neither_loses_anything(project, grid, client_of: ClientOf, cpam, colleague):
    first, second = client_of(cpam), client_of(colleague)
    sent = opened(second, project) | named(grid, "", "yes", comment="À confirmer avec le CLS")
    first.post(answers_url(project, "insurance"), opened(first, project) | named(grid, "no", comment="Trop étendu"))

    page = second.post(answers_url(project, "insurance"), sent)
    assert page.status_code == 422
    told = "« 1. Bassin de vie » est devenu « Non – Trop étendu » (c'était « sans réponse »)"
    assert told in unescape(page.text).replace("\u00a0", " ")
    assert "À confirmer avec le CLS" in page.text
    assert said(project, Side.INSURANCE) == [("Bassin de vie", "no", "Trop étendu")]

    again = {field.html_name: field.value() for field in page.context["form"]}
    assert second.post(answers_url(project, "insurance"), again).status_code == 302
    assert said(project, Side.INSURANCE) == [
        ("Bassin de vie", "no", "Trop étendu"),
        ("Flux de soins", "yes", "À confirmer avec le CLS"),
    ]


def test_on_the_same_point_what_the_second_typed_stays(project, grid, client_of: ClientOf, cpam, colleague):
    first, second = client_of(cpam), client_of(colleague)
    sent = opened(second, project) | named(grid, "yes")
    first.post(answers_url(project, "insurance"), opened(first, project) | named(grid, "no"))
    page = second.post(answers_url(project, "insurance"), sent)
    assert page.context["form"][f"tick_{grid.items.first().pk}"].value() == "yes"
    assert said(project, Side.INSURANCE) == [("Bassin de vie", "no", "")]


def test_the_other_institution_writing_meanwhile_is_no_obstacle(project, grid, client_of: ClientOf, ars, cpam):
    client = client_of(ars)
    sent = opened(client, project) | named(grid, "yes")
    ticked(project, grid.items.first(), Side.INSURANCE, Tick.NO)
    assert client.post(answers_url(project, "ars"), sent).status_code == 302


def test_a_point_added_meanwhile_is_told(project, grid, client_of: ClientOf, ars):
    client = client_of(ars)
    sent = opened(client, project) | named(grid, "yes")
    GridItem.objects.create(grid=grid, position=9, section="Territoire", text="Zones atones")
    page = client.post(answers_url(project, "ars"), sent)
    assert page.status_code == 422
    assert "4. Zones atones" in page.text


# Differences only, print


def test_the_filter_hides_what_does_not_differ_and_sends_it_all_the_same(project, grid, client_of: ClientOf, ars):
    first, second, _ = grid.items.all()
    for item, tick in ((first, Tick.YES), (second, Tick.NO)):
        ticked(project, item, Side.ARS, Tick.YES)
        ticked(project, item, Side.INSURANCE, tick)
    client = client_of(ars)
    page = client.get(page_url(project, ecarts=1))
    shown = [line.row.item for section in page.context["sections"] for line in section.lines if line.is_shown]
    assert shown == [second]
    assert len(re.findall(r"<(?:tr|tbody)[^>]*\shidden>", page.text)) == 2
    sent = opened(client, project, ecarts=1) | named(grid, "yes", "no")
    response = client.post(answers_url(project, "ars", version=grid.pk, ecarts=1), sent)
    assert response.url == page_url(project, version=grid.pk, ecarts=1)
    assert [tick for _, tick, _ in said(project, Side.ARS)] == ["yes", "no"]
    assert "Aucun écart" in client.get(response.url).text


def test_paper_holds_both_institutions_what_is_saved_and_where_to_sign(project, grid, client_of: ClientOf, ars):
    item = grid.items.first()
    ticked(project, item, Side.ARS, Tick.PARTLY, "Manque le sud")
    ticked(project, item, Side.INSURANCE, Tick.NO, "Deux bassins")
    page = client_of(ars).get(page_url(project)).text
    own = page.split('class="cpts-print-only">')
    assert any("<strong>En partie</strong>" in part.split("</td>")[0] and "Manque le sud" in part for part in own)
    assert "Deux bassins" in page
    assert page.count("Signature :") == 2
    assert "Source : Guide." in page


# Versions


def test_a_project_stays_with_the_version_it_was_answered_with(project, grid, client_of: ClientOf, ars):
    ticked(project, grid.items.first(), Side.ARS, Tick.YES)
    newer = new_version(grid, timezone.localdate())
    sheet = sheet_of(project, RELEVANCE)
    assert (sheet.grid, sheet.others) == (grid, [newer])
    client = client_of(ars)
    assert f"{page_url(project, version=newer.pk)}" in client.get(page_url(project)).text
    assert sheet_of(ProjectFactory(), RELEVANCE).grid == newer

    client.post(
        answers_url(project, "ars", version=newer.pk), opened(client, project, version=newer.pk) | named(newer, "no")
    )
    sheet = sheet_of(project, RELEVANCE)
    assert (sheet.grid, sheet.others) == (newer, [grid])
    assert sheet_of(project, RELEVANCE, grid.pk).rows[0].answers[Side.ARS].tick == Tick.YES


def test_answers_follow_the_version_of_the_page_even_when_a_new_one_begins(project, grid, client_of: ClientOf, ars):
    """The form says which version it was opened with."""
    client = client_of(ars)
    page = client.get(page_url(project))
    assert f'action="{answers_url(project, "ars", version=grid.pk)}"' in page.text
    sent = opened(client, project) | named(grid, "yes")
    new_version(grid, timezone.localdate())
    assert client.post(answers_url(project, "ars", version=grid.pk), sent).status_code == 302
    assert project.grid_answers.get().item.grid == grid


def test_a_version_to_come_is_not_answered(project, grid, client_of: ClientOf, ars):
    grid.until = timezone.localdate() + timedelta(days=3)
    grid.save()
    coming = made("suivante", grid.until, ["Bassin de vie"])
    assert client_of(ars).get(page_url(project, version=coming.pk)).status_code == 404
    assert sheet_of(project, RELEVANCE).grid == grid


def test_without_a_version_in_use_the_page_says_so(project, client_of: ClientOf, ars):
    page = client_of(ars).get(page_url(project))
    assert page.status_code == 200
    assert "Aucune version de cette grille" in page.text
    assert client_of(ars).post(answers_url(project, "ars"), {"loaded": "{}"}).status_code == 404


def test_one_version_of_a_kind_is_in_use_on_a_day(grid):
    """Periods that only touch do not overlap, nor does one that ended the day it began."""
    for since, until, collides in (
        (date(2019, 1, 1), None, True),
        (date(2021, 1, 1), date(2021, 1, 2), True),
        (date(2019, 1, 1), date(2020, 1, 1), False),
        (date(2021, 1, 1), date(2021, 1, 1), False),
    ):
        other = Grid(kind=RELEVANCE, version="autre", since=since, until=until)
        if collides:
            with pytest.raises(ValidationError, match="2020"):
                other.full_clean()
        else:
            other.full_clean()
    Grid(kind=Grid.Kind.LETTER, version="2020", since=date(2020, 1, 1)).full_clean()


# Summary


def test_the_summary_counts_ticks_not_comments(project, grid):
    first, second, _ = grid.items.all()
    ticked(project, first, Side.ARS, Tick.YES)
    ticked(project, first, Side.INSURANCE, Tick.IRRELEVANT)
    ticked(project, second, Side.INSURANCE, "", "Nous y revenons")
    sheet = grid_summary(project)[0]
    assert [(done.side, done.answered) for done in sheet.progress] == [(Side.ARS, 1), (Side.INSURANCE, 1)]
    assert (len(sheet.rows), sheet.differences) == (3, 1)
    assert [sheet.grid for sheet in grid_summary(project)[1:]] == [None, None, None]


def test_the_card_and_the_list_of_grids_tell_the_progress(project, grid, client_of: ClientOf, reader):
    ticked(project, grid.items.first(), Side.ARS, Tick.YES)
    client = client_of(reader)
    card = " ".join(client.get(project.get_absolute_url()).text.split())
    assert "ARS <strong>1/3</strong> · Assurance Maladie <strong>0/3</strong> · aucun écart" in card
    assert "1/3" in client.get(reverse("project_grids", args=[project.pk])).text


def test_the_summary_asks_as_much_for_four_grids_as_for_one(project, grid, django_assert_num_queries):
    ticked(project, grid.items.first(), Side.ARS, Tick.YES)
    with django_assert_num_queries(3):
        assert [sheet.grid for sheet in grid_summary(project)] == [grid, None, None, None]
    load()
    for item in GridItem.objects.all():
        GridAnswer.objects.get_or_create(project=project, item=item, side=Side.INSURANCE, tick=Tick.NO)
    with django_assert_num_queries(3):
        told = [(len(sheet.rows), *(done.answered for done in sheet.progress)) for sheet in grid_summary(project)]
    assert told[0] == (3, 1, 3)
    assert [counts for counts in told[1:] if counts[0] == 0 or counts != (counts[0], 0, counts[0])] == []
    assert len(told) == len(Grid.Kind)


# The grids as shipped


def test_the_shipped_grids_are_loaded_once_and_never_rewritten(db):
    load()
    assert set(Grid.objects.values_list("kind", flat=True)) == set(Grid.Kind)
    for grid in Grid.objects.all():
        grid.full_clean()
        assert grid.source
        assert [item.position for item in grid.items.all()] == list(range(1, grid.items.count() + 1))
    item = GridItem.objects.get(grid__kind="letter", position=1)
    GridItem.objects.filter(pk=item.pk).update(text="Réécrit par un administrateur")
    renamed = Grid.objects.get(kind="diagnosis")
    Grid.objects.filter(pk=renamed.pk).update(version="Île-de-France")
    before = list(GridItem.objects.values())
    load()
    assert list(GridItem.objects.values()) == before
    assert Grid.objects.count() == len(Grid.Kind)


def test_a_shipped_grid_that_was_renamed_and_ended_or_deleted_does_not_come_back(db):
    load()
    renamed = Grid.objects.get(kind="letter")
    renamed.version, renamed.until = "Île-de-France", renamed.since
    renamed.save()
    Grid.objects.get(kind="health_project").delete()
    before = set(Grid.objects.values_list("kind", "version"))
    load()
    assert set(Grid.objects.values_list("kind", "version")) == before


def test_both_grids_of_content_name_the_four_missions_of_the_agreement(db):
    load()
    for kind in ("diagnosis", "health_project"):
        points = " ".join(GridItem.objects.filter(grid__kind=kind).values_list("text", flat=True))
        for mission in ("Accès aux soins", "Parcours", "Prévention", "crises sanitaires"):
            assert mission in points
