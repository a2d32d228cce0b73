"""Telling a commune in parts: which perimeters hold it, what they will hold, and the one locked way to write it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Min, Q

from accounts.models import User
from ground.templatetags.french import day as in_words
from ground.text import digest, search_form
from projects.following import follow_zones
from projects.models import Project
from projects.workflow import lock_all
from projects.zone_parts import Part, Parts
from territories.models import PerimeterChange, PerimeterZone, Zone, ZoneSplit
from territories.models.zone import told_since
from territories.succession import Event, replace_zones


@dataclass(frozen=True, slots=True)
class Holder:
    """A project that holds a zone, now or later, as its reader may know it: out of scope, without a link."""

    project: Project
    is_partial: bool
    since: date
    until: date | None
    is_readable: bool
    may_write: bool


@dataclass(frozen=True)
class SplitPlan:
    """What a split would write, as its review shows it."""

    commune: Zone
    since: date
    parts: Parts

    @property
    def told_since(self) -> str:
        return told_since(self.commune, self.since)

    @property
    def moves_the_past(self) -> bool:
        """Whether populations of days gone by change with it: the parts do not add up to what the commune had."""
        return bool(self.difference) and self.since <= self.commune.origin

    @property
    def difference(self) -> int:
        """What the parts have more than the commune; negative for less."""
        return self.parts.total - self.commune.population

    @property
    def problems(self) -> list[str]:
        return [*self.parts.problems, *self._taken_codes]

    @cached_property
    def _taken_codes(self) -> list[str]:
        codes = {part.code: part.line for part in self.parts.parts}
        taken = Zone.objects.filter(code__in=codes).order_by("code")
        return [f"Ligne {codes[zone.code]} : le code {zone.code} est déjà celui de {zone.name}." for zone in taken]

    @cached_property
    def fingerprint(self) -> str:
        """Differs as soon as the parts, the commune or what perimeters hold of it are no longer as they were shown."""
        held = memberships_of([self.commune], self.since).order_by("pk")
        rows = held.values_list("perimeter", "is_partial", "since", "until")
        commune = self.commune
        stands = (commune.pk, commune.population, commune.vintage, self.since, self.parts.as_text(), *rows)
        return digest(stands)


Times = tuple[int, date, date | None]
"""A perimeter, and the time during which it holds something: its first day, and the day it no longer does."""


def memberships_of(zones: Iterable[Zone], since: date):
    """Who holds these zones on `since` or later."""
    return PerimeterZone.objects.lasting(since).filter(zone__in=zones)


def holders(zones: Iterable[Zone], since: date, reader: User) -> list[Holder]:
    """Once for each time a project holds some of these zones; in part when it holds any of them so."""
    rows = memberships_of(zones, since).values_list("perimeter", "is_partial", "since", "until")
    found: dict[Times, bool] = {}
    for perimeter, is_partial, begins, ends in rows:
        key = perimeter, begins, ends
        found[key] = found.get(key, False) or is_partial
    return _told(found, reader)


def last_holders(zones: Iterable[Zone], reader: User) -> list[Holder]:
    """Each project that holds some of these zones after its last change; in part when it holds any of them so."""
    rows = PerimeterZone.objects.filter(zone__in=zones, until=None).values_list("perimeter")
    told = rows.annotate(begins=Min("since"), in_part=Count("pk", filter=Q(is_partial=True))).order_by()
    return _told({(perimeter, begins, None): bool(in_part) for perimeter, begins, in_part in told}, reader)


def _told(found: Mapping[Times, bool], reader: User) -> list[Holder]:
    perimeters = {perimeter for perimeter, *_ in found}
    told = Project.objects.filter(perimeter__in=perimeters).select_related("lead_department")
    projects = {project.perimeter_id: project for project in told.prefetch_related("other_departments")}
    readable = set(Project.objects.for_user(reader).filter(perimeter__in=perimeters).values_list("pk", flat=True))
    listed = [
        Holder(
            project,
            is_partial,
            begins,
            ends,
            project.pk in readable,
            project.pk in readable and reader.can_write_in(project.department_codes()),
        )
        for (perimeter, begins, ends), is_partial in found.items()
        if (project := projects.get(perimeter))
    ]
    return sorted(listed, key=lambda holder: (holder.project.name, holder.since))


def why_not_split(commune: Zone, since: date) -> str:
    """Why a zone cannot be told in parts from that day on; empty when it can."""
    if commune.kind == Zone.Kind.PART:
        return f"{commune} est déjà une partie de {commune.parent}."
    parts = list(commune.parts.filter(until=None).order_by("code"))
    if any(part.kind == Zone.Kind.ARRONDISSEMENT for part in parts):
        return f"{commune} est déjà découpée en {len(parts)} arrondissements : découpez l'un d'eux."
    if split := ZoneSplit.objects.filter(commune=commune).select_related("recorded_by").first():
        by = f" par {split.recorded_by}" if split.recorded_by else ""
        return f"{commune} est déjà découpée{by} {told_since(commune, split.since)}."
    if parts:
        return f"{commune} est déjà découpée en {len(parts)} parties."
    if commune.until:
        return f"{commune} n'existe plus depuis le {in_words(commune.until)}."
    if commune.since and since < commune.since:
        return f"{commune} n'existe que depuis le {in_words(commune.since)}."
    return ""


def split_commune(user: User, plan: SplitPlan, *, source: str, reason: str, shown: str) -> ZoneSplit:
    """Write the parts, and let every perimeter that holds the commune hold them; all projects wait meanwhile.

    `shown` is the fingerprint of the review that is confirmed. Raises ValidationError when it is no longer true.
    """
    with transaction.atomic():
        lock_all(Project.objects.values("pk"))
        commune = Zone.objects.select_for_update(of=("self",)).get(pk=plan.commune.pk)
        plan = SplitPlan(commune, plan.since, plan.parts)
        obstacle = why_not_split(commune, plan.since)
        if problems := [obstacle] if obstacle else plan.problems:
            raise ValidationError(problems)
        if shown != plan.fingerprint:
            raise ValidationError(
                "Ce que vous confirmez n'est plus ce qui était affiché : les parties, la commune ou les périmètres qui "
                "la tiennent ont changé. Relisez ce qui suit, puis confirmez de nouveau."
            )
        split = ZoneSplit(
            commune=commune,
            since=plan.since,
            source=source,
            difference=plan.difference,
            reason=reason if plan.difference else "",
            recorded_by=user,
        )
        split.full_clean()
        split.save()
        parts = Zone.objects.bulk_create(_zone(part, plan) for part in plan.parts.parts)
        told = f"{commune} est découpée en {len(parts)} parties {plan.told_since} ({source})."
        event = Event({part: [commune] for part in parts}, told)
        replace_zones([event], plan.since, origin=PerimeterChange.Origin.SPLIT, by=user)
        follow_zones({commune: parts})
    return split


def _zone(part: Part, plan: SplitPlan) -> Zone:
    commune = plan.commune
    return Zone(
        code=part.code,
        name=part.name,
        search_name=search_form(part.name),
        kind=Zone.Kind.PART,
        department_id=commune.department_id,
        epci_id=commune.epci_id,
        parent=commune,
        population=part.population,
        vintage=plan.parts.vintage or commune.vintage,
        since=plan.since,
    )
