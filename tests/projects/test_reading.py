"""Whole sheets: where the table starts, what its columns are, which rows are projects."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.spreadsheets.opening import open_workbook
from projects.spreadsheets.reading import (
    CellError,
    Field,
    NoHeaderFound,
    NotYet,
    Reading,
    Sheet,
    UnreadableFile,
    read_date,
    read_finess,
    read_number,
    read_status,
    read_workbook,
)

DATA = Path(__file__).parents[1] / "data" / "spreadsheets"
SUIVI = ["Suivi CPTS 75.xlsx", "listing_CPTS_93_112026.xlsx"]
PLAUSIBLE_HEADER = (
    "Département;Nom du projet;Porteur;Statut;Date LI;Date validation LI;Financement ingénierie;Date dépôt PS;"
    "Date limite;Décision;Date décision;Date signature ACI;Taille;Population;Communes;N° FINESS;Référent ARS;"
    "Référent CPAM;Observations"
)


def reading_of(name: str) -> Reading:
    return read_workbook(open_workbook((DATA / name).read_bytes(), name))


def read(*rows: list) -> Reading:
    return read_workbook([Sheet("Feuil1", list(rows))])


def test_a_department_table_under_its_title_and_groups():
    reading = reading_of("Suivi CPTS 75.xlsx")
    assert (reading.sheet, reading.header_row) == ("Suivi 75", 4)
    assert reading.columns == {
        Field.NAME: "Nom de la CPTS",
        Field.FINESS: "N° FINESS",
        Field.DEPARTMENT: "Dpt",
        Field.ZONES: "Communes du territoire",
        Field.ZONE_COUNT: "Nb communes",
        Field.POPULATION: "Population (INSEE)",
        Field.STATUS: "Statut",
        Field.LETTER_RECEIVED_ON: "LI reçue le",
        Field.VALIDATED_ON: "Date validation PDS",
        Field.ACI_SIGNED_ON: "Date signature ACI",
        Field.ACI_SIGNED: "ACI signé ?",
        Field.NOTES: "Commentaires",
    }
    assert (reading.as_of, reading.department_hint) == (date(2026, 11, 15), "75")
    assert reading.unknown_columns == reading.duplicate_columns == reading.other_sheets == []


def test_every_row_that_is_not_blank_is_told_with_its_place():
    reading = reading_of("Suivi CPTS 75.xlsx")
    assert {row.number: row.ignored for row in reading.rows if row.ignored} == {
        1: "Titre ou texte au-dessus du tableau.",
        3: "Titre ou texte au-dessus du tableau.",
        4: "En-têtes du tableau.",
        22: "Ligne de total.",
        24: "Note sous le tableau.",
    }
    projects = [row for row in reading.rows if not row.ignored]
    assert [row.number for row in projects] == list(range(5, 22))
    assert projects[0].text(Field.NAME) == "CPTS Soins Paris 12e"
    assert projects[0].text(Field.PROMOTER) == ""


@pytest.mark.parametrize("name", SUIVI)
def test_every_cell_of_the_department_tables_is_understood(name):
    for row in reading_of(name).rows:
        if row.ignored:
            continue
        assert read_status(row.cells[Field.STATUS])
        assert read_number(row.cells[Field.POPULATION])
        read_finess(row.cells.get(Field.FINESS, ""))
        days = [read_date(row.cells.get(field, "")) for field in Field if field.name.endswith("_ON")]
        assert all(day is None or isinstance(day, date | NotYet) for day in days)


@pytest.mark.parametrize(
    ("name", "sheet", "header", "projects", "fields", "hint"),
    [
        (
            "listing_CPTS_01_112026.xlsx",
            "liste CPTS 2026",
            2,
            426,
            {Field.NAME, Field.ZONES, Field.ACI_SIGNED_ON},
            None,
        ),
        ("CPTS_dpt08_VF.xlsx", "CPTS", 2, 422, {Field.NAME, Field.ZONES, Field.ZONE_CODES, Field.DEPARTMENT}, None),
        ("CPTS_dpt13_VF.xlsx", "Feuil1", 2, 132, {Field.NAME, Field.ZONES, Field.DEPARTMENT}, None),
        ("Suivi CPTS 2A.xlsx", "Suivi 2A", 2, 116, {Field.NAME, Field.ZONES, Field.CONTACT_EMAIL}, "2A"),
    ],
)
def test_listings_of_one_row_per_commune_are_found_too(name, sheet, header, projects, fields, hint):
    reading = reading_of(name)
    assert (reading.sheet, reading.header_row, reading.department_hint) == (sheet, header, hint)
    assert sum(not row.ignored for row in reading.rows) == projects
    assert fields <= set(reading.columns)


def test_a_plausible_header_and_what_is_left_aside():
    reading = read([], PLAUSIBLE_HEADER.split(";"), [75, "CPTS Paris 13", "Association"])
    assert reading.header_row == 2
    assert reading.unknown_columns == ["Financement ingénierie", "Date limite", "Décision", "Date décision", "Taille"]
    assert len(reading.columns) == len(PLAUSIBLE_HEADER.split(";")) - 5
    assert reading.rows[-1].cells == {
        Field.DEPARTMENT: 75,
        Field.NAME: "CPTS Paris 13",
        Field.PROMOTER: "Association",
    }


def test_a_header_on_two_levels():
    reading = read(
        ["Suivi"],
        ["Nom de la CPTS", "Lettre d'intention", "", "Projet de santé", "", "Statut", "ACI"],
        ["", "reçue le", "validée le", "déposé le", "validé le", "", "Date"],
        ["CPTS A", 1, 2, 3, 4, "LI", 6],
    )
    assert reading.header_row == 3
    assert reading.rows[-1].cells == {
        Field.NAME: "CPTS A",
        Field.LETTER_RECEIVED_ON: 1,
        Field.LETTER_VALIDATED_ON: 2,
        Field.FILED_ON: 3,
        Field.VALIDATED_ON: 4,
        Field.STATUS: "LI",
        Field.ACI_SIGNED_ON: 6,
    }


def test_of_two_columns_alike_the_one_that_is_filled_is_read():
    reading = read(
        ["Nom", "Statut", "Avancement", "Observations", "Commentaires"],
        ["CPTS A", "LI", "", "vu", "revu"],
        ["CPTS B", "NC", "ACI"],
        ["CPTS C", "ACI signé", "aci signé"],
    )
    assert reading.duplicate_columns == ["Avancement", "Commentaires"]
    assert [row.cells[Field.STATUS] for row in reading.rows[1:]] == ["LI", "ACI", "ACI signé"]
    assert reading.rows[1].cells[Field.NOTES] == "vu"
    assert all(row.unread == {} for row in reading.rows)


def test_two_columns_alike_that_contradict_each_other_are_not_chosen_between():
    row = read(["Nom", "Statut", "Avancement"], ["CPTS A", "LI", "ACI"]).rows[1]
    assert row.unread == {
        Field.STATUS: "« Statut » dit « LI », mais « Avancement » dit « ACI » : gardez ce qui est vrai."
    }
    assert row.cells == {Field.NAME: "CPTS A"}


def test_cells_in_error_or_beyond_measure_are_told():
    header = ["Nom", "Statut", "Communes", "N° FINESS", "Population", "Observations"]
    row = read(header, ["CPTS A", "#REF!", "#N/A", "#SANS VALEUR!", "#N/A", "x" * 6000]).rows[1]
    assert {each: told.partition(" : ")[0] for each, told in row.unread.items()} == {
        Field.STATUS: "la cellule contient une erreur de tableur (#REF!)",
        Field.ZONES: "la cellule contient une erreur de tableur (#N/A)",
        Field.FINESS: "formule sans valeur enregistrée",
    }
    assert row.cells == {Field.NAME: "CPTS A", Field.POPULATION: "#N/A", Field.NOTES: "x" * 6000}
    (huge,) = read(header, ["CPTS A", "", "Bondy " * 40_000]).rows[1].unread.values()
    assert "plus de 5000 caractères" in huge
    (hidden,) = [row for row in read(header, ["#REF!"]).rows if not row.ignored]
    assert set(hidden.unread) == {Field.NAME}


def test_a_huge_cell_above_the_table_is_no_title():
    assert read(["au 15/11/2026 " * 20_000], ["(" * 200_000], ["Nom", "Statut"], ["CPTS A", "LI"]).as_of is None


@pytest.mark.parametrize(
    ("title", "day"),
    [
        ("Suivi des CPTS au 15/11/2026", date(2026, 11, 15)),
        ("État au 1er août 2026 (ARS)", date(2026, 8, 1)),
        ("accord du 20 juin 2019 (ACI), mise à jour novembre 2026", date(2026, 11, 30)),
        ("Mise à jour du 15.11.26", date(2026, 11, 15)),
        ("comité du 12/03/2025, extraction du 15/11/2026", date(2026, 11, 15)),
        ("période du 01/01/2025 au 31/12/2025, à la date du 02/02/2026", date(2026, 2, 2)),
        ("accord du 20 juin 2019", None),
        ("Comité le 12/03/2025", None),
        ("Mise à jour 2026", None),
        ("au 31/02/2026", None),
        ("au 12 CPTS", None),
    ],
)
def test_the_day_a_title_pictures(title, day):
    assert read([title], ["Nom", "Statut"], ["CPTS A", "LI"]).as_of == day


def test_a_day_in_the_cell_beside_its_words():
    assert read(["Situation au", date(2026, 11, 15)], ["Nom", "Statut"], ["CPTS A", "LI"]).as_of == date(2026, 11, 15)


@pytest.mark.parametrize(
    "name", ["listing_CPTS_01_112026.xlsx", "CPTS_dpt08_VF.xlsx", "CPTS_dpt13_VF.xlsx", "Suivi CPTS 2A.xlsx"]
)
def test_tables_of_one_row_per_commune_are_recognised(name):
    assert reading_of(name).is_one_row_per_commune


@pytest.mark.parametrize("name", SUIVI)
def test_tables_of_one_row_per_project_are_not_taken_for_them(name):
    assert not reading_of(name).is_one_row_per_commune


def test_a_small_table_whose_names_are_merged_has_one_row_per_commune():
    header = ["Nom", "Territoire CPTS", "Statut"]
    assert read(header, ["CPTS A", "Bondy", "ACI"], ["", "Pantin", ""], ["", "Bobigny", ""]).is_one_row_per_commune
    again = read(header, ["CPTS A", "Bondy", "ACI"], ["CPTS A", "Pantin", "ACI"], ["CPTS A", "Bobigny", "ACI"])
    assert again.is_one_row_per_commune
    repeated = read(header, *[["CPTS A", "Bondy", "ACI"]] * 3)
    assert not repeated.is_one_row_per_commune
    listed = read(header, *[["CPTS A", f"Bondy, Pantin {n}", "ACI"] for n in range(3)])
    assert not listed.is_one_row_per_commune


def test_codes_stand_for_the_communes_where_there_are_no_names():
    reading = read(["Nom", "Codes INSEE"], ["CPTS A", "93001, 93055"])
    assert reading.rows[1].cells[Field.ZONES] == "93001, 93055"


def test_rows_that_are_no_projects():
    header = ["Nom", "Statut", "Taille"]
    reading = read(
        header,
        ["CPTS A", "LI"],
        [],
        header,
        ["Sous-total", "", 3],
        ["", "", "vu"],
        ["Source : ARS"],
        ["CPTS B"],
        ["CPTS Totale", "LI"],
    )
    assert [(row.number, row.ignored) for row in reading.rows[1:]] == [
        (2, ""),
        (4, "En-têtes répétés."),
        (5, "Ligne de total."),
        (6, "Aucune des colonnes reconnues n'est remplie."),
        (7, "Note sous le tableau."),
        (8, ""),
        (9, ""),
    ]


def test_legends_are_passed_over_and_other_tables_are_told():
    legend = Sheet("Légende", [["LI", "lettre d'intention"], ["ACI", "accord conventionnel"]])
    old = Sheet("2019", [["Nom", "Statut"], ["CPTS A", "LI"]])
    table = Sheet("2026", [["Nom", "Statut", "Communes"], ["CPTS A", "ACI", "Pantin"]])
    reading = read_workbook([legend, old, table])
    assert (reading.sheet, reading.other_sheets) == ("2026", ["2019"])


def test_a_hidden_sheet_is_never_read_where_a_visible_one_has_a_table():
    old = Sheet("Archive", [["Nom", "Statut", "Communes"], ["CPTS A", "LI", "Pantin"]], is_visible=False)
    table = Sheet("2026", [["Nom", "Statut"], ["CPTS A", "ACI"]])
    reading = read_workbook([old, table])
    assert (reading.sheet, reading.other_sheets) == ("2026", ["Archive (masquée)"])
    assert read_workbook([old]).sheet == "Archive"


def test_two_visible_tables_are_both_told():
    table = [["Nom", "Statut"], ["CPTS A", "ACI"]]
    reading = read_workbook([Sheet("93 nord", table), Sheet("93 sud", table)])
    assert (reading.sheet, reading.other_sheets) == ("93 nord", ["93 sud"])


def test_the_department_is_told_only_when_there_is_no_doubt():
    table = [["Nom", "Statut"], ["CPTS A", "LI"]]
    departments = {"59": "Nord", "75": "Paris", "93": "Seine-Saint-Denis", "94": "Val-de-Marne"}

    def hint(title: str) -> str | None:
        return read_workbook([Sheet("Feuil1", [[title], *table])], departments).department_hint

    assert hint("Suivi du département de la Seine Saint-Denis") == "93"
    assert hint("Délégation départementale 94") == "94"
    assert hint("Délégations de la Seine-Saint-Denis et du Val-de-Marne") is None
    assert hint("Délégation départementale de Paris") == "75"
    assert hint("Suivi des CPTS du secteur nord") is None
    assert hint("Suivi des 12 CPTS") is None


@pytest.mark.parametrize("rows", [[["a", "b"]], [["Nom", "Prénom"]], [["Statut", "Communes"]], [[1, date(2020, 1, 1)]]])
def test_no_header_tells_which_columns_are_expected(rows):
    with pytest.raises(NoHeaderFound) as raised:
        read(*rows)
    assert "« Nom du projet »" in raised.value.message_fr
    assert "« Date de signature de l'ACI »" in raised.value.message_fr


CELLS = st.sampled_from(["", "Nom", "CPTS", "Statut", "Date LI", "Total", "* note", "au 99/99/2020"]) | st.text(
    max_size=10
) | st.integers() | st.floats() | st.dates()  # fmt: skip


@given(st.lists(st.lists(CELLS, max_size=6), max_size=12))
def test_any_sheet_is_read_or_refused(rows):
    try:
        reading = read_workbook([Sheet("x", rows)])
    except UnreadableFile:
        return
    assert [row.number for row in reading.rows] == [
        place for place, row in enumerate(rows, start=1) if any(cell != "" for cell in row)
    ]


def test_refusals_are_of_one_kind():
    assert issubclass(NoHeaderFound, UnreadableFile)
    assert issubclass(CellError, ValueError)
