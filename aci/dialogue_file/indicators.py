"""The indicators retained for the year, mission by mission: from where to where, what was measured, what it gives."""

from accounts.models.institution import Side
from aci.dialogue_file.content import Cell, Column, Row, RowKind, Section, Table, Text
from aci.dialogue_file.facts import YearFacts, mark_of
from aci.indicators import Calculation, Direction, plain, step_words
from aci.models import NegotiatedIndicator, Result
from aci.money import in_euros
from aci.results import IndicatorLine, MissionResults
from aci.templatetags.measures import measured_by
from ground.templatetags.french import euros, share, short_day

COLUMNS = (
    Column("Indicateur", 11),
    Column("Ce qui est payé", 5),
    Column("Résultats et pièces", 8),
    Column("Validation", 6),
    Column("Montant", 6, is_number=True),
)
INSTITUTIONS = {Side.INSURANCE: "CPAM", Side.ARS: "ARS"}
TITLE = "Indicateurs et volet variable"


def indicators(facts: YearFacts) -> Section:
    results = facts.results
    if results.version is None:
        return Section(TITLE, (Text("Aucune version des indicateurs n'est retenue pour cette année."),))
    told = (
        f"Version {results.version.number}, retenue le {short_day(results.version.retained_on)}. Calcul : "
        f"{results.version.get_calculation_display().lower()}. Un indicateur payant compte quand son résultat final "
        "a une pièce et la validation de la CPAM et de l'ARS ; une mission ne reçoit jamais plus que son enveloppe."
    )
    summary = (
        f"Acquis à cette date : {in_euros(results.amount)} sur {in_euros(results.envelope)} d'enveloppe variable"
        + (f", soit {share(results.rate)}." if results.rate is not None else ".")
    )
    missions = tuple(_mission(mission, Calculation(results.version.calculation)) for mission in results.missions)
    return Section(TITLE, (Text(summary), Text(told, is_small=True)), missions)


def _mission(mission: MissionResults, calculation: Calculation) -> Section:
    envelope = in_euros(mission.grant.variable)
    if not mission.lines:
        return Section(mission.label, (Text(f"Aucun indicateur, pour une enveloppe variable de {envelope}."),))
    rows = [_row(line, calculation) for line in mission.lines]
    caption = f"Indicateurs de la mission, enveloppe variable de {envelope}"
    return Section(mission.label, (Table(caption, COLUMNS, (*rows, _sum(mission))),))


def _row(line: IndicatorLine, calculation: Calculation) -> Row:
    return Row(
        (
            Cell(line.negotiated.indicator.label, _goal(line.negotiated)),
            Cell(notes=_pays(line, calculation)),
            _measured(line),
            Cell(notes=_validated(line)),
            Cell(in_euros(line.earned.amount), (line.earned.formula,) if line.negotiated.is_paying else ()),
        )
    )


def _goal(negotiated: NegotiatedIndicator) -> tuple[str, ...]:
    indicator = negotiated.indicator
    way = indicator.get_direction_display()
    baseline, target = measured_by(negotiated.baseline, indicator), measured_by(negotiated.target, indicator)
    if (baseline or target) and indicator.direction != Direction.DONE:
        way += f" : {baseline or 'départ non indiqué'} → {target or 'meilleur palier'}"
    nature = f"{indicator.get_nature_display()} ; {indicator.get_origin_display()} ; {indicator.scope}"
    carried = ("Reconduit de l'année précédente",) if negotiated.carried_from_id else ()
    return (way, nature, *carried)


def _pays(line: IndicatorLine, calculation: Calculation) -> tuple[str, ...]:
    if not line.negotiated.is_paying:
        return ("Suivi, sans paiement",)
    if calculation == Calculation.WEIGHTED:
        return (f"{plain(line.negotiated.weight)} % de l'enveloppe, au taux atteint",)
    agreed = line.earned.agreed
    return tuple(f"{step_words(step, agreed.direction)} : {euros(step.amount)}" for step in agreed.steps)


def _measured(line: IndicatorLine) -> Cell:
    """The final result first, else the last intermediate one, then the others and the pieces."""
    known = [*([line.final] if line.final else []), *reversed(line.intermediate)]
    if not known:
        return Cell("Aucun résultat")
    shown, *others = known
    notes = [_when(shown.result)]
    indicator = line.negotiated.indicator
    notes += [f"{measured_by(each.result.value, indicator)}, {_when(each.result)}" for each in others]
    pieces = dict.fromkeys(str(piece) for each in known for piece in each.pieces)
    notes += [f"Pièce : {piece}" for piece in pieces] or ["Aucune pièce"]
    return Cell(measured_by(shown.result.value, indicator), tuple(notes))


def _when(result: Result) -> str:
    return f"{result.get_kind_display().lower()}, mesuré le {short_day(result.measured_on)}"


def _validated(line: IndicatorLine) -> tuple[str, ...]:
    if line.final is None:
        return ("–",)
    return tuple(
        f"{INSTITUTIONS[side]} : {short_day(said.validated_on) if said else 'attendue'}"
        for side, said in line.final.validations
    )


def _sum(mission: MissionResults) -> Row:
    part = mission.part
    rate = f"{share(part.rate)} de l'enveloppe" if part and part.rate is not None else ""
    capped = (f"{in_euros(part.earned)}, plafonné à l'enveloppe",) if mission.is_capped else ()
    label = Cell("Total de la mission", mark=mark_of(mission.grant.line.verified))
    return Row((label, Cell(), Cell(rate), Cell(), Cell(in_euros(mission.amount), capped)), RowKind.SUM)
