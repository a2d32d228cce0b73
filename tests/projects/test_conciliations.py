"""Conciliations: opening one, its log, who writes in it, its list, and the marks it leaves on other pages."""

from datetime import date, timedelta
from html import unescape
from urllib.parse import urlencode

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from accounts.models import Institution, User
from projects.conciliations.opening import open_conciliation
from projects.due import due_items
from projects.models import Conciliation, ConciliationEntry, Project
from projects.states import State
from territories.models import Zone
from tests.acts import take
from tests.factories import ProjectFactory, UserFactory
from tests.projects.disputes import KNOWN, OPENED, Quarrel, opened, quarrel

TODAY = timezone.localdate


def text(page: HttpResponse) -> str:
    return unescape(page.content.decode())


@pytest.fixture
def between(department) -> Quarrel:
    return quarrel(department)


def new_url(between: Quarrel) -> str:
    return f"{reverse('conciliation_new')}?{urlencode({'projets': between.keys}, doseq=True)}"


def sent(between: Quarrel, **said) -> dict:
    zones = [zone.pk for zone in between.disputed]
    return {"since": OPENED, "zones": zones, "subject": "Est et Ouest", "due_on": "2026-12-31"} | said


def refused_to(user: User, between: Quarrel, zones: list[Zone], since: date) -> list[str]:
    with pytest.raises(ValidationError) as refusal:
        open_conciliation(user, between.keys, zones, since)
    return refusal.value.messages


# Opening


@pytest.mark.parametrize("who", ["ars", "cpam"])
def test_both_institutions_open_one_from_a_pair_on_its_shared_zones(who, request, client_of, between):
    client = client_of(request.getfixturevalue(who))
    page = client.get(new_url(between))
    assert set(page.context["form"].initial["zones"]) == set(between.disputed)
    response = client.post(new_url(between), sent(between))
    conciliation = Conciliation.objects.get()
    assert response.url == conciliation.get_absolute_url()
    assert conciliation.situation == "different_maturity"
    assert set(conciliation.projects.all()) == {between.first, between.second}
    assert set(conciliation.zones.all()) == set(between.disputed)
    assert (conciliation.since, conciliation.due_on) == (OPENED, date(2026, 12, 31))


def test_a_zone_may_be_left_out(client_of, ars, between):
    client_of(ars).post(new_url(between), sent(between, zones=[between.disputed[0].pk]))
    assert [zone.name for zone in Conciliation.objects.get().zones.all()] == ["Est"]


def test_the_zones_offered_are_those_of_the_day_typed(client_of, ars, between):
    between.second.perimeter.set_zones([between.other, between.disputed[0]], date(2026, 2, 1))
    page = client_of(ars).get(new_url(between))
    assert [zone.name for zone in page.context["form"].fields["zones"].queryset] == ["Est"]
    refused = client_of(ars).post(new_url(between), sent(between, since="2026-02-02"))
    assert refused.status_code == 422
    assert "n'était pas partagée ce jour-là" in text(refused)
    assert client_of(ars).post(new_url(between), sent(between, since="2026-01-31")).status_code == 302


def test_a_refused_form_comes_back_as_it_was_typed(client_of, ars, between):
    page = client_of(ars).post(new_url(between), sent(between, due_on="2025-01-01"))
    assert page.status_code == 422
    assert "L'échéance ne peut pas précéder l'ouverture." in text(page)
    assert "Est et Ouest" in text(page)
    assert not Conciliation.objects.exists()


@pytest.mark.parametrize(
    ("since", "why"),
    [
        (date(2023, 12, 31), "n'est pas suivi ou a pris fin au 31 décembre 2023"),
        (TODAY() + timedelta(days=1), "dans le futur"),
    ],
)
def test_nothing_opens_on_a_day_that_makes_no_sense(ars, between, since, why):
    assert why in " ".join(refused_to(ars, between, between.disputed, since))


def test_nothing_opens_with_a_project_that_has_ended(ars, between):
    take(ars, between.second, "abandon", date(2026, 5, 4))
    assert "CPTS Seconde" in " ".join(refused_to(ars, between, between.disputed, OPENED))


def test_nothing_opens_without_a_shared_zone(client_of, ars, between):
    between.second.perimeter.set_zones([between.other], date(2026, 1, 1))
    assert "ne partagent aucune zone" in " ".join(refused_to(ars, between, [], OPENED))
    assert "aucune zone" in text(client_of(ars).get(new_url(between)))


def test_the_same_projects_are_in_one_open_conciliation(client_of, ars, cpam, between):
    first = opened(ars, between)
    assert "déjà ouverte" in " ".join(refused_to(cpam, between, between.disputed, OPENED))
    assert first.get_absolute_url() in text(client_of(ars).get(new_url(between)))
    first.until = date(2026, 2, 2)
    first.save()
    assert opened(cpam, between).pk != first.pk


def test_one_project_or_none_opens_nothing(client_of, ars, between):
    client = client_of(ars)
    assert client.get(reverse("conciliation_new")).status_code == 200
    assert "deux projets au moins" in text(client.get(f"{reverse('conciliation_new')}?projets={between.first.pk}"))
    assert client.get(f"{reverse('conciliation_new')}?projets=x").status_code == 400


def test_a_project_out_of_scope_does_not_exist(client_of, ars, far, between):
    elsewhere = ProjectFactory(lead_department=far, zones=between.disputed)
    url = f"{reverse('conciliation_new')}?{urlencode({'projets': [between.first.pk, elsewhere.pk]}, doseq=True)}"
    assert client_of(ars).get(url).status_code == 404
    with pytest.raises(Project.DoesNotExist):
        open_conciliation(ars, [between.first.pk, elsewhere.pk], between.disputed, OPENED)


def test_readers_and_other_departments_open_nothing(client_of, reader, neighbour, between):
    stranger = UserFactory(role=User.Role.OFFICER, departments=[neighbour])
    for user in (reader, stranger):
        assert client_of(user).get(new_url(between)).status_code == 403
        with pytest.raises(PermissionDenied):
            opened(user, between)


def test_a_party_that_has_ended_has_no_size_any_more(client_of, ars, between):
    call_command("load_tariffs", verbosity=0)
    conciliation = opened(ars, between)
    assert "dernier périmètre" not in text(client_of(ars).get(conciliation.get_absolute_url()))
    take(ars, between.second, "abandon", date(2026, 5, 4))
    page = text(client_of(ars).get(conciliation.get_absolute_url()))
    parties = page[page.index('id="parties-title"') :].partition("</section>")[0]
    assert parties.count("dernier périmètre") == 1
    assert parties.count("au plus") == 1


def test_a_day_when_nothing_is_shared_loses_no_zone(client_of, ars, between):
    client = client_of(ars)
    refused = client.post(new_url(between), sent(between, since="2018-05-04"))
    assert refused.status_code == 422
    assert "Rien n'est partagé ce jour-là" in text(refused)
    assert 'name="none_offered"' in text(refused)
    mended = client.post(new_url(between), sent(between, zones=[], none_offered="on"))
    assert mended.status_code == 422
    assert "vérifiez les zones" in text(mended)
    assert 'name="none_offered"' not in text(mended)
    assert text(mended).count("checked") == len(between.disputed)
    assert not Conciliation.objects.exists()
    assert client.post(new_url(between), sent(between)).status_code == 302


def test_three_projects_conciliate_what_two_of_them_share(ars, department, between):
    third = ProjectFactory(lead_department=department, zones=[between.other])
    keys = [*between.keys, third.pk]
    conciliation = open_conciliation(ars, keys, [*between.disputed, between.other], OPENED)
    assert conciliation.projects.count() == conciliation.zones.count() == 3


# Log


def test_both_institutions_keep_the_log(client_of, ars, cpam, between):
    conciliation = opened(ars, between)
    url = reverse("conciliation_entry", args=[conciliation.pk])
    said = {"kind": "proposal", "happened_on": "2026-02-10", "text": "Un vice-président pour chacun."}
    assert client_of(cpam).post(url, said).status_code == 302
    entry = conciliation.entries.get()
    assert (entry.recorded_by, entry.kind) == (cpam, ConciliationEntry.Kind.PROPOSAL)
    twice = client_of(ars).post(url, said)
    assert twice.status_code == 422
    assert "déjà noté" in text(twice)
    assert said["text"] in text(twice)


def test_what_is_noted_has_happened(client_of, ars, between):
    conciliation = opened(ars, between)
    tomorrow = {"kind": "meeting", "happened_on": TODAY() + timedelta(days=1), "text": "Réunion"}
    page = client_of(ars).post(reverse("conciliation_entry", args=[conciliation.pk]), tomorrow)
    assert page.status_code == 422
    assert not conciliation.entries.exists()


def test_an_entry_is_withdrawn_by_its_author_with_a_reason(client_of, ars, cpam, between):
    conciliation = opened(ars, between)
    entry = conciliation.entries.create(happened_on=OPENED, text="Erreur", recorded_by=cpam)
    url = reverse("conciliation_withdraw", args=[conciliation.pk, "echange", entry.pk])
    assert client_of(ars).post(url, {"reason": "non"}).status_code == 403
    assert client_of(cpam).post(url, {"reason": " "}).status_code == 422
    assert client_of(cpam).post(url, {"reason": "mauvais projet"}).status_code == 302
    assert not conciliation.entries.exists()
    assert ConciliationEntry.history.first().history_change_reason == "mauvais projet"
    assert client_of(cpam).get(url).status_code == 404


def test_two_who_change_the_due_date_see_each_other(client_of, ars, cpam, between):
    conciliation = opened(ars, between, due_on=date(2026, 6, 1))
    url = reverse("conciliation_edit", args=[conciliation.pk])
    loaded = client_of(cpam).get(url).context["form"]["loaded"].value()
    said = {"subject": "", "loaded": loaded}
    assert client_of(ars).post(url, said | {"due_on": "2026-07-01"}).status_code == 302
    page = client_of(cpam).post(url, said | {"due_on": "2026-08-01"})
    assert page.status_code == 422
    assert "1er juillet 2026" in text(page)
    conciliation.refresh_from_db()
    assert conciliation.due_on == date(2026, 7, 1)


# Reading


def test_a_conciliation_with_another_region_tells_no_figure_of_it(client_of, ars, far, department, between):
    conciliation = opened(ars, between)
    elsewhere = ProjectFactory(name="CPTS Lointaine", lead_department=far)
    elsewhere.perimeter.set_zones(between.disputed, KNOWN)
    conciliation.projects.add(elsewhere)
    lonely = UserFactory(role=User.Role.OFFICER, departments=[far])
    page = text(client_of(lonely).get(conciliation.get_absolute_url()))
    assert "CPTS Première" in page
    assert "53\u202f000" not in page, "the population of a project of another region"
    assert "Hors de votre territoire" in page
    mine = text(client_of(ars).get(conciliation.get_absolute_url()))
    assert "53\u202f000" in mine


def test_out_of_scope_a_conciliation_does_not_exist(client_of, ars, far, between):
    conciliation = opened(ars, between)
    stranger = UserFactory(role=User.Role.OFFICER, departments=[far])
    assert client_of(stranger).get(conciliation.get_absolute_url()).status_code == 404
    assert client_of(stranger).get(reverse("conciliations")).context["paginator"].count == 0


def test_the_page_tells_situation_prior_and_the_outcomes_offered_first(client_of, ars, between):
    page = client_of(ars).get(opened(ars, between).get_absolute_url())
    told = text(page)
    assert "Situation 3" in told
    assert "ingénierie commencée le 3 mars 2025" in told
    ways = page.context["ways"]
    assert [bool(way.offers) for way in ways] == [True, True, True, False, False]
    assert "comité de suivi régional" in told


# List


def test_the_list_keeps_those_open_on_a_day(client_of, ars, between):
    conciliation = opened(ars, between, due_on=date(2026, 2, 1))
    client, url = client_of(ars), reverse("conciliations")

    def count(**asked) -> int:
        return client.get(url, asked).context["paginator"].count

    assert (count(), count(date="2026-01-11"), count(date="2026-01-12"), count(etat="closes")) == (1, 0, 1, 0)
    assert (count(retard="on"), count(retard="on", date="2026-02-01")) == (1, 0)
    assert count(departement=ars.departments.get().pk) == 1
    conciliation.until = date(2026, 3, 2)
    conciliation.save()
    assert (count(), count(etat="closes"), count(etat="toutes"), count(date="2026-03-01")) == (0, 1, 1, 1)
    assert count(etat="closes", date="2026-03-01") == 0


def test_the_list_is_a_file_too(client_of, ars, between):
    opened(ars, between)
    text = client_of(ars).get(reverse("conciliations"), {"format": "csv"}).content.decode("utf-8-sig")
    assert "CPTS Première / CPTS Seconde;99;2026-01-12;Situation 3;Est, Ouest;13000" in text


def test_a_bad_address_is_told(client_of, ars, between):
    assert client_of(ars).get(reverse("conciliations"), {"date": "hier"}).status_code == 400
    conciliation = opened(ars, between)
    for query in ("?scenario=99", f"?zone_{between.disputed[0].pk}=999"):
        assert client_of(ars).get(conciliation.get_absolute_url() + query).status_code == 400


@pytest.mark.parametrize("name", ["conciliations", "conciliation"])
def test_queries_do_not_grow_with_zones_or_rows(
    client_of, ars, department, between, name, django_assert_max_num_queries
):
    first = opened(ars, between)
    url = reverse(name, args=[first.pk] if name == "conciliation" else [])
    client = client_of(ars)
    client.get(url)
    with django_assert_max_num_queries(200) as few:
        client.get(url)
    for _ in range(4):
        more = quarrel(department)
        other = opened(ars, more)
        first.zones.add(*more.disputed)
        for day in (20, 21):
            first.entries.create(happened_on=date(2026, 1, day), text=f"{other}", recorded_by=ars)
    with django_assert_max_num_queries(len(few)):
        client.get(url)


# Marks


def test_what_falls_due_tells_the_due_date(ars, between):
    opened(ars, between, due_on=TODAY() - timedelta(days=2))
    (item,) = [due for due in due_items(ars, TODAY()) if "Conciliation" in due.what]
    assert item.what == "Conciliation avec CPTS Seconde"
    assert item.is_late


def test_once_closed_nothing_falls_due(ars, between):
    conciliation = opened(ars, between)
    conciliation.until = TODAY()
    conciliation.save()
    assert due_items(ars, TODAY()) == []


def test_the_list_of_projects_marks_and_filters_them_on_any_day(client_of, ars, between):
    ProjectFactory(name="CPTS Tranquille", lead_department=between.first.lead_department)
    opened(ars, between)
    client = client_of(ars)
    found = client.get(reverse("projects"), {"conciliation": "on"})
    assert {project.name for project in found.context["object_list"]} == {"CPTS Première", "CPTS Seconde"}
    assert text(found).count("cpts-conciliation") == 2
    before = client.get(reverse("projects"), {"conciliation": "on", "date": "2026-01-11"})
    assert len(before.context["object_list"]) == 0
    assert "cpts-conciliation" not in text(client.get(reverse("projects"), {"date": "2026-01-11"}))
    file = client.get(reverse("projects"), {"conciliation": "on", "colonnes": "conciliation", "format": "csv"})
    assert "CPTS Première;2026-01-12" in text(file)


def test_the_head_of_a_project_says_it(client_of, ars, between):
    conciliation = opened(ars, between)
    client = client_of(ars)
    for name in ("project", "project_funding"):
        page = text(client.get(reverse(name, args=[between.first.pk])))
        assert f'href="{conciliation.get_absolute_url()}"' in page
    before = text(client.get(reverse("project", args=[between.first.pk]), {"date": "2026-01-11"}))
    assert "cpts-conciliation" not in before


def test_the_photograph_counts_in_every_column_the_projects_in_conciliation(client_of, ars, between):
    ProjectFactory(lead_department=between.first.lead_department, stages=[(State.ENGINEERING, KNOWN)])
    opened(ars, between)
    client = client_of(ars)
    page = client.get(reverse("photograph"), {"date": "2026-01-12"})
    assert text(page).count("dont 1 en conciliation") == 4  # in both columns, their department and the total
    figures = [figure for figure in page.context["total"].figures if figure.in_conciliation]
    assert [(figure.count, figure.in_conciliation) for figure in figures] == [(2, 1), (1, 1)]
    lists = [client.get(figure.conciliation_url).context["object_list"] for figure in figures]
    assert [[project.name for project in rows] for rows in lists] == [["CPTS Première"], ["CPTS Seconde"]]
    earlier = text(client.get(reverse("photograph"), {"date": "2026-01-11"}))
    assert "en conciliation" not in earlier


def test_mon_travail_says_of_each_collision_whether_a_conciliation_is_open(client_of, ars, between):
    assert "cpts-conciliation" not in text(client_of(ars).get("/"))
    opened(ars, between)
    page = text(client_of(ars).get("/"))
    assert "ouverte le 12 janv. 2026" in page


def test_the_page_of_a_pair_opens_a_conciliation_or_leads_to_it(client_of, ars, reader, between):
    url = reverse("overlap_pair", args=between.keys)
    assert new_url(between) in text(client_of(ars).get(url))
    assert "Ouvrir une conciliation" not in text(client_of(reader).get(url))
    conciliation = opened(ars, between)
    page = text(client_of(ars).get(url))
    assert "Ouvrir une conciliation" not in page
    assert conciliation.get_absolute_url() in page
    assert conciliation.get_absolute_url() in text(client_of(ars).get(reverse("overlaps")))


def test_a_second_engineering_is_warned_of_with_the_conciliation(client_of, ars, between):
    conciliation = opened(ars, between)
    page = text(client_of(ars).get(reverse("grant_new", args=[between.second.pk])))
    assert "Ce serait une deuxième ingénierie" in page
    assert conciliation.get_absolute_url() in page


def test_the_territory_of_a_project_lists_its_conciliations(client_of, ars, between):
    conciliation = opened(ars, between)
    url = reverse("project_territory", args=[between.first.pk])
    assert conciliation.get_absolute_url() in text(client_of(ars).get(url))
    assert conciliation.get_absolute_url() not in text(client_of(ars).get(url, {"date": "2026-01-11"}))


def test_who_only_reads_finds_no_act(client_of, ars, reader, between):
    conciliation = opened(ars, between)
    page = text(client_of(reader).get(conciliation.get_absolute_url()))
    assert "Garder ce scénario" not in page
    for name in ("conciliation_edit", "conciliation_lapse"):
        assert client_of(reader).get(reverse(name, args=[conciliation.pk])).status_code == 403
    assert reader.institution.kind == Institution.Kind.URPS


def test_an_opposition_that_the_doctrine_offers_is_told_as_a_step_of_the_project(client_of, ars, department):
    between = quarrel(department, stages=[(State.INITIATIVE, KNOWN), (State.VALIDATED, date(2025, 9, 1))])
    page = client_of(ars).get(opened(ars, between).get_absolute_url())
    assert [offer.label for offer in page.context["steps"]] == ["Opposition"]
    assert "CPTS 2 postérieure sur le même territoire : opposition." in text(page)
    assert "Une étape, sur la fiche du projet" in text(page)
