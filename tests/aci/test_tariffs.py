"""Versions of the barème: which is in force, what the database refuses, what the files bring."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from aci.models import Tariff, TariffAmount, TariffLine, TariffTier
from tests.aci.sheets import AMOUNTS, TIERS, rows_of, write_csv


@pytest.fixture
def refusal_of(db, tmp_path):
    """What load_tariffs answers to these rows, after which nothing may have been written."""

    def refusal_of(rows, tiers=TIERS):
        path = write_csv(tmp_path / "essai.csv", rows)
        with pytest.raises(CommandError) as refusal:
            call_command("load_tariffs", path, tiers=[tiers])
        assert not Tariff.objects.exists()
        return str(refusal.value)

    return refusal_of


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (date(2019, 8, 24), None),
        (date(2019, 8, 25), "2019"),
        (date(2022, 9, 2), "2019"),
        (date(2022, 9, 3), "avenant-2"),
        (date(2040, 1, 1), "avenant-2"),
    ],
)
def test_version_in_force(tariffs, day, code):
    assert [tariff.code for tariff in Tariff.objects.on(day)] == ([code] if code else [])


def version(code: str, since: date, **said) -> Tariff:
    return Tariff.objects.create(code=code, label=code, since=since, source="essai", **said)


def test_a_new_version_ends_the_one_before_and_gives_way_when_deleted(tariffs):
    added = version("avenant-3", date(2027, 1, 1), approved_at=timezone.now())
    before = Tariff.objects.get(code="avenant-2")
    assert (before.until, added.until) == (date(2027, 1, 1), None)
    added.delete()
    before.refresh_from_db()
    assert before.until is None


def test_a_version_can_be_added_between_two(tariffs):
    middle = version("avenant-1", date(2021, 1, 1), approved_at=timezone.now())
    assert middle.until == date(2022, 9, 3)
    assert Tariff.objects.get(code="2019").until == date(2021, 1, 1)


def test_a_proposal_changes_nothing_until_it_is_approved(tariffs):
    proposal = version("avenant-3", date(2023, 1, 1))
    before = Tariff.objects.get(code="avenant-2")
    assert (before.until, proposal.until) == (None, None)
    assert Tariff.objects.in_force(date(2024, 1, 1)) == before
    proposal.approved_at = timezone.now()
    proposal.save()
    before.refresh_from_db()
    assert before.until == date(2023, 1, 1)
    assert Tariff.objects.in_force(date(2024, 1, 1)) == proposal


def test_two_proposals_may_start_the_same_day_and_one_alone_is_approved(tariffs):
    rivals = [version(code, date(2027, 1, 1)) for code in ("a", "b")]
    rivals[0].approved_at = rivals[1].approved_at = timezone.now()
    rivals[0].save()
    with pytest.raises(ValidationError, match="Un autre barème commence déjà"):
        rivals[1].full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        rivals[1].save()


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (
            lambda t: Tariff(code="bis", label="Bis", since=t.since, source="essai", approved_at=t.approved_at),
            "Un autre barème commence déjà",
        ),
        (lambda t: TariffTier(tariff=t, number=2, lower_bound=9, source="essai"), "déjà dans le barème"),
        (lambda t: TariffTier(tariff=t, number=5, lower_bound=40_000, source="essai"), "le même seuil"),
        (lambda t: TariffTier(tariff=t, number=5, lower_bound=0, source="essai"), "La taille 1 commence à 0"),
        (lambda t: TariffLine(tariff=t, mission="parcours", label="P", kind="socle"), "déjà dans le barème"),
        (
            lambda t: TariffLine(tariff=t, mission="x", label="X", kind="socle", first_year=3, last_year=2),
            "ne peut pas précéder",
        ),
        (lambda t: TariffAmount(line=t.lines.first(), tier=1, source="essai"), "déjà un montant"),
        (lambda t: TariffAmount(line=t.lines.first(), tier=9, fixed_eur=-1, source="essai"), "négatif"),
        (lambda t: TariffAmount(line=t.lines.first(), tier=9, fixed_eur=45_000_000, source="essai"), "vérifiez-le"),
    ],
)
def test_what_cannot_be_is_refused_in_french(tariffs, row, why):
    with pytest.raises(ValidationError, match=why):
        row(Tariff.objects.get(code="2019")).full_clean()


def test_a_changed_amount_keeps_its_history(tariffs):
    amount = TariffAmount.objects.get(line__tariff__code="2019", line__mission="parcours", tier=1)
    amount.fixed_eur = Decimal("26000")
    amount.save()
    assert list(amount.history.values_list("fixed_eur", flat=True)) == [26_000, 25_000]


def test_every_row_of_the_files_is_loaded(tariffs):
    assert TariffAmount.objects.count() == len(rows_of(AMOUNTS))
    assert TariffTier.objects.count() == len(rows_of(TIERS))
    for row in rows_of(AMOUNTS):
        amount = TariffAmount.objects.get(
            line__tariff__code=row["version"], line__mission=row["mission"], tier=row["tier"]
        )
        assert (amount.fixed_eur, amount.variable_eur) == (Decimal(row["fixed_eur"]), Decimal(row["variable_eur"]))
        assert (amount.verified, amount.source) == (row["verified"], row["source"])


def test_loading_again_touches_nothing(tariffs, capsys):
    corrected = TariffAmount.objects.get(line__tariff__code="2019", line__mission="parcours", tier=1)
    corrected.fixed_eur = Decimal("26000")
    corrected.save()
    loaded = list(TariffAmount.objects.values())
    call_command("load_tariffs")
    assert list(TariffAmount.objects.values()) == loaded
    assert Tariff.objects.count() == 2
    assert "« ACI du 20 juin 2019 » : déjà présent, laissé tel quel." in capsys.readouterr().out


def test_a_missing_tier_is_refused(refusal_of):
    rows = [
        row for row in rows_of(AMOUNTS) if (row["version"], row["mission"], row["tier"]) != ("2019", "parcours", "4")
    ]
    assert "Barème 2019 : mission « parcours » : aucun montant pour la taille 4." in refusal_of(rows)


def test_everything_wrong_is_said_at_once(refusal_of):
    rows = rows_of(AMOUNTS)
    rows[0] |= {"fixed_eur": "-1"}
    rows[1] |= {"variable_eur": "beaucoup"}
    rows[2] |= {"kind": "autre", "effective_from": "en cours"}
    refusal = refusal_of(rows)
    for place in ("ligne 2, fixed_eur", "ligne 3, variable_eur", "ligne 4, kind", "ligne 4, effective_from"):
        assert f"essai.csv, {place} : " in refusal


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"tier": "2"}, "une taille est donnée deux fois"),
        ({"tier": "5"}, "taille sans seuil : 5"),
        ({"mission_label": "Autre"}, "l'intitulé, la nature, les années ou le calendrier changent"),
        ({"starts_within": "6"}, "l'intitulé, la nature, les années ou le calendrier changent"),
        ({"fixed_eur": "50000000"}, "ligne 2, fixed_eur"),
        ({"effective_from": "2020-01-01"}, "l'intitulé, la date d'effet ou la source changent"),
        ({"version": "nouveau"}, "Barème nouveau : Les tailles doivent se suivre"),
    ],
)
def test_rows_that_disagree_are_refused(refusal_of, change, why):
    rows = rows_of(AMOUNTS)
    rows[0] |= change
    assert why in refusal_of(rows)


def test_a_mission_that_follows_none_is_refused(refusal_of):
    rows = rows_of(AMOUNTS)
    for row in rows:
        if (row["version"], row["mission"]) == ("2019", "parcours"):
            row["follows"] = "pont"
    assert "mission « parcours » : elle suit « pont », qui n'est pas une autre mission" in refusal_of(rows)


def test_a_file_made_before_the_calendar_still_loads(db, tmp_path):
    calendar = {"follows", "starts_within", "deployed_within", "calendar_source"}
    rows = [{name: row[name] for name in row if name not in calendar} for row in rows_of(AMOUNTS)]
    written = write_csv(tmp_path / "ancien.csv", rows)
    call_command("load_tariffs", written, tiers=[TIERS])
    line = TariffLine.objects.get(tariff__code="2019", mission="parcours")
    assert (line.starts_within, line.deployed_within, line.follows) == (None, None, "")
    assert all(tariff.is_approved for tariff in Tariff.objects.all())


def test_columns_parted_by_semicolons_are_read(db, tmp_path):
    """As a French spreadsheet saves them."""
    amounts = write_csv(tmp_path / "montants.csv", rows_of(AMOUNTS), delimiter=";")
    call_command("load_tariffs", amounts, tiers=[write_csv(tmp_path / "tailles.csv", rows_of(TIERS), delimiter=";")])
    assert TariffAmount.objects.count() == len(rows_of(AMOUNTS))


def test_two_versions_on_the_same_day_are_refused_whole(refusal_of):
    rows = [row | {"effective_from": "2019-08-25"} for row in rows_of(AMOUNTS)]
    assert "Un autre barème commence déjà ce jour-là." in refusal_of(rows)


def test_years_in_disorder_are_refused(refusal_of):
    rows = [row | {"first_year": "3", "last_year": "2"} for row in rows_of(AMOUNTS)]
    assert "La dernière année de contrat ne peut pas précéder la première." in refusal_of(rows)


def test_a_file_that_is_no_tariff_is_refused(refusal_of, tmp_path):
    refusal = refusal_of([{"version": "2019", "label": "x"}])
    assert "colonnes absentes : effective_from, first_year, fixed_eur, kind, last_year, mission" in refusal
    assert "starts_within" not in refusal
    assert "introuvable" in refusal_of(rows_of(AMOUNTS), tiers=tmp_path / "rien.csv")
    binary = tmp_path / "image.csv"
    binary.write_bytes(b"\x89PNG\xff\xfe")
    assert "ce n'est pas un fichier CSV en UTF-8" in refusal_of(rows_of(AMOUNTS), tiers=binary)
