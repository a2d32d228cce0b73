"""A newer vintage of the geography: populations, merged, divided, renamed communes, and what perimeters make of it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, ProtectedError, Q
from django.utils import timezone

from ground.templatetags.french import day as in_words
from ground.templatetags.french import number
from territories.differences import Differences, Known, Move, compare
from territories.geography_rows import Geography, Row
from territories.loading import (
    differing_splits,
    load_areas,
    load_former_zones,
    load_zones,
    vintage_in_force,
    vintage_of,
)
from territories.models import (
    Epci,
    FigureValue,
    FormerPopulation,
    FormerZone,
    PerimeterChange,
    Structure,
    Zone,
)
from territories.succession import Event, free_code, name_successors, replace_zones, set_aside
from territories.telling import in_a_sentence, tell

IN_FORCE_AFTER = 3  # years: the populations of 2023 are in force on 1 January 2026 (INSEE)


@dataclass(slots=True)
class Update:
    """What an update has changed, in sentences by heading, and the change of each perimeter that it touched.

    `replaced`: what a zone that gave way is now, for what names communes without being a perimeter.
    """

    since: date
    former_vintage: int | None
    vintage: int
    told: dict[str, list[str]] = field(default_factory=dict)
    to_check: list[str] = field(default_factory=list)
    changes: list[PerimeterChange] = field(default_factory=list)
    replaced: dict[Zone, list[Zone]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not self.told


def usual_day(geography: Geography) -> date:
    """The day on which populations of a vintage come into force, and the communes of that year with them."""
    return date(vintage_of(geography) + IN_FORCE_AFTER, 1, 1)


@transaction.atomic
def update_geography(geography: Geography, since: date, *, accepts_older: bool = False, by=None) -> Update:
    """Bring the stored geography to these files, true from `since` on. Needs the locks of the projects.

    Zones that are no more keep their row until that day, so the past reads as it did. Run again, it changes nothing.
    Raises ValidationError, and writes nothing, for a day to come, an older vintage, and what the files do not explain.
    """
    update = Update(since, vintage_in_force(), vintage_of(geography))
    if refusal := _why_not(update, accepts_older=accepts_older):
        raise ValidationError(refusal)
    known = {zone.code: zone for zone in _known_zones()}
    differences = compare(geography, known)
    if differences.problems:
        raise ValidationError(differences.problems)
    update.told = tell(geography, known, differences)
    if update.is_empty:
        return update
    stored = {zone.code: zone for zone in Zone.objects.filter(until=None)}
    moved = {stored[code] for move in differences.moves for code in move.old}
    if too_late := [zone for zone in moved if zone.since and zone.since >= since]:
        raise ValidationError(
            f"{too_late[0]} n'existe que depuis le {in_words(too_late[0].since)} : date trop ancienne."
        )

    _archive_populations(differences.changed, stored, moved)
    _free_codes({row["code"] for row in differences.changed} - known.keys())
    for old, new in differences.recoded.items():
        Zone.objects.filter(pk=stored[old].pk).update(code=new)
    for old, new in differences.into_parts.items():
        Zone.objects.filter(pk=stored[old].pk).update(kind=Zone.Kind.PART, parent=stored[new])
    names = {row["code"]: row["name"] for row in geography["zones"]}
    former = {zone.code: _give_way(zone, differences.moves, since, names) for zone in moved}
    load_areas(geography)
    load_zones(differences.changed)
    forgotten = list(_names_not_listed(geography, known, differences))
    moved_on = list(_drop_stale_former_zones(geography, known, differences))
    load_former_zones([*geography["former_zones"], *forgotten, *moved_on])
    _drop_unlisted_epcis(geography)

    zones = {zone.code: zone for zone in Zone.objects.filter(until=None)}
    born = [zones[code].pk for move in differences.moves for code in move.new if code not in known]
    Zone.objects.filter(pk__in=born).update(since=since)
    events = [
        Event(
            {zones[new]: [zone for code in old for zone in former[code]] for new, old in move.predecessors.items()},
            told=f"Nouvelle géographie au {in_words(since)} : {in_a_sentence(move, known, names)}",
        )
        for move in differences.moves
    ]
    update.changes = replace_zones(events, since, origin=PerimeterChange.Origin.GEOGRAPHY, by=by)
    for move in differences.moves:
        for code in move.old:
            successors = [zones[new] for new, old in move.predecessors.items() if code in old]
            update.replaced |= dict.fromkeys((stored[code], *former[code]), successors)
    name_successors(Structure.objects.all(), update.replaced)
    update.to_check = [*differing_splits(), *_figures_to_load(since)]
    return update


def _why_not(update: Update, *, accepts_older: bool) -> str:
    if update.former_vintage is None:
        return "Aucune géographie n'est chargée : lancez d'abord « manage.py load_geography »."
    if update.since > timezone.localdate():
        return (
            f"Le {in_words(update.since)} est dans le futur : lancez la mise à jour quand elle sera en vigueur, "
            "ou dites depuis quand elle l'est (--since)."
        )
    if update.vintage < update.former_vintage and not accepts_older:
        return (
            f"Ces fichiers portent les populations de {update.vintage}, plus anciennes que celles en vigueur "
            f"({update.former_vintage}). Pour y revenir malgré tout, ajoutez --older."
        )
    return ""


def _known_zones() -> Iterator[Known]:
    parts = Zone.objects.filter(parent=OuterRef("pk"), kind=Zone.Kind.PART, until=None)
    zones = Zone.objects.filter(until=None).exclude(kind=Zone.Kind.PART).annotate(has_parts=Exists(parts))
    columns = "code", "name", "department", "epci", "parent__code", "population", "vintage", "has_parts"
    for code, name, department, epci, parent, *others in zones.values_list(*columns):
        yield Known(code, name, department, epci or "", parent or "", *others)


def _give_way(zone: Zone, moves: Collection[Move], since: date, listed: Collection[str]) -> list[Zone]:
    """The rows that hold the territory of `zone` until that day: its parts, itself, or what it was if it goes on."""
    goes_on = any(zone.code in move.new for move in moves)
    if zone.code in listed and not goes_on:  # cut in arrondissements: still there, told by them
        return [zone]
    former = set_aside(zone, since) if goes_on else zone
    parts = list(former.parts.filter(until=None))
    Zone.objects.filter(pk__in=[former.pk, *(part.pk for part in parts)]).update(until=since)
    return parts or [former]


def _archive_populations(rows: Iterable[Row], stored: Mapping[str, Zone], moved: Collection[Zone]) -> None:
    """Keep the population of each vintage that is replaced; a territory that gives way keeps its own in its row."""
    going_on = {zone.code: zone for zone in stored.values() if zone not in moved}
    FormerPopulation.objects.bulk_create(
        (
            FormerPopulation(zone=going_on[code], vintage=going_on[code].vintage, population=going_on[code].population)
            for code, vintage in ((row["code"], int(row["vintage"])) for row in rows)
            if code in going_on and going_on[code].vintage != vintage
        ),
        update_conflicts=True,
        unique_fields=["zone", "vintage"],
        update_fields=["population"],
    )


def _free_codes(codes: Collection[str]) -> None:
    """A commune may come back under the code that it had before it was absorbed."""
    for zone in Zone.objects.filter(code__in=codes).select_related("parent"):
        if zone.until is None:
            raise ValidationError(
                f"{zone} est une partie de {zone.parent} et redevient une commune : défaites d'abord ce découpage."
            )
        Zone.objects.filter(pk=zone.pk).update(code=free_code(zone.code, zone.until))


def _names_not_listed(geography: Geography, known: Mapping[str, Known], differences: Differences) -> Iterator[Row]:
    """Codes and names that this update makes former ones, and that the files have forgotten: they stay understood."""
    listed = {row["code"]: row["name"] for row in geography["zones"]}
    told = {(row["code"], row["name"]) for row in geography["former_zones"]}
    became = {code: [code] for code in known.keys() & listed.keys()} | _became(differences)
    for code, successors in became.items():
        name = known[code].name
        if listed.get(code) != name and (code, name) not in told:
            yield from _former_rows(code, name, successors)


def _drop_stale_former_zones(
    geography: Geography, known: Mapping[str, Known], differences: Differences
) -> Iterator[Row]:
    """Former codes of what gives way now stand for its successors; a code that is in use again is no former one."""
    listed = {row["code"] for row in geography["zones"]}
    told = {(row["code"], row["name"]) for row in geography["former_zones"]}
    became = {code: successors for code, successors in _became(differences).items() if code not in listed}
    stale = FormerZone.objects.filter(Q(successor__code__in=became) | Q(code__in=listed - known.keys()))
    for code, name, successor in stale.values_list("code", "name", "successor__code"):
        if code not in listed and (code, name) not in told:
            yield from _former_rows(code, name, became[successor])
    stale.delete()


def _became(differences: Differences) -> dict[str, list[str]]:
    """Of each code that gives way or is no more, the codes that hold its territory now."""
    became = {old: [new] for old, new in (differences.recoded | differences.into_parts).items()}
    for move in differences.moves:
        became |= {code: [new for new, old in move.predecessors.items() if code in old] for code in move.old}
    return became


def _former_rows(code: str, name: str, successors: list[str]) -> Iterator[Row]:
    is_split = "1" if len(successors) > 1 else "0"
    for successor in successors:
        yield {"code": code, "name": name, "successor": successor, "is_split": is_split}


def _drop_unlisted_epcis(geography: Geography) -> None:
    for epci in Epci.objects.exclude(code__in=[row["code"] for row in geography["epci"]]):
        with suppress(ProtectedError):  # a commune that is no more was its member: the past keeps it
            epci.delete()


def _figures_to_load(since: date) -> Iterator[str]:
    if count := FigureValue.objects.filter(zone__until=since).count():
        yield (
            f"{number(count)} valeur{'s' if count > 1 else ''} d'indicateurs décrivent des communes qui ont changé : "
            "chargez ces indicateurs pour la nouvelle géographie."
        )
