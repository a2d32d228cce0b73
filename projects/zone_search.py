"""Finding what to add while one types: communes by name, code or former name, EPCI, departments; the nearest first."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Case, IntegerField, Min, Q, QuerySet, When

from accounts.models import User
from ground.text import search_form
from projects.composing import Zones
from projects.models import Project
from projects.overlapping_zones import overlaps_of_zones
from projects.zone_choice import Kind, ZoneChoice, of_epcis, stands_in
from territories.models import Department, Epci, FormerZone, Zone

FEWEST_LETTERS = 2
MOST_COMMUNES = 12
MOST_OTHERS = 4  # EPCI, departments, former names: each
MOST_LETTERS = 100


@dataclass(slots=True)
class Found:
    """What a button adds: its zones of today, how many the composition holds already, who else holds some."""

    choice: ZoneChoice
    name: str
    where: str
    rank: tuple[int, ...] = ()  # the lower, the surer and the nearer
    said: str = ""  # the former name or code that was typed, when it is what was found
    codes: set[str] = field(default_factory=set)
    population: int = 0
    held: int = 0
    others: list[str] = field(default_factory=list)

    @property
    def is_held(self) -> bool:
        return self.held == len(self.codes)

    @property
    def is_group(self) -> bool:
        return len(self.codes) > 1


def search(text: str, project: Project, zones: Zones, day: date, reader: User) -> list[Found]:
    """What `text` may mean, at most some twenty answers; the number of queries does not depend on theirs."""
    words = search_form(text[:MOST_LETTERS])
    if len(words) < FEWEST_LETTERS:
        return []
    near = _Nearness(project)
    found = [
        *_departments(words, near),
        *sorted([*_communes(Zone.objects.on(day), words, near), *_former(words, near)], key=lambda answer: answer.rank),
        *_epcis(words, near),
    ]
    _complete(found, zones)
    _tell_holders(found, project, day, reader)
    return [answer for answer in found if answer.codes]


class _Nearness:
    """How far a department is from the project: its own, those that it reaches, those of its region, the others."""

    def __init__(self, project: Project) -> None:
        self.names = dict(Department.objects.values_list("pk", "name"))
        self._project = project
        self._others = [department.pk for department in project.other_departments.all()]

    def rank(self, prefix: str = "") -> Case:
        """For zones, or for rows that reach one through `prefix`."""
        return Case(
            When(**{f"{prefix}department": self._project.lead_department_id}, then=0),
            When(**{f"{prefix}department__in": self._others}, then=1),
            When(**{f"{prefix}department__region": self._project.lead_department.region_id}, then=2),
            default=3,
            output_field=IntegerField(),
        )

    def told(self, department: str) -> str:
        return f"{self.names[department]} ({department})"


def _departments(words: str, near: _Nearness) -> list[Found]:
    """By number, or by the beginning of a word of their name."""
    matching = [code for code, name in near.names.items() if code.lower() == words or _begins_a_word(words, name)]
    return [
        Found(ZoneChoice(Kind.DEPARTMENT, (code,)), near.names[code], f"département {code}")
        for code in matching[:MOST_OTHERS]
    ]


def _communes(zones: QuerySet[Zone], words: str, near: _Nearness) -> list[Found]:
    """The names that begin so, or of which a word does, before those that only hold these letters."""
    as_code = words.replace(" ", "").upper()
    begins = Q(search_name__startswith=words) | Q(search_name__contains=f" {words}") | Q(code__startswith=as_code)
    rows = (
        zones.annotate(
            near=near.rank(),
            begins=Case(When(begins, then=0), default=1, output_field=IntegerField()),
            is_other=Case(When(Q(search_name=words) | Q(code=as_code), then=0), default=1, output_field=IntegerField()),
        )
        .filter(Q(search_name__contains=words) | Q(code__startswith=as_code))
        .order_by("begins", "near", "is_other", "-population", "code")
    )
    columns = ("code", "name", "department", "begins", "near", "is_other")
    return [
        Found(ZoneChoice(Kind.ZONES, (code,)), name, f"{code}, {near.told(department)}", tuple(rank))
        for code, name, department, *rank in rows.values_list(*columns)[:MOST_COMMUNES]
    ]


def _former(words: str, near: _Nearness) -> list[Found]:
    """« Pierrefitte → Saint-Denis »: former names and codes, with what became of them."""
    known = FormerZone.objects.filter(Q(search_name__startswith=words) | Q(code=words.replace(" ", "").upper()))
    rows = (
        known.annotate(near=near.rank("successor__"))
        .order_by("near", "search_name", "code")
        .values_list("code", "name", "successor__code", "successor__name", "successor__department", "near")
    )
    return [
        Found(
            ZoneChoice(Kind.ZONES, (new,)),
            new_name,
            f"{new}, {near.told(where)}",
            (0, rank, 1),
            said=name or f"ancien code {old}",
        )
        for old, name, new, new_name, where, rank in rows[:MOST_OTHERS]
        if (name, old) != (new_name, new)
    ]


def _epcis(words: str, near: _Nearness) -> list[Found]:
    names = {code: name for code, name in Epci.objects.values_list("code", "name") if _begins_a_word(words, name)}
    zones = Zone.objects.filter(epci__in=names).order_by()
    ranks = dict(zones.values_list("epci").annotate(near=Min(near.rank())))
    nearest = sorted(ranks, key=lambda code: (ranks[code], names[code]))[:MOST_OTHERS]
    return [Found(ZoneChoice(Kind.EPCI, (code,)), names[code], "EPCI") for code in nearest]


def _begins_a_word(words: str, name: str) -> bool:
    return f" {words}" in f" {search_form(name)}"


def _complete(found: list[Found], zones: Zones) -> None:
    """Give each answer the zones that it stands for today."""
    answers: dict[tuple[Kind, str], list[Found]] = defaultdict(list)
    asked: dict[Kind, list[str]] = defaultdict(list)
    for answer in found:
        [code] = answer.choice.codes
        answers[answer.choice.kind, code].append(answer)
        asked[answer.choice.kind].append(code)
    leaves = Zone.objects.leaves().filter(
        stands_in(asked[Kind.ZONES]) | of_epcis(asked[Kind.EPCI]) | Q(department__in=asked[Kind.DEPARTMENT])
    )
    columns = ("department", "epci", "parent__epci", "parent__code", "parent__parent__code")
    for code, population, department, epci, epci_above, *above in leaves.values_list("code", "population", *columns):
        stands_for = {(Kind.DEPARTMENT, department), (Kind.EPCI, epci), (Kind.EPCI, epci_above)}
        stands_for |= {(Kind.ZONES, stood) for stood in (code, *above)}
        for answer in (answer for key in stands_for for answer in answers.get(key, ())):
            answer.codes.add(code)
            answer.population += population
            answer.held += code in zones


def _tell_holders(found: list[Found], project: Project, day: date, reader: User) -> None:
    codes = {code for answer in found for code in answer.codes}
    for holder in overlaps_of_zones(codes, day, reader, but=project):
        for answer in found:
            if not answer.codes.isdisjoint(holder.zones):
                answer.others.append(holder.name)
