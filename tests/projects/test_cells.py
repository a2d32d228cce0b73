"""One cell at a time: dates, states, numbers and identifiers as departments write them."""

from contextlib import suppress
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.spreadsheets.columns import FIELD_OF_KEY, SYNONYMS, Field, field_of, header_key
from projects.spreadsheets.dates import NOT_YET, MonthDate, YearDate
from projects.spreadsheets.reading import (
    CellError,
    read_boolean,
    read_date,
    read_department_code,
    read_department_codes,
    read_finess,
    read_number,
    read_rna,
    read_siret,
    read_status,
    split_zones,
)
from projects.spreadsheets.statuses import PHRASES, STATE_OF_PHRASE, status_key

DEPARTMENTS = {"01": "Ain", "2A": "Corse-du-Sud", "75": "Paris", "93": "Seine-Saint-Denis", "94": "Val-de-Marne",
               "971": "Guadeloupe"}  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        (date(2023, 6, 24), date(2023, 6, 24)),
        (datetime(2023, 6, 24, 10, 30), date(2023, 6, 24)),  # noqa: DTZ001 - spreadsheets know no time zone
        (45159, date(2023, 8, 21)),
        ("45159", date(2023, 8, 21)),
        (43750.0, date(2019, 10, 12)),
        ("14/05/2022", date(2022, 5, 14)),
        ("14/05/2022 00:00:00", date(2022, 5, 14)),
        ("2022-05-14", date(2022, 5, 14)),
        (" 01.01.2028 ", date(2028, 1, 1)),
        ("13.07.23", date(2023, 7, 13)),
        ("22/11/26", date(2026, 11, 22)),
        ("le 1 avril 2020", date(2020, 4, 1)),
        ("1er août 2024", date(2024, 8, 1)),
        ("le 17 sept. 2025", date(2025, 9, 17)),
        ("lundi 3 avril 2023", date(2023, 4, 3)),
        ("26/01/2016", date(2016, 1, 26)),
    ],
)
def test_days(cell, day):
    assert read_date(cell) == day
    assert type(read_date(cell)) is date


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("sept. 2019", MonthDate(2019, 9, 1)),
        ("octobre 2026", MonthDate(2026, 10, 1)),
        ("mars-24", MonthDate(2024, 3, 1)),
        ("09/2019", MonthDate(2019, 9, 1)),
        ("2023", YearDate(2023, 1, 1)),
        (2023, YearDate(2023, 1, 1)),
        ("2016", YearDate(2016, 1, 1)),
    ],
)
def test_months_and_years_say_that_the_day_is_not_known(cell, day):
    assert read_date(cell) == day
    assert type(read_date(cell)) is type(day)


@pytest.mark.parametrize(
    "cell", ["en cours", "En cours ", "à venir", "prévu", "prévue en mars 2027", "non", "en attente"]
)
def test_not_done_is_an_answer(cell):
    assert read_date(cell) is NOT_YET


@pytest.mark.parametrize("cell", ["", " ", "-", "NC", "n.c.", "?", "sans objet", 0])
def test_blank_says_nothing(cell):
    assert read_date(cell) is None


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("01/01/1900", "26 janvier 2016"),
        (date(1900, 1, 1), "« 01/01/1900 »"),
        ("25/01/2016", "26 janvier 2016"),
        (30000, "26 janvier 2016"),
        ("14/05/2202", "trop lointaine"),
        ("31/02/2023", "n'existe pas"),
        ("T3 2024", "« T3 2024 » n'est pas une date"),
        ("oui", "jj/mm/aaaa"),
        (True, "n'est pas une date"),
        ("fin 2023", "n'est pas une date"),
    ],
)
def test_what_is_no_day_of_a_cpts_is_told(cell, told):
    with pytest.raises(CellError) as raised:
        read_date(cell)
    assert told in raised.value.message_fr


@pytest.mark.parametrize(
    ("cell", "state"),
    [
        ("ACI", "aci_signed"),
        ("ACI signé", "aci_signed"),
        ("signataire ACI", "aci_signed"),
        ("Contractualisée (ACI)", "aci_signed"),
        ("En fonctionnement", "aci_signed"),
        ("validé ARS", "validated"),
        ("PDS validé ", "validated"),
        ("Validée", "validated"),
        ("Projet de santé validé", "validated"),
        ("PDS validé, ACI en cours", "validated"),
        ("Fonctionnement – ACI en cours", "validated"),
        ("ACI en cours de négociation", "validated"),
        ("PDS en cours", "engineering"),
        ("en construction", "engineering"),
        ("En rédaction", "engineering"),
        ("Projet de santé en rédaction", "engineering"),
        ("Ingénierie en cours", "engineering"),
        ("Phase 1", "engineering"),
        ("Projet de santé déposé", "filed"),
        ("Dossier déposé, en cours d'instruction", "filed"),
        ("PDS en cours de validation", "filed"),
        ("Opposition notifiée le 3 mars", "opposed"),
        ("P.D.S. refusé", "opposed"),
        ("LI", "letter_filed"),
        ("L.I. reçue", "letter_filed"),
        ("Lettre d'intention", "letter_filed"),
        ("Lettre d'intention validée", "letter_validated"),
        ("LI en cours de rédaction", "formalising"),
        ("Initiative avec début de formalisation", "formalising"),
        ("Initiative sans formalisation", "initiative"),
        ("Émergent", "initiative"),
        ("projet abandonné", "abandoned"),
        ("ACI signé en 2022, résilié", "terminated"),
        ("Fusionnée", "merged"),
        ("Résiliée", "terminated"),
        ("En fonctionnement depuis mars 2021", "aci_signed"),
        ("Validé ARS DD 93", "validated"),
        ("LI validée, PDS en rédaction", "engineering"),
        ("contrat ACI à signer", "validated"),
        ("E\u0301mergent", "initiative"),  # an accent apart, as macOS writes it
        ("", None),
        ("NC", None),
    ],
)
def test_statuses(cell, state):
    assert read_status(cell) == state


# The names our own screens and the region's photograph give to the states.
@pytest.mark.parametrize(
    ("label", "state"),
    [
        ("Lettre d'intention reçue", "letter_filed"),
        ("Lettre d'intention validée", "letter_validated"),
        ("Ingénierie et rédaction du projet de santé", "engineering"),
        ("Projet de santé déposé, délai de deux mois", "filed"),
        ("Opposition notifiée", "opposed"),
        ("Projet de santé validé, ACI en cours", "validated"),
        ("ACI signé, CPTS en fonctionnement", "aci_signed"),
        ("Abandonné", "abandoned"),
        ("Fusionné", "merged"),
        ("Résilié", "terminated"),
        ("Fonctionnement – ACI signé", "aci_signed"),
        ("Déclaration d'intérêt", "initiative"),
        ("Début de formalisation", "formalising"),
    ],
)
def test_our_own_words_are_understood(label, state):
    assert read_status(label) == state


@pytest.mark.parametrize("cell", ["à voir", "réunion du 3", "pas encore signé", "transaction", "relations", 12])
def test_an_unknown_status_tells_which_are_known(cell):
    with pytest.raises(CellError, match="Sont compris : initiative, formalisation, lettre d'intention"):
        read_status(cell)


# A legal state is never guessed from one word of a sentence that says something else.
@pytest.mark.parametrize(
    "cell",
    [
        "En fonctionnement sans ACI", "Projet d'ACI", "ACI refusé", "ACI prévu", "ACI bientôt signé", "hors ACI",
        "ACI reporté", "renonce à l'ACI", "n'est plus en fonctionnement", "ACI N", "ACI ✗", "ACI signé ?", "ACI 2027",
        "signature ACI en mars 2027", "Validé / ACI refusé", "pré-opérationnelle", "ACI en cours, en fonctionnement",
        "résilié, en fonctionnement", "LI refusée", "LI non validée", "LI retirée", "absence d'opposition",
        "opposition levée", "opposition retirée", "déposé, non validé", "P.D.S. non validé",
        "nouveau dépôt après refus", "validé par arrêté", "arrêté ARS de validation", "projet arrêté",
        "phase 1 validée", "risque d'abandon", "reprise après abandon", "Abandon ACI", "fusion envisagée",
        "résiliation envisagée", "dépôt PDS prévu", "jamais déposé", "ARS", "2024",
    ],
)  # fmt: skip
def test_a_sentence_that_is_not_understood_whole_is_refused(cell):
    with pytest.raises(CellError, match="non reconnu"):
        read_status(cell)


def test_no_word_has_two_meanings():
    claimed = {(status_key(phrase), state) for state, phrases in PHRASES.items() for phrase in phrases}
    assert len(claimed) == len(STATE_OF_PHRASE)
    headers = {(header_key(synonym), field) for field, synonyms in SYNONYMS.items() for synonym in synonyms}
    assert len(headers) == len(FIELD_OF_KEY)


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Date de réception de la L.I.", Field.LETTER_RECEIVED_ON),
        ("DATE LI", Field.LETTER_RECEIVED_ON),
        ("date_validation_projet", Field.VALIDATED_ON),
        ("Population\n(INSEE)", Field.POPULATION),
        ("ACI (oui/non)", Field.ACI_SIGNED),
        ("date ACI", Field.ACI_SIGNED_ON),
        ("ACI signé ?", Field.ACI_SIGNED),
        ("Dép.", Field.DEPARTMENT),
        ("N° FINESS", Field.FINESS),
        ("Référent\nCPAM", Field.CPAM_REFERENT),
        ("Nom CPTS ", Field.NAME),
        ("CPTS", Field.NAME),
        ("Rédaction", None),
        ("Relation", None),
        ("Taille", None),
        ("", None),
    ],
)
def test_headers(header, field):
    assert field_of(header) is field


@pytest.mark.parametrize(
    ("cell", "answer"),
    [("Oui", True), ("OUI ", True), ("O", True), ("x", True), ("1", True), (1, True), ("✔", True), (True, True),
     ("non ", False), ("N", False), ("0", False), (0, False), ("en cours", False), ("", None), ("NC", None)],
)  # fmt: skip
def test_yes_and_no(cell, answer):
    assert read_boolean(cell) is answer


@pytest.mark.parametrize(
    ("cell", "number"),
    [(138024.0, 138024), ("70 975", 70975), ("181\xa0271", 181271), ("129\u202f317", 129317), ("52,3 k", 52300),
     ("55 252 hab.", 55252), ("1 234 567 habitants", 1234567), ("70.975", 70975), ("12,5", 12), ("", None)],
)  # fmt: skip
def test_numbers(cell, number):
    assert read_number(cell) == number


@pytest.mark.parametrize(
    ("read", "cell", "identifier"),
    [
        (read_finess, "75 625 1195", "756251195"),
        (read_finess, "FINESS : 754080257", "754080257"),
        (read_finess, 756602900, "756602900"),
        (read_finess, 10000123.0, "010000123"),
        (read_finess, "2A0000123", "2A0000123"),
        (read_finess, "N° FINESS ET 934920364", "934920364"),
        (read_finess, "-", None),
        (read_siret, "892 345 678 00012", "89234567800012"),
        (read_siret, 5520044300012, "05520044300012"),
        (read_rna, "W751234567", "W751234567"),
        (read_rna, "", None),
    ],
)
def test_identifiers(read, cell, identifier):
    assert read(cell) == identifier


@pytest.mark.parametrize(
    ("read", "cell"),
    [(read_finess, "75 625"), (read_siret, "892345678"), (read_rna, "751234567"), (read_finess, "en cours")],
)
def test_wrong_identifiers(read, cell):
    with pytest.raises(CellError, match="n'est pas un numéro"):
        read(cell)


@pytest.mark.parametrize(
    ("cell", "code"),
    [(75, "75"), (75.0, "75"), ("75", "75"), ("Paris", "75"), ("2a", "2A"), ("1", "01"), (1, "01"), (971, "971"),
     ("Seine-St-Denis", "93"), ("93 - Seine-Saint-Denis", "93"), ("Seine Saint Denis (93)", "93"), ("DD 93", "93"),
     ("Délégation départementale de la Seine-Saint-Denis", "93"), ("", None)],
)  # fmt: skip
def test_departments(cell, code):
    assert read_department_code(cell, DEPARTMENTS) == code


@pytest.mark.parametrize("cell", ["999", "Atlantide", "93 - Paris"])
def test_unknown_departments(cell):
    with pytest.raises(CellError, match="n'est pas un département connu"):
        read_department_code(cell, DEPARTMENTS)


DOM = DEPARTMENTS | {"974": "La Réunion"}


@pytest.mark.parametrize(
    ("cell", "code"),
    [("075", "75"), ("D93", "93"), ("DD93", "93"), ("DD 93", "93"), ("d2a", "2A"), ("0971", "971"), ("Réunion", "974"),
     ("La Réunion", "974"), ("L'Ain", "01"), ("Département Val de Marne (94)", "94")],
)  # fmt: skip
def test_departments_as_they_are_also_written(cell, code):
    assert read_department_code(cell, DOM) == code


@pytest.mark.parametrize("read", [read_date, read_status, read_finess, read_number, read_boolean, read_siret])
@pytest.mark.parametrize(
    "cell", ["#REF!", "#N/A", "#DIV/0!", "#VALEUR!", "#NOM?", "#NOMBRE!", "#NUL!", "Err:502", "###"]
)
def test_an_error_of_the_spreadsheet_is_no_blank(read, cell):
    with pytest.raises(CellError) as raised:
        read(cell)
    assert raised.value.message_fr == f"la cellule contient une erreur de tableur ({cell}) : corrigez-la."


def test_several_departments():
    assert read_department_codes("75, 93 et Val-de-Marne", DEPARTMENTS) == ["75", "93", "94"]
    assert read_department_codes(93, DEPARTMENTS) == ["93"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Champs-sur-Marne", ["Champs-sur-Marne"]),
        ("Aulnay sous Bois - Villepinte", ["Aulnay sous Bois", "Villepinte"]),
        ("Épinay\xa0 ; L'Île-Saint-Denis   ;Stains", ["Épinay", "L'Île-Saint-Denis", "Stains"]),
        ("Bobigny / Drancy", ["Bobigny", "Drancy"]),
        ("tremblay-en-france\nVAUJOURS", ["tremblay-en-france", "VAUJOURS"]),
        ("• Bobigny\n• Drancy", ["Bobigny", "Drancy"]),
        ("- Bobigny\n- Drancy", ["Bobigny", "Drancy"]),
        ("Bobigny | Drancy", ["Bobigny", "Drancy"]),
        ("Pantin et Le Pré-Saint-Gervais", ["Pantin", "Le Pré-Saint-Gervais"]),
        ("Paris 1er, 2e et 3e", ["Paris 1er", "Paris 2e", "Paris 3e"]),
        ("Paris (1er, 2ème) ; Pantin", ["Paris 1er", "Paris 2ème", "Pantin"]),
        ("Paris 1,Paris 04", ["Paris 1", "Paris 04"]),
        ("Paris 12, 93001", ["Paris 12", "93001"]),
        ("93001;93055", ["93001", "93055"]),
        ("93001 - 93055", ["93001", "93055"]),
        ("Aulnay s/ Bois / Épinay s/Seine / Aulnay s/s Bois", ["Aulnay s/ Bois", "Épinay s/Seine", "Aulnay s/s Bois"]),
        ("Villepinte - 11 - Pantin", ["Villepinte - 11", "Pantin"]),
        ("", []),
    ],
)
def test_lists_of_communes(text, names):
    assert split_zones(text) == names


# A search that is quadratic in the length of the cell would not end.
@pytest.mark.parametrize(
    "motif", ["s", "-", "/", " ", "(", "1 - ", "Paris 1 ", "Paris ", "s/", "a.", "d ", "LI ", "\n", "9"]
)
def test_a_huge_cell_is_answered(motif):
    huge = motif * (200_000 // len(motif)) + "x"
    for read in (read_date, read_boolean, read_number, read_finess, read_siret, read_rna, read_status):
        with suppress(CellError):
            read(huge)
    with suppress(CellError):
        read_department_code(huge, DEPARTMENTS)
    split_zones(huge)
    field_of(huge)


CELLS = st.text(max_size=40) | st.integers() | st.floats() | st.booleans() | st.dates() | st.datetimes()


@given(CELLS)
def test_a_reader_answers_or_says_why(cell):
    for read in (read_date, read_boolean, read_number, read_finess, read_siret, read_rna, read_status):
        with suppress(CellError):
            read(cell)


@given(st.dates(min_value=date(2016, 1, 26), max_value=date(2099, 12, 31)))
def test_a_day_is_read_however_it_is_written(day):
    serial = (day - date(1899, 12, 30)).days
    assert {read_date(form) for form in (day, serial, str(serial), f"{day:%d/%m/%Y}", f"{day:%d.%m.%Y}")} == {day}
