"""What an import would do with each row, and that it does it: all or nothing, twice the same."""

import csv
from collections import defaultdict
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models.institution import Side
from projects.models import Opinion, PieceRequest, Project, Stage
from projects.spreadsheets.reading import UnreadableFile
from projects.spreadsheets.rows import Action
from projects.spreadsheets.writing import NotWritten
from projects.states import State
from projects.workflow import Step, take_step
from territories.models import FormerZone
from tests.acts import opposition, take
from tests.factories import UserFactory
from tests.projects.sheets import HEADERS, SAMPLES, STYLE_A_75, STYLE_A_93, planned, project_rows, written, xlsx

pytestmark = [pytest.mark.django_db, pytest.mark.alike, pytest.mark.usefixtures("geography")]

MONTREUIL = ["CPTS Montreuil", 93, "Montreuil", "PDS en cours"]


def truth(filename: str) -> dict[int, set[str]]:
    """The codes each row means, today's: some are written there with the codes of the former Seine department."""
    today = dict(FormerZone.objects.values_list("code", "successor__code"))
    codes: dict[int, set[str]] = defaultdict(set)
    with (SAMPLES / "truth.csv").open(encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            if line["file"] == filename and line["trap"] != "ligne_dupliquee":
                codes[int(line["row"])].add(today.get(line["insee_code"], line["insee_code"]))
    return codes


def actions(plan) -> list[str]:
    return [row.action for row in project_rows(plan)]


@pytest.mark.parametrize(("path", "created"), [(STYLE_A_75, 16), (STYLE_A_93, 24)])
def test_a_workbook_of_the_field_is_written_then_brings_nothing_new(path, created):
    content = path.read_bytes()
    plan = planned(content)
    assert (plan.counts["created"], plan.counts["refused"], plan.counts["proposed"]) == (created, 0, 0)
    assert not Project.objects.exists()
    written(content)
    assert Project.objects.count() == created
    again = written(content)
    assert again.counts["unchanged"] == created
    assert again.counts["updated"] == again.counts["created"] == 0
    assert Project.objects.count() == created


@pytest.mark.parametrize("path", [STYLE_A_75, STYLE_A_93])
def test_every_row_means_the_communes_that_people_mean(path):
    expected = truth(path.name)
    found = {row.row: set(row.insee_codes) for row in planned(path.read_bytes()).rows if row.row in expected}
    assert found == expected


def test_every_row_that_is_not_blank_is_in_the_plan():
    plan = planned(STYLE_A_75.read_bytes())
    assert [row.row for row in plan.rows] == [1, *range(3, 23), 24]
    twin = next(row for row in plan.rows if row.row == 20)
    assert (twin.action, twin.messages) == (Action.IGNORED, ["Identique à la ligne 19."])


def test_the_facts_of_a_row_become_a_project():
    headers = [
        "Nom du projet", "Département", "Communes", "Début de formalisation", "LI reçue le", "Porteur", "SIRET",
        "Référent ARS", "Contact", "Courriel", "Observations",
    ]  # fmt: skip
    officer = UserFactory(first_name="Inès", last_name="Carvalho", institution__kind="ars_delegation")
    written(
        xlsx(
            ["CPTS Est", 93, "Gagny, Coubron", "02/03/2020", "15/09/2024", "Association Est", "73282932000074",
             "Inès Carvalho", "Thuy Raffin", "thuy@est.example", "à relancer"],
            headers=headers,
            title="Suivi au 15/11/2026",
        )
    )  # fmt: skip
    project = Project.objects.get()
    assert [(s.state, s.since, s.until) for s in project.stages.all()] == [
        ("formalising", date(2020, 3, 2), date(2024, 9, 15)),
        ("letter_filed", date(2024, 9, 15), None),
    ]
    assert project.state == State.LETTER_FILED
    assert {zone.code for zone in project.perimeter.zones_on(date(2020, 3, 2))} == {"93032", "93015"}
    assert (project.promoter.name, project.promoter.siret) == ("Association Est", "73282932000074")
    assert project.assignments.get(side=Side.ARS).user == officer
    assert project.contacts.get().email == "thuy@est.example"
    assert project.notes.get().text == "à relancer"


def test_a_filing_plans_its_tacit_validation():
    written(xlsx(["CPTS Est", 93, "Gagny", "Déposé", "12/11/2026"]))
    silence = Stage.objects.get(origin=Stage.Origin.SILENCE)
    assert (silence.state, silence.since) == (State.VALIDATED, date(2027, 1, 13))


def test_a_known_project_is_updated_field_by_field():
    written(xlsx(MONTREUIL, title="au 01/06/2026"))
    plan = written(xlsx(["cpts montreuil", 93, "Montreuil, Bagnolet", "Déposé", "12/11/2026"], title="au 15/11/2026"))
    (row,) = project_rows(plan)
    assert row.action == Action.UPDATED
    assert {change.field: (change.old, change.new) for change in row.changes}["Projet déposé"] == ("", "12 nov. 2026")
    project = Project.objects.get()
    assert project.name == "CPTS Montreuil"
    assert [(s.state, s.since) for s in project.stages.all()][:2] == [
        ("engineering", date(2026, 6, 1)),
        ("filed", date(2026, 11, 12)),
    ]
    assert [len(project.perimeter.zones_on(day)) for day in (date(2026, 11, 14), date(2026, 11, 15))] == [1, 2]


def test_blank_cells_erase_nothing():
    written(xlsx([*MONTREUIL, "", ""]))
    plan = written(xlsx(["CPTS Montreuil", 93, "", "PDS en cours"]))
    assert actions(plan) == [Action.UNCHANGED]
    assert Project.objects.get().perimeter.memberships.filter(until=None).count() == 1


def test_an_undated_status_does_not_move_with_each_new_picture():
    written(xlsx(MONTREUIL, title="au 01/06/2026"))
    assert actions(written(xlsx(MONTREUIL, title="au 15/11/2026"))) == [Action.UNCHANGED]
    assert Project.objects.get().stages.get().since == date(2026, 6, 1)


def test_steps_recorded_in_the_application_are_not_overwritten():
    written(xlsx(["CPTS Montreuil", 93, "Montreuil", "LI reçue"], title="au 01/06/2026"))
    user = UserFactory(role="manager", institution__kind="ars_headquarters")
    take(user, Project.objects.get(), "validate_letter", date(2026, 9, 1))
    older = xlsx(["CPTS Montreuil", 93, "Montreuil", "LI reçue"], title="au 01/06/2026")
    assert actions(planned(older)) == [Action.UNCHANGED]
    (row,) = project_rows(planned(xlsx(["CPTS Montreuil", 93, "Montreuil", "Déposé", "12/11/2026"])))
    assert row.action == Action.REFUSED
    assert "Des étapes ont été enregistrées dans l'application" in row.messages[0]
    assert "« Annuler la dernière étape »" in row.messages[0]
    assert "« Dépôt PDS » (12 novembre 2026)" in row.messages[0]


def test_acts_recorded_on_an_imported_stage_are_not_overwritten(ars):
    written(xlsx(["CPTS Montreuil", 93, "Montreuil", "LI reçue"], title="au 01/06/2026"))
    stage = Project.objects.get().stages.last()
    Opinion.objects.create(stage=stage, side=ars.side, verdict="favourable", given_on=stage.since, recorded_by=ars)
    (row,) = project_rows(planned(xlsx(["CPTS Montreuil", 93, "Montreuil", "Déposé", "12/11/2026"])))
    assert row.action == Action.REFUSED
    assert "Des étapes ont été enregistrées dans l'application" in row.messages[0]


def test_no_date_is_told_of_a_filing_whose_pieces_move_the_clock(ars):
    """A file knows nothing of the pieces: counted from it alone, silence would have validated on 2 October."""
    headers = [*HEADERS[:5], "Opposition le"]
    filed = ["CPTS Est", 93, "Gagny", "Déposé", "01/08/2026", ""]
    written(xlsx(filed, headers=headers), today=date(2026, 8, 5))
    filing = Project.objects.get().last_filing()
    asked = {"pieces": "Statuts", "is_indispensable": True, "asked_on": date(2026, 8, 20)}
    request = PieceRequest.objects.create(filing=filing, **asked, recorded_by=ars)
    opposed = [*filed[:3], "Opposition", "01/08/2026", "15/11/2026"]
    for received_on in (None, date(2026, 9, 25)):
        request.received_on = received_on
        request.save()
        (row,) = project_rows(planned(xlsx(filed, headers=headers)))
        assert (row.action, row.messages) == (Action.UNCHANGED, [])
        (row,) = project_rows(planned(xlsx(opposed, headers=headers)))
        assert row.action == Action.REFUSED
        assert "« Opposition le » (15 novembre 2026)" in row.messages[0]
        assert "réputé validé" not in " ".join(row.messages)
        assert "délai" not in " ".join(row.messages)


def test_what_is_told_about_a_stage_is_told_of_the_one_that_an_import_puts_in_its_place():
    written(xlsx(["CPTS Montreuil", 93, "Montreuil", "LI reçue"], title="au 01/06/2026"))
    project = Project.objects.get()
    said = {"kind": "call", "happened_on": date(2026, 6, 2), "text": "Appel"}
    line = project.journal.create(stage=project.stages.last(), **said)
    later = ["CPTS Montreuil", 93, "Montreuil", "Ingénierie en cours"]
    written(xlsx(later, title="au 01/09/2026"))
    line.refresh_from_db()
    assert [stage.state for stage in project.stages.all()] == ["letter_filed", "engineering"]
    assert line.stage == project.stages.first()


def test_an_unchanged_row_says_nothing_of_what_the_application_knows_better():
    headers = [*HEADERS[:5], "Opposition le"]
    filed = ["CPTS Est", 93, "Gagny", "Déposé", "15/06/2026", ""]
    written(xlsx(filed, headers=headers))
    manager = UserFactory(role="manager", institution__kind="ars_headquarters")
    pk = Project.objects.get().pk
    take_step(manager, pk, Step("oppose", date(2026, 8, 1), details=opposition()))
    (row,) = project_rows(planned(xlsx(filed, headers=headers)))
    assert (row.action, row.messages) == (Action.UNCHANGED, [])
    take_step(manager, pk, Step("file_health_project", date(2026, 10, 1)))
    both = xlsx(["CPTS Est", 93, "", "Déposé", "01/10/2026", "01/08/2026"], headers=headers)
    (row,) = project_rows(planned(both))  # the application knows both filings
    assert (row.action, row.messages) == (Action.UNCHANGED, [])


def test_a_status_is_compared_with_what_is_true_not_with_what_has_been():
    headers = ["Nom du projet", "Département", "Statut"]
    written(xlsx(["CPTS Est", 93, "PDS en cours"], headers=headers, title="au 01/06/2026"))
    manager, pk = UserFactory(role="manager", institution__kind="ars_headquarters"), Project.objects.get().pk
    take_step(manager, pk, Step("abandon", date(2026, 7, 1), "plus personne"))
    take_step(manager, pk, Step("resume", date(2026, 9, 1), "le collectif revient"))
    (row,) = project_rows(planned(xlsx(["CPTS Est", 93, "Abandonné"], headers=headers)))
    assert row.action == Action.REFUSED
    assert "statut « Abandonné »" in row.messages[0]
    assert actions(planned(xlsx(["CPTS Est", 93, "PDS en cours"], headers=headers))) == [Action.UNCHANGED]


def test_silence_does_not_contradict_a_file_that_still_says_filed():
    headers = ["Nom du projet", "Département", "Statut", "Date validation PDS"]
    written(xlsx(["CPTS Est", 93, "PDS en cours", ""], headers=headers, title="au 01/06/2026"))
    manager = UserFactory(role="manager", institution__kind="ars_headquarters")
    take_step(manager, Project.objects.get().pk, Step("file_health_project", date(2026, 8, 1)))
    assert actions(planned(xlsx(["CPTS Est", 93, "Déposé", ""], headers=headers))) == [Action.UNCHANGED]
    assert actions(planned(xlsx(["CPTS Est", 93, "", "15/10/2026"], headers=headers))) == [Action.UNCHANGED]


def test_a_wrong_status_is_corrected_by_the_next_file():
    written(xlsx(["CPTS Est", 93, "Gagny", "ACI signé"], title="au 15/11/2026"))
    corrected = xlsx(["CPTS Est", 93, "Gagny", "PDS en cours"], title="au 15/11/2026")
    assert actions(written(corrected)) == [Action.UPDATED]
    project = Project.objects.get()
    assert [(s.state, s.since) for s in project.stages.all()] == [("engineering", date(2026, 11, 15))]
    assert Stage.history.filter(state="aci_signed", history_type="-").exists()
    assert actions(planned(corrected)) == [Action.UNCHANGED]


@pytest.mark.parametrize(("said", "day", "action"), [
    ("non", "12/03/2025", Action.REFUSED), ("non", "12/03/2030", Action.CREATED), ("oui", "12/03/2025", Action.CREATED),
    ("non", "", Action.CREATED),
])  # fmt: skip
def test_a_contract_said_unsigned_has_no_day_of_signature(said, day, action):
    headers = ["Nom du projet", "Département", "ACI signé", "Date signature ACI"]
    (row,) = project_rows(planned(xlsx(["CPTS Est", 93, said, day], headers=headers)))
    assert row.action == action
    if action == Action.REFUSED:
        assert row.messages[0].startswith("« ACI signé » dit non, mais le projet est dit à l'état « ACI signé »")


def test_a_refused_row_tells_its_errors_only():
    headers = [*HEADERS[:5], "Date validation PDS", "Date signature ACI"]

    def told(*cells: str) -> list[str]:
        (row,) = project_rows(planned(xlsx(["CPTS Est", 93, "Gagny", *cells], headers=headers)))
        assert row.action == Action.REFUSED
        return row.messages

    assert len(told("", "31/02/2026", "", "")) == 1  # not also « Ni date ni statut »
    assert len(told("ACI signé", "", "", "31/02/2026")) == 1  # not also « état constaté »
    assert len(told("Déposé", "31/02/2026", "", "")) == 1  # not also « indiquez la date de dépôt »
    assert len(told("", "15/05/2023", "01/09/2023", "01/08/2023")) == 1  # not also « ignorée »


def test_a_near_name_is_only_proposed():
    written(xlsx(["CPTS Villejuif – Bicêtre", 94, "Villejuif", "LI reçue"]))
    content = xlsx(["CPTS Villejuif Bicêtr", 94, "Villejuif, Cachan", "LI reçue"])
    assert actions(written(content)) == [Action.PROPOSED]
    assert Project.objects.get().perimeter.memberships.count() == 1
    written(content, accept=lambda row: True)
    assert Project.objects.get().perimeter.memberships.count() == 2
    assert actions(planned(content)) == [Action.UNCHANGED]


def test_a_misspelt_commune_is_only_proposed():
    content = xlsx(["CPTS Est", 93, "Montfermeill", "LI reçue"])
    (row,) = project_rows(planned(content))
    assert (row.action, row.insee_codes) == (Action.PROPOSED, ["93047"])
    written(content)
    assert not Project.objects.exists()


def test_all_the_errors_of_a_row_come_at_once():
    (row,) = project_rows(planned(xlsx(["CPTS Est", 93, "Trifouillis", "machin", "12/03/1900"])))
    assert row.action == Action.REFUSED
    assert len(row.messages) >= 3
    assert any("Trifouillis" in message for message in row.messages)
    assert any("machin" in message for message in row.messages)
    assert any("1900" in message for message in row.messages)


@pytest.mark.parametrize(("row", "reason"), [
    (["CPTS Est", "998", "Gagny", "LI reçue"], "n'est pas un département connu"),
    (["CPTS Est", 93, "Gagny", "ACI signé", "", "en cours"], "n'est pas encore une date"),
    (["CPTS Est", 93, "Gagny", "LI reçue", "", "31/02/2024"], "n'existe pas"),
    (["", 93, "Gagny", "LI reçue"], "nom du projet manque"),
])  # fmt: skip
def test_what_cannot_be_understood_is_refused_with_its_reason(row, reason):
    refused = planned(xlsx(row)).of(Action.REFUSED)
    assert reason in " ".join(refused[0].messages)


def test_two_rows_that_disagree_about_one_project_are_refused():
    rows = (["CPTS Est", 93, "Gagny", "LI reçue"], ["CPTS Est", 93, "Coubron", "LI validée"])
    first, second = project_rows(planned(xlsx(*rows)))
    assert first.action == second.action == Action.REFUSED
    assert "ligne 4, avec d'autres données : communes, statut" in first.messages[0]
    assert "ligne 3" in second.messages[0]


def test_a_department_may_come_from_the_choice_or_the_title():
    row, headers = ["CPTS Est", "Gagny"], ["Nom du projet", "Communes"]
    assert "département manque" in project_rows(planned(xlsx(row, headers=headers)))[0].messages[0]
    assert actions(planned(xlsx(row, headers=headers), department="93")) == [Action.CREATED]
    assert actions(planned(xlsx(row, headers=headers, title="Délégation départementale 93"))) == [Action.CREATED]


def test_a_row_of_another_department_than_the_users_is_refused():
    user = UserFactory(role="administrator", departments=["94"], institution__kind="ars_delegation")
    (row,) = project_rows(planned(xlsx(MONTREUIL), user=user))
    assert row.action == Action.REFUSED
    assert "pas l'un des vôtres" in row.messages[0]


def test_communes_of_another_department_make_it_reach_there():
    headers = ["Nom du projet", "Département", "Autres départements", "Communes"]
    written(xlsx(["CPTS Gonesse", 95, "93", "Gonesse, Dugny"], headers=headers))
    assert Project.objects.get().department_codes() == {"95", "93"}


def test_a_refused_row_keeps_the_whole_file_out_unless_it_is_left_aside():
    content = xlsx(MONTREUIL, ["CPTS Est", 93, "Trifouillis", "LI reçue"])
    with pytest.raises(NotWritten, match="Une ligne est refusée"):
        written(content)
    assert not Project.objects.exists()
    written(content, skip_refused=True)
    assert [project.name for project in Project.objects.all()] == ["CPTS Montreuil"]


def test_a_row_that_fails_while_it_is_written_takes_the_whole_file_back():
    written(xlsx(["CPTS Ouest", 93, "Gagny", "LI reçue"]))
    Project.objects.update(finess="not a no.")
    with pytest.raises(NotWritten, match=r"Ligne 4 \(CPTS Ouest\)"):
        written(xlsx(MONTREUIL, ["CPTS Ouest", 93, "Bondy", "LI reçue"]))
    assert Project.objects.count() == 1


@pytest.mark.parametrize(("column", "value", "told"), [
    ("Nom du projet", "CPTS " + "a" * 146, "Nom du projet : Assurez-vous que cette valeur comporte au plus 150"),
    ("Porteur", "a" * 201, "Porteur : Assurez-vous que cette valeur comporte au plus 200"),
    ("Référent ARS", "a" * 151, "Référent ARS : Assurez-vous que cette valeur comporte au plus 150"),
    ("Contact", "a" * 151, "Contact : Assurez-vous que cette valeur comporte au plus 150"),
    ("Téléphone", "0" * 31, "Téléphone : Assurez-vous que cette valeur comporte au plus 30"),
    ("RNA", "W931012345", "Une association de droit local n'a pas de numéro RNA."),
])  # fmt: skip
def test_what_the_models_refuse_is_told_at_review(column, value, told):
    row = {"Nom du projet": "CPTS Est", "Département": 93, "Porteur": "Association Est", "Dépôt PDS": "12/03/1900"}
    row |= {"Forme juridique": "association de droit local", column: value}
    (refused,) = planned(xlsx([*row.values()], headers=[*row])).of(Action.REFUSED)
    assert any(message.startswith(told) for message in refused.messages)
    assert any("1900" in message for message in refused.messages)


def test_the_promoter_is_judged_as_it_would_be_written():
    headers = ["Nom du projet", "Département", "Porteur", "Forme juridique", "RNA"]
    written(xlsx(["CPTS Est", 93, "Association Est", "association de droit local", ""], headers=headers))
    (row,) = planned(xlsx(["CPTS Est", 93, "", "", "W931012345"], headers=headers)).of(Action.REFUSED)
    assert "droit local" in row.messages[0]
    assert actions(planned(xlsx(["CPTS Est", 93, "Association neuve", "", "W931012345"], headers=headers))) == [
        Action.UPDATED
    ]


def test_what_is_confirmed_must_be_what_was_shown():
    content = xlsx(MONTREUIL)
    shown = planned(content).digest
    written(content)
    with pytest.raises(NotWritten, match="ont changé"):
        written(content, shown=shown)


def test_the_queries_of_a_plan_do_not_grow_with_its_rows():
    def count(rows: int) -> int:
        content = xlsx(*(["CPTS Est " + chr(65 + n), 93, "Gagny", "LI reçue"] for n in range(rows)))
        written(content)
        with CaptureQueriesContext(connection) as queries:
            planned(content)
        return len(queries)

    assert count(2) == count(20)


def test_a_number_of_one_project_and_the_name_of_another_are_refused():
    headers = ["Nom du projet", "Département", "N° FINESS", "Statut"]
    written(xlsx(["CPTS Est", 93, "930000005", "LI reçue"], ["CPTS Ouest", 93, "", "LI reçue"], headers=headers))
    assert Project.objects.get(name="CPTS Est").finess == "930000005"
    (row,) = project_rows(planned(xlsx(["CPTS Ouest", 93, "930000005", "LI reçue"], headers=headers)))
    assert row.action == Action.REFUSED
    renamed = ["CPTS du Levant", 93, "930000005", "LI reçue"]
    first, second = project_rows(planned(xlsx(renamed, ["CPTS Est", 93, "", "LI reçue"], headers=headers)))
    assert (first.action, second.action) == (Action.REFUSED, Action.REFUSED)
    assert "ligne 4" in first.messages[0]
    assert "ligne 3" in second.messages[0]


def test_a_number_of_another_department_is_no_way_to_take_its_project_over():
    headers = ["Nom du projet", "Département", "N° FINESS", "Statut"]
    written(xlsx(["CPTS Est", 93, "930000005", "LI reçue"], headers=headers))
    content = xlsx(["CPTS Autre", 94, "930000005", "LI reçue"], headers=headers)
    (row,) = project_rows(planned(content))
    assert (row.action, row.existing) == (Action.REFUSED, None)
    assert row.messages[0] == "Ce numéro FINESS est celui de « CPTS Est », du département 93."
    user = UserFactory(role="administrator", departments=["94"], institution__kind="ars_delegation")
    (row,) = project_rows(planned(content, user=user))
    assert "CPTS Est" not in row.messages[0]


def test_one_number_under_two_names_refuses_both_rows():
    headers = ["Nom du projet", "Département", "N° FINESS", "Statut"]
    rows = (["CPTS Est", 93, "930000005", "LI reçue"], ["CPTS Ouest", 93, "930000005", "LI reçue"])
    first, second = project_rows(planned(xlsx(*rows, headers=headers)))
    assert first.action == second.action == Action.REFUSED
    assert "ligne 4 (CPTS Ouest)" in first.messages[0]


def test_a_cell_in_error_is_told_once():
    headers = ["Nom du projet", "Département", "Communes", "Statut", "Dépôt PDS", "Date de dépôt"]
    (row,) = planned(xlsx(["CPTS Est", 93, "Gagny", "Déposé", "#REF!", ""], headers=headers)).of(Action.REFUSED)
    assert len(row.messages) == 1
    assert row.messages[0].startswith("Dépôt PDS : ")


def test_a_table_of_one_row_per_commune_is_refused_whole():
    rows = [["CPTS Est", 93, zone, "LI reçue"] for zone in ("Gagny", "Coubron", "Bondy", "Montfermeil")]
    with pytest.raises(UnreadableFile, match="une ligne par commune"):
        written(xlsx(*rows), skip_refused=True)
    assert not Project.objects.exists()


def test_a_twin_of_a_row_in_error_is_refused_too():
    rows = (["CPTS Est", 93, "Trifouillis", "LI reçue"], ["CPTS Est", 93, "Gagny", "LI reçue"])
    first, second = project_rows(planned(xlsx(*rows)))
    assert first.action == second.action == Action.REFUSED
    assert "Même projet que la ligne 3" in second.messages[0]


def test_near_names_inside_a_file_are_only_proposed():
    names = ("CPTS Villejuif – Bicêtre", "C.P.T.S. Villejuif-Bicêtre", "CPTS Villejuif Bicêtr")
    content = xlsx(*([name, 94, "Villejuif", "LI reçue"] for name in names))
    first, second, third = project_rows(planned(content))
    assert (first.action, second.action, third.action) == (Action.CREATED, Action.IGNORED, Action.PROPOSED)
    assert "« CPTS Villejuif – Bicêtre » (ligne 3)" in third.messages[0]
    written(content)
    assert Project.objects.count() == 1


def test_a_name_near_that_of_a_row_for_a_known_project_is_only_proposed():
    written(xlsx(["CPTS Villejuif – Bicêtre", 94, "Villejuif", "LI reçue"]))
    rows = (["CPTS Villejuif – Bicêtre", 94, "", "LI reçue"], ["CPTS Villejuif Bicêtr", 94, "", "LI reçue"])
    assert actions(planned(xlsx(*rows))) == [Action.UNCHANGED, Action.PROPOSED]
