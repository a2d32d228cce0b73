"""Perimeters: dated sets of leaf zones. Population and overlaps are sums and intersections of these sets."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from ground.periods import Period, PeriodQuerySet, true_on
from ground.templatetags.french import day as in_words
from ground.text import digest
from territories.models.zone import Zone


class Perimeter(models.Model):
    """The territory of one project over time."""

    zones = models.ManyToManyField(Zone, through="PerimeterZone", related_name="perimeters")

    class Meta:
        verbose_name = "périmètre"

    def __str__(self) -> str:
        return f"Périmètre {self.pk}"

    def zones_on(self, day: date) -> models.QuerySet[Zone]:
        return Zone.objects.filter(true_on(day, "memberships__"), memberships__perimeter=self)

    def last_change(self) -> date | None:
        """The last day on which it changed, past or planned; None for a perimeter that never held any zone.

        No query when the memberships and the changes were fetched before.
        """
        moved = (day for held in self.memberships.all() for day in (held.since, held.until) if day)
        recorded = (change.since for change in self.changes.all() if not change.taken_back_at)
        return max((*moved, *recorded), default=None)

    def fingerprint(self) -> str:
        """Differs as soon as a zone comes, leaves or is told in part: what was decided on an older one is stale."""
        rows = self.memberships.order_by("pk").values_list("zone__code", "is_partial", "since", "until")
        return digest(sorted(map(str, rows)))

    @transaction.atomic
    def set_zones(
        self,
        zones: Iterable[Zone],
        since: date,
        *,
        partial: Iterable[Zone] = (),
        by=None,
        reason: str = "",
        origin: str = "",
    ) -> "PerimeterChange | None":
        """From `since` on, the perimeter holds exactly `zones`, those of today even when `since` is before they began:
        so are imported tables told. Who decides on a day is held to the zones of that day (projects/perimeters.py).

        `partial` names those of which only a part is held, not yet known which. Zones that leave are closed at `since`,
        so the perimeter as it was before stays readable; what changed is returned, None when nothing did.
        Raises ValidationError when it has changed after `since`, or when a zone no longer exists.
        """
        if refusal := self._why_not_since(since):
            raise ValidationError(refusal)
        settled = max(since, timezone.localdate())
        wanted = dict.fromkeys(existing_leaves(zones, settled), False)
        wanted |= dict.fromkeys(existing_leaves(partial, settled), True)
        entered, left = self._hold(wanted, since, by)
        if not entered and not left:
            return None
        return self.changes.create(
            since=since,
            origin=origin or PerimeterChange.Origin.COMPOSED,
            reason=reason,
            entered=told(entered),
            left=told(left),
            recorded_by=by,
        )

    @transaction.atomic
    def undo(self, change: "PerimeterChange") -> None:
        """Hold again what was held before `change`, which must be the last one and marks itself (`take_back`).

        Raises ValidationError when the zones no longer stand as it left them.
        """
        held = {zone.code: is_partial for zone, is_partial in self._held().items()}
        entered = {zone["code"]: zone["is_partial"] for zone in change.entered}
        left = {zone["code"]: zone["is_partial"] for zone in change.left}
        others = {code: is_partial for code, is_partial in held.items() if code not in entered}
        before = others | left
        leaves = Zone.objects.leaves(max(change.since, timezone.localdate()))
        zones = {zone.code: zone for zone in leaves.filter(code__in=before)}
        as_it_left_them = entered.items() <= held.items() and others.keys().isdisjoint(left)
        if not as_it_left_them or zones.keys() != before.keys() or self.last_change() != change.since:
            raise ValidationError("Les zones de ce changement ont changé depuis : composez le périmètre de nouveau.")
        # What comes back on that very day had come by an earlier change of the day.
        earlier = self.changes.filter(since=change.since, taken_back_at=None, pk__lt=change.pk).first()
        self._hold({zones[code]: before[code] for code in before}, change.since, earlier and earlier.recorded_by)

    def _held(self) -> dict[Zone, bool]:
        """What it holds after its last change, and whether in part."""
        return {row.zone: row.is_partial for row in self.memberships.filter(until=None).select_related("zone")}

    def _hold(self, wanted: Mapping[Zone, bool], since: date, by) -> tuple[dict[Zone, bool], dict[Zone, bool]]:
        """Write that it holds `wanted` from `since` on; returns what has entered and what has left.

        One row for each time a zone is held without interruption: what comes back the day it left had never left.
        """
        held = self._held()
        entered = {zone: is_partial for zone, is_partial in wanted.items() if held.get(zone) != is_partial}
        left = {zone: is_partial for zone, is_partial in held.items() if wanted.get(zone) != is_partial}
        leaving = self.memberships.filter(until=None, zone__in=left)
        leaving.filter(since=since).delete()
        leaving.update(until=since)
        closed = self.memberships.filter(until=since, zone__in=entered).select_related("zone")
        interrupted = {row.zone: row for row in closed if row.is_partial == entered[row.zone] and row.since < since}
        self.memberships.filter(pk__in=[row.pk for row in interrupted.values()]).update(until=None)
        PerimeterZone.objects.bulk_create(
            PerimeterZone(perimeter=self, zone=zone, is_partial=is_partial, since=since, recorded_by=by)
            for zone, is_partial in entered.items()
            if zone not in interrupted
        )
        return entered, left

    def _why_not_since(self, day: date) -> str:
        last_change = self.last_change()
        if last_change is None or day >= last_change:
            return ""
        if last_change > timezone.localdate():
            return (
                f"Un changement du périmètre est déjà prévu le {in_words(last_change)} : annulez-le d'abord, ou "
                "choisissez ce jour ou un jour plus éloigné."
            )
        standing = [change for change in self.changes.all() if not change.taken_back_at]
        of_the_day = [change.origin for change in standing if change.since == last_change]
        by_the_ground = {PerimeterChange.Origin.SPLIT, PerimeterChange.Origin.GEOGRAPHY}.issuperset(of_the_day)
        why = " (la géographie a changé ce jour-là)" if of_the_day and by_the_ground else ""
        return (
            f"Le périmètre a déjà changé le {in_words(last_change)}{why} : choisissez ce jour ou un jour plus récent."
        )


def leaves_of(zones: Iterable[Zone], day: date | None = None) -> list[Zone]:
    """The leaf zones of `day` (today) that `zones` stand for, in code order: Paris gives its twenty arrondissements."""
    chosen = {zone.pk for zone in zones}
    if not chosen:
        return []
    of_them = Q(pk__in=chosen) | Q(parent__in=chosen) | Q(parent__parent__in=chosen)
    return list(Zone.objects.leaves(day).filter(of_them).select_related("parent").order_by("code"))


def existing_leaves(zones: Iterable[Zone], day: date) -> list[Zone]:
    """As `leaves_of`; raises ValidationError for a zone that stands for none on `day`: absorbed, or yet to come."""
    chosen = list(zones)
    leaves = leaves_of(chosen, day)
    covering = {
        ancestor for zone in leaves for ancestor in (zone.pk, zone.parent_id, zone.parent and zone.parent.parent_id)
    }
    if vanished := [str(zone) for zone in chosen if zone.pk not in covering]:
        raise ValidationError(f"N'existe plus, ou pas encore, le {in_words(day)} : {', '.join(vanished)}.")
    return leaves


def told(zones: Mapping[Zone, bool]) -> list[dict[str, Any]]:
    """Zones as a change keeps them: in words, since a zone may be renamed or vanish later."""
    return [
        {"code": zone.code, "name": zone.name, "population": zone.population, "is_partial": is_partial}
        for zone, is_partial in sorted(zones.items(), key=lambda item: item[0].code)
    ]


class PerimeterChange(models.Model):
    """What changed in a perimeter on a day, why, and who recorded it when; a change taken back stays, with its reason.

    `entered` and `left` list zones: code, name, population, is_partial. A zone held otherwise is in both.
    """

    class Origin(models.TextChoices):
        COMPOSED = "composed", "Composition"
        AMENDMENT = "amendment", "Avenant au périmètre"
        IMPORT = "import", "Import d'un tableau"
        MERGER = "merger", "Fusion de projets"
        CONCILIATION = "conciliation", "Conciliation"
        SPLIT = "split", "Découpage d'une commune"
        GEOGRAPHY = "geography", "Nouvelle géographie"

    perimeter = models.ForeignKey(Perimeter, models.CASCADE, related_name="changes", verbose_name="périmètre")
    since = models.DateField("en vigueur depuis le")
    origin = models.CharField("nature", max_length=20, choices=Origin)
    reason = models.TextField("motif", blank=True)
    entered = models.JSONField("zones ajoutées", default=list)
    left = models.JSONField("zones retirées", default=list)
    recorded_at = models.DateTimeField("saisi le", auto_now_add=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="saisi par"
    )
    taken_back_at = models.DateTimeField("annulé le", null=True, blank=True)
    taken_back_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="annulé par"
    )
    taken_back_reason = models.TextField("raison de l'annulation", blank=True)

    class Meta:
        verbose_name = "changement de périmètre"
        verbose_name_plural = "changements de périmètre"
        ordering = ["-since", "-pk"]

    def __str__(self) -> str:
        return f"{self.get_origin_display()} du {in_words(self.since)}"

    @transaction.atomic
    def take_back(self, reason: str, *, by) -> None:
        """Undo it, the last one of its perimeter; it stays, with the reason. Raises ValidationError as `undo` does."""
        self.perimeter.undo(self)
        self.taken_back_at, self.taken_back_by, self.taken_back_reason = timezone.now(), by, reason
        self.save(update_fields=["taken_back_at", "taken_back_by", "taken_back_reason"])


class PerimeterZoneQuerySet(PeriodQuerySet):
    def lasting(self, since: date) -> Self:
        """Those true on `since` or later."""
        return self.filter(Q(until=None) | (Q(until__gt=since) & Q(until__gt=F("since"))))


class PerimeterZone(Period):
    """A zone held by a perimeter between two dates."""

    perimeter = models.ForeignKey(Perimeter, models.CASCADE, related_name="memberships", verbose_name="périmètre")
    zone = models.ForeignKey(
        Zone, models.PROTECT, related_name="memberships", verbose_name="zone", db_index=False
    )  # the index below begins with it
    is_partial = models.BooleanField(
        "en partie", default=False, help_text="Une partie seulement de la zone, pas encore précisée."
    )
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="saisi par"
    )

    objects = PerimeterZoneQuerySet.as_manager()

    class Meta(Period.Meta):
        abstract = False
        verbose_name = "zone du périmètre"
        verbose_name_plural = "zones du périmètre"
        indexes = [models.Index(fields=["zone", "since", "until", "perimeter", "is_partial"], name="who_holds_a_zone")]
        constraints = [
            *Period.Meta.constraints,
            models.UniqueConstraint(
                fields=["perimeter", "zone"],
                condition=Q(until=None),
                name="zone_held_once_at_a_time",
                violation_error_message="Cette zone est déjà dans le périmètre.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.zone.name} (en partie)" if self.is_partial else self.zone.name
