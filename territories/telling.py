"""What an update of the geography changes, in French sentences by heading."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from ground.templatetags.french import number
from territories.differences import Differences, Known, Move
from territories.geography_rows import Geography, Row
from territories.models import Department, Epci, FormerZone, Region

MOVES = "Communes fusionnées ou partagées"
INTO_PARTS = "Communes absorbées par une commune découpée"
RECODED = "Codes changés"
RENAMED = "Noms changés"
DEPARTMENTS = "Départements changés"
MEMBERS = "EPCI des communes"
AREAS = "Régions, départements et EPCI"
POPULATIONS = "Populations"
FORMER = "Anciens codes et noms"
AREA_MODELS = {"regions": Region, "departments": Department, "epci": Epci}


def tell(geography: Geography, known: Mapping[str, Known], differences: Differences) -> dict[str, list[str]]:
    """Sentences by heading, headings without any left out; empty when the files bring nothing new."""
    names = {row["code"]: row["name"] for row in geography["zones"]}
    former_code = {new: old for old, new in differences.recoded.items()}
    moved = {code for move in differences.moves for code in (*move.old, *move.new)}
    same = [
        (known[former_code.get(row["code"], row["code"])], row)
        for row in differences.changed
        if row["code"] not in moved
    ]
    told = {
        MOVES: [in_a_sentence(move, known, names) for move in differences.moves],
        INTO_PARTS: [
            f"{known[old]} devient une partie de {names[new]} ({new}), déjà découpée : les périmètres la gardent."
            for old, new in differences.into_parts.items()
        ],
        RECODED: [f"{names[new]} : {old} devient {new}." for old, new in differences.recoded.items()],
        RENAMED: [f"{zone} s'appelle {row['name']}." for zone, row in same if zone.name != row["name"]],
        DEPARTMENTS: [
            f"{zone} passe du département {zone.department} au département {row['department']}."
            for zone, row in same
            if zone.department != row["department"]
        ],
        MEMBERS: _members(geography, same),
        AREAS: _areas(geography),
        POPULATIONS: _populations(differences.changed, known),
        FORMER: _former(geography),
    }
    return {heading: sentences for heading, sentences in told.items() if sentences}


def in_a_sentence(move: Move, known: Mapping[str, Known], names: Mapping[str, str]) -> str:
    old = listing(str(known[code]) for code in move.old)
    new = listing(f"{names[code]} ({code})" for code in move.new)
    if len(move.old) == 1:
        return f"{old} est partagée entre {new}."
    return f"{old} forment {new}." if len(move.new) == 1 else f"{old} laissent place à {new}."


def listing(words: Iterable[str]) -> str:
    """« a, b et c »."""
    *first, last = words
    return f"{', '.join(first)} et {last}" if first else last


def _members(geography: Geography, same: Iterable[tuple[Known, Row]]) -> list[str]:
    joined: dict[str, list[str]] = defaultdict(list)
    for zone, row in same:
        if zone.epci != row["epci"]:
            joined[row["epci"]].append(str(zone))
    epci_names = {row["code"]: row["name"] for row in geography["epci"]} | {"": "Sans EPCI"}
    return [f"{epci_names[code]} : {', '.join(communes)}." for code, communes in sorted(joined.items())]


def _areas(geography: Geography) -> list[str]:
    told = []
    for name, model in AREA_MODELS.items():
        stored = dict(model.objects.values_list("code", "name"))
        listed = {row["code"]: row["name"] for row in geography[name]}
        told += [f"Nouveau : {listed[code]} ({code})." for code in sorted(listed.keys() - stored.keys())]
        told += [
            f"{stored[code]} ({code}) s'appelle {listed[code]}."
            for code in sorted(listed.keys() & stored.keys())
            if listed[code] != stored[code]
        ]
    return told


def _populations(changed: Iterable[Row], known: Mapping[str, Known]) -> list[str]:
    newer: dict[tuple[int, str], int] = defaultdict(int)
    corrected = 0
    for row in changed:
        zone = known.get(row["code"])
        if zone and str(zone.vintage) != row["vintage"]:
            newer[zone.vintage, row["vintage"]] += 1
        elif zone and str(zone.population) != row["population"]:
            corrected += 1
    told = [f"{number(count)} zones passent de {old} à {new}." for (old, new), count in sorted(newer.items())]
    return [*told, f"{number(corrected)} corrigées dans le même millésime."] if corrected else told


def _former(geography: Geography) -> list[str]:
    stored = set(FormerZone.objects.values_list("code", "name", "successor__code"))
    listed = {(row["code"], row["name"], row["successor"]) for row in geography["former_zones"]}
    added = len(listed - stored)
    return [f"{number(added)} ajouté{'s' if added > 1 else ''}."] if added else []
