"""The zones of the database as the spreadsheets' names are matched against them."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Replace
from django.utils import timezone

from projects.spreadsheets.matching import KnownFormerZone, KnownZone, Match, Quality, ZoneIndex
from projects.spreadsheets.zone_names import keys
from territories.models import Department, FormerZone, Zone

FEW = 30  # texts asked of the database one by one; for more, reading the whole country at once is quicker
CERTAIN = (Quality.EXACT, Quality.NORMALISED, Quality.FORMER)


class ZoneFinder:
    """Understands the communes that rows list; made once for an import, it reads a region the first time it is met."""

    def __init__(self) -> None:
        departments = list(Department.objects.values_list("pk", "region", "name"))
        self._regions = {code: region for code, region, _ in departments}
        self._names = {code: name for code, _, name in departments}
        self._indexes: dict[str, ZoneIndex] = {}
        self._asked = 0

    def find(self, text: str, lead: str, others: Iterable[str] = ()) -> list[Match]:
        """What a list of communes means: in its lead department first, then in the others that its row says it reaches.

        A name unknown in all of them is looked for in the rest of the country, to tell where it exists.
        """
        matches = self._index(self._regions[lead]).find_all(text, lead)
        for other in others:
            index = self._index(self._regions[other])
            matches = [match if _is_sure(match) else _surer(match, index.find(match.text, other)) for match in matches]
        return [match if match.quality != Quality.NONE else self._elsewhere(match, lead) for match in matches]

    def find_anywhere(self, text: str) -> Match:
        """The zones that one code or one name means when no department is told."""
        return self._index("").find(text)

    def _elsewhere(self, unknown: Match, lead: str) -> Match:
        """What the rest of the country makes of a text that the region does not know."""
        if "" in self._indexes or self._asked >= FEW:
            return self._index("").find(unknown.text, lead)
        self._asked += 1
        found = self._index_of_namesakes(unknown.text).find(unknown.text, lead)
        return found if found.quality != Quality.NONE or found.candidates else unknown

    def _index(self, region: str) -> ZoneIndex:
        """The zones of a region, or of the whole country (half a second, so only for names nobody knows)."""
        if region not in self._indexes:
            self._indexes[region] = self._read(region)
        return self._indexes[region]

    def _read(self, region: str) -> ZoneIndex:
        zones, former_zones = _zones(), FormerZone.objects.all()
        if region:
            zones = zones.filter(department__region=region)
            former_zones = former_zones.filter(successor__department__region=region)
        return self._indexed(zones, former_zones)

    def _index_of_namesakes(self, text: str) -> ZoneIndex:
        """All that an index of the country would find under this code or this name, and what these have become."""
        names, codes = keys(text)
        is_named = Q(code__in=codes) | Q(key__in=names)
        key = Replace(F("search_name"), Value(" "), Value(""))
        former_zones = FormerZone.objects.annotate(key=key).filter(is_named)
        successors = set(former_zones.values_list("successor", flat=True))
        # « Bors (Canton de Charente-Sud) » is also a « Bors »; the arrondissements tell that « Lyon 12e » is none.
        others = Q(name__contains=" (") | Q(kind=Zone.Kind.ARRONDISSEMENT)
        zones = _zones().annotate(key=key).filter(is_named | others | Q(pk__in=successors))
        return self._indexed(zones, former_zones)

    def _indexed(self, zones: QuerySet[Zone], former_zones: QuerySet[FormerZone]) -> ZoneIndex:
        successors: dict[tuple[str, str], list[str]] = defaultdict(list)
        for code, name, successor in former_zones.values_list("code", "name", "successor__code"):
            successors[code, name].append(successor)
        return ZoneIndex(
            (KnownZone(*row) for row in zones.values_list("code", "name", "department")),
            [KnownFormerZone(code, name, tuple(codes)) for (code, name), codes in successors.items()],
            {
                department: {other for other, theirs in self._regions.items() if theirs == region}
                for department, region in self._regions.items()
            },
            self._names,
        )


def _zones() -> QuerySet[Zone]:
    return Zone.objects.on(timezone.localdate()).exclude(kind=Zone.Kind.PART)


def _is_sure(match: Match) -> bool:
    return match.quality in CERTAIN and not match.message_fr


def _surer(match: Match, elsewhere: Match) -> Match:
    return elsewhere if _is_sure(elsewhere) else match


class Leaves:
    """The leaf zones that codes stand for: themselves, or the parts of a commune that is split. One query."""

    def __init__(self, codes: Collection[str]) -> None:
        self.population: dict[str, int] = {}
        self.name: dict[str, str] = {}
        self.department: dict[str, str] = {}
        self._of: dict[str, set[str]] = defaultdict(set)
        departments = Zone.objects.filter(code__in=codes).values("department")
        leaves = Zone.objects.leaves().filter(department__in=departments)
        columns = ("code", "name", "population", "department", "parent__code", "parent__parent__code")
        for code, name, population, department, *parents in leaves.values_list(*columns):
            self.population[code], self.name[code], self.department[code] = population, name, department
            for stands in filter(None, (code, *parents)):
                self._of[stands].add(code)

    def of(self, codes: Iterable[str]) -> set[str]:
        return {leaf for code in codes for leaf in self._of.get(code, ())}
