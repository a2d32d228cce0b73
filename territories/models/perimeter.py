"""Perimeters: dated sets of leaf zones. Population and overlaps are sums and intersections of these sets."""

from collections.abc import Iterable
from datetime import date
from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q, Sum

from ground.periods import Period, PeriodQuerySet, true_on
from ground.templatetags.french import day as in_words
from territories.models.zone import Zone


class PerimeterQuerySet(models.QuerySet):
    def with_population(self, day: date) -> Self:
        """Adds `population` (None when no zone is held) and `zone_count` as they were on `day`."""
        held = true_on(day, "memberships__")
        return self.annotate(
            population=Sum("memberships__zone__population", filter=held),
            zone_count=models.Count("memberships", filter=held),
        )


class Perimeter(models.Model):
    """The territory of one project over time."""

    zones = models.ManyToManyField(Zone, through="PerimeterZone", related_name="perimeters")

    objects = PerimeterQuerySet.as_manager()

    class Meta:
        verbose_name = "périmètre"

    def __str__(self) -> str:
        return f"Périmètre {self.pk}"

    def zones_on(self, day: date) -> models.QuerySet[Zone]:
        return Zone.objects.filter(true_on(day, "memberships__"), memberships__perimeter=self)

    def last_change(self) -> date | None:
        """The last day on which a zone came or left, past or planned; None for a perimeter that never held any.

        No query when the memberships were fetched before.
        """
        days = (day for held in self.memberships.all() for day in (held.since, held.until) if day)
        return max(days, default=None)

    @transaction.atomic
    def set_zones(self, zones: Iterable[Zone], since: date, *, partial: Iterable[Zone] = (), by=None) -> None:
        """From `since` on, the perimeter holds exactly `zones`; a split commune means its parts.

        `partial` names those of which only a part is held, not yet known which. Zones that leave are closed at `since`,
        so the perimeter as it was before stays readable. Raises ValidationError when it has changed after `since`.
        """
        last_change = self.last_change()
        if last_change and since < last_change:
            raise ValidationError(
                f"Le périmètre a déjà changé le {in_words(last_change)} : choisissez ce jour ou un jour plus récent."
            )
        wanted = {zone.pk: False for zone in leaves_of(zones)} | {zone.pk: True for zone in leaves_of(partial)}
        held = {membership.zone_id: membership for membership in self.memberships.filter(until=None)}
        leaving = [m.pk for zone_id, m in held.items() if wanted.get(zone_id) != m.is_partial]
        self.memberships.filter(pk__in=leaving, since__gte=since).delete()
        self.memberships.filter(pk__in=leaving).update(until=since)
        PerimeterZone.objects.bulk_create(
            PerimeterZone(perimeter=self, zone_id=zone_id, is_partial=is_partial, since=since, recorded_by=by)
            for zone_id, is_partial in wanted.items()
            if zone_id not in held or held[zone_id].is_partial != is_partial
        )


def leaves_of(zones: Iterable[Zone]) -> list[Zone]:
    """The leaf zones that `zones` stand for, in code order: Paris (75056) gives its twenty arrondissements."""
    chosen = {zone.pk for zone in zones}
    if not chosen:
        return []
    of_them = Q(pk__in=chosen) | Q(parent__in=chosen) | Q(parent__parent__in=chosen)
    return list(Zone.objects.leaves().filter(of_them).order_by("code"))


class PerimeterZoneQuerySet(PeriodQuerySet):
    def shared_on(self, day: date) -> Self:
        """Memberships that two perimeters share on `day`, once per pair, with the other side as `other_*` columns."""
        return (
            self.on(day)
            .filter(
                true_on(day, "zone__memberships__"),
                zone__memberships__perimeter__gt=F("perimeter"),
            )
            .annotate(
                other_perimeter_id=F("zone__memberships__perimeter"),
                other_is_partial=F("zone__memberships__is_partial"),
            )
        )


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
