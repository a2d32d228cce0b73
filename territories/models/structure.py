"""What coordinated practice already exists on a territory: located structures, told by a file that names its source."""

from datetime import date, timedelta
from typing import Self

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from ground.text import one_line, search_form
from territories.models.geography import Department
from territories.models.zone import Zone


class StructureQuerySet(models.QuerySet):
    def for_user(self, user) -> Self:
        """Structures that cover a commune of the regions `user` reads."""
        covered = Structure.zones.through.objects.filter(structure=OuterRef("pk"))
        return self.filter(Exists(covered.filter(zone__department__in=user.readable_departments())))

    def on(self, day: date) -> Self:
        """Those that exist on `day`; one that tells no date is taken to exist."""
        return self.filter(Q(since=None) | Q(since__lte=day), Q(until=None) | Q(until__gt=day))

    def covering(self, zones: models.QuerySet[Zone]) -> Self:
        """Those that cover one of `zones`; a structure told for a split commune covers its parts."""
        covered = Structure.zones.through.objects.filter(structure=OuterRef("pk"))
        return self.filter(Exists(covered.filter(_met_by(zones))))

    def with_share(self, zones: models.QuerySet[Zone]) -> Self:
        """Adds `zone_count`, the communes it covers, and `met_count`, those of them that `zones` meet."""
        covered = Structure.zones.through.objects.filter(structure=OuterRef("pk")).order_by().values("structure")
        met = covered.filter(_met_by(zones))
        return self.annotate(
            zone_count=Coalesce(Subquery(covered.values(total=Count("pk"))), 0),
            met_count=Coalesce(Subquery(met.values(total=Count("pk"))), 0),
        )


def _met_by(zones: models.QuerySet[Zone]) -> Q:
    """A zone that is one of `zones`, or that is split and has one of them as a part."""
    return (
        Q(zone__in=zones.values("pk")) | Q(zone__in=zones.values("parent")) | Q(zone__in=zones.values("parent__parent"))
    )


class Structure(models.Model):
    """A structure or scheme of coordinated practice, with the communes it covers.

    `department` keeps it: it covers a commune there at least, others elsewhere perhaps; its name is told once there.
    """

    class Kind(models.TextChoices):
        MSP = "msp", "Maison de santé pluriprofessionnelle (MSP)"
        CDS = "cds", "Centre de santé (CDS)"
        ESP = "esp", "Équipe de soins primaires (ESP)"
        ESS = "ess", "Équipe de soins spécialisés (ESS)"
        CLS = "cls", "Contrat local de santé (CLS)"
        GHT = "ght", "Groupement hospitalier de territoire (GHT)"
        GCS = "gcs", "Groupement de coopération sanitaire (GCS)"
        DAC = "dac", "Dispositif d'appui à la coordination (DAC)"
        SAS = "sas", "Service d'accès aux soins (SAS)"
        ON_CALL = "garde", "Secteur de garde"
        COLLECTIVE = "collectif", "Collectif ou association de professionnels"
        OTHER = "autre", "Autre"

    kind = models.CharField("nature", max_length=20, choices=Kind)
    name = models.CharField("nom", max_length=200)
    search_name = models.CharField(max_length=200, editable=False, db_index=True)
    department = models.ForeignKey(Department, models.PROTECT, related_name="structures", verbose_name="département")
    zones = models.ManyToManyField(Zone, related_name="structures", verbose_name="communes")
    contact = models.CharField("contact", max_length=300, blank=True)
    since = models.DateField("depuis le", null=True, blank=True)
    until = models.DateField("jusqu'au (exclu)", null=True, blank=True)
    source = models.CharField("source", max_length=200, blank=True)
    recorded_at = models.DateTimeField("saisi le", auto_now=True)

    objects = StructureQuerySet.as_manager()

    class Meta:
        verbose_name = "structure"
        ordering = ["kind", "search_name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(since=None) | Q(until=None) | Q(until__gte=F("since")),
                name="structure_ends_after_it_starts",
                violation_error_message="La fin d'une structure ne peut pas précéder son début.",
            ),
            models.UniqueConstraint(
                fields=["kind", "search_name", "department"],
                name="structure_told_once_a_department",
                violation_error_message="Une structure de même nature et de même nom est déjà dans ce département.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args, **kwargs) -> None:
        self.name = one_line(self.name)
        self.search_name = search_form(self.name)
        super().save(*args, **kwargs)

    @property
    def last_day(self) -> date | None:
        """The last day on which it exists, as people say « jusqu'au »; None while it lasts."""
        return self.until - timedelta(days=1) if self.until else None

    @property
    def kind_label(self) -> str:
        """The short name people use: MSP, CLS… or the whole label when there is none."""
        label = self.get_kind_display()
        return label.rpartition("(")[2].rstrip(")") if label.endswith(")") else label
