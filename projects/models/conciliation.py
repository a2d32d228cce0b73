"""Conciliations: projects that collide, the zones they dispute, what is said and tried, and how it ends."""

from datetime import date
from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from accounts.models import User
from ground.periods import Period, PeriodQuerySet
from projects.conciliation_rules import OutcomeCode
from projects.models.project import Project
from projects.models.recorded import Recorded
from territories.models import PerimeterChange, Zone


class ConciliationQuerySet(PeriodQuerySet):
    def for_user(self, user: User) -> Self:
        """Conciliations of which `user` reads one of the projects."""
        readable = Project.objects.for_user(user)
        return self.filter(
            pk__in=Conciliation.projects.through.objects.filter(project__in=readable).values("conciliation")
        )


class Conciliation(Period):
    """Two projects or more that dispute zones: opened on `since`, closed on `until` by its outcome."""

    projects = models.ManyToManyField(Project, related_name="conciliations", verbose_name="projets")
    zones = models.ManyToManyField(Zone, related_name="conciliations", verbose_name="zones disputées")
    situation = models.CharField("situation à l'ouverture", max_length=20, blank=True)
    subject = models.TextField("objet", blank=True)
    due_on = models.DateField("échéance", null=True, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="saisi par"
    )

    objects = ConciliationQuerySet.as_manager()
    history = HistoricalRecords(m2m_fields=[projects, zones])

    class Meta(Period.Meta):
        abstract = False
        verbose_name = "conciliation"
        ordering = ["-since", "-pk"]

    def __str__(self) -> str:
        return " / ".join(str(project) for project in self.projects.all())

    def get_absolute_url(self) -> str:
        return reverse("conciliation", args=[self.pk])


class ConciliationEntry(Recorded):
    """Something said or proposed during a conciliation."""

    class Kind(models.TextChoices):
        EXCHANGE = "exchange", "Échange"
        MEETING = "meeting", "Réunion"
        PROPOSAL = "proposal", "Proposition"
        POSITION = "position", "Position d'un projet"

    conciliation = models.ForeignKey(Conciliation, models.CASCADE, related_name="entries", verbose_name="conciliation")
    kind = models.CharField("nature", max_length=20, choices=Kind, default=Kind.EXCHANGE)
    happened_on = models.DateField("le")
    text = models.TextField("ce qui a été dit")

    history = HistoricalRecords()

    class Meta:
        verbose_name = "échange de conciliation"
        verbose_name_plural = "échanges de conciliation"
        ordering = ["-happened_on", "-pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} du {self.happened_on:%d/%m/%Y}"


class Scenario(Recorded):
    """One way to share the disputed zones. `basis` is the perimeters it was made on: changed since, it is stale."""

    conciliation = models.ForeignKey(
        Conciliation, models.CASCADE, related_name="scenarios", verbose_name="conciliation"
    )
    name = models.CharField("nom", max_length=100)
    comment = models.TextField("commentaire", blank=True)
    basis = models.CharField("périmètres de départ", max_length=64, editable=False)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "scénario"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["conciliation", "name"],
                name="scenario_named_once",
                violation_error_message="Un scénario porte déjà ce nom.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ScenarioZone(models.Model):
    """To whom a scenario gives a disputed zone; to nobody when `project` is empty."""

    scenario = models.ForeignKey(Scenario, models.CASCADE, related_name="shares", verbose_name="scénario")
    zone = models.ForeignKey(Zone, models.PROTECT, related_name="+", verbose_name="zone")
    project = models.ForeignKey(
        Project, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="attribuée à"
    )

    class Meta:
        verbose_name = "attribution"
        constraints = [
            models.UniqueConstraint(fields=["scenario", "zone"], name="zone_given_once_a_scenario"),
        ]

    def __str__(self) -> str:
        return f"{self.zone} → {self.project or 'personne'}"


class Outcome(Recorded):
    """How a conciliation ended: what was decided, by whom, and since when the perimeters follow it."""

    class Kind(models.TextChoices):
        AGREEMENT = OutcomeCode.AGREEMENT.value, OutcomeCode.AGREEMENT.label
        DG_CHOICE = OutcomeCode.DG_CHOICE.value, OutcomeCode.DG_CHOICE.label
        UNVALIDATED = OutcomeCode.UNVALIDATED.value, OutcomeCode.UNVALIDATED.label
        MERGER = OutcomeCode.MERGER.value, OutcomeCode.MERGER.label
        PARTNERSHIP = OutcomeCode.PARTNERSHIP.value, OutcomeCode.PARTNERSHIP.label
        LAPSED = "lapsed", "Sans objet : la superposition a cessé"

    conciliation = models.OneToOneField(
        Conciliation, models.CASCADE, related_name="outcome", verbose_name="conciliation"
    )
    kind = models.CharField("issue", max_length=20, choices=Kind)
    decided_on = models.DateField("décidée le")
    effective_on = models.DateField("en vigueur depuis le")
    signatory = models.CharField("décidée par", max_length=150)
    motivation = models.TextField("motivation")
    scenario = models.ForeignKey(
        Scenario, models.PROTECT, null=True, blank=True, related_name="outcomes", verbose_name="scénario appliqué"
    )
    successor = models.ForeignKey(
        Project, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="projet qui absorbe ou accueille"
    )
    changes = models.ManyToManyField(
        PerimeterChange, editable=False, related_name="outcomes", verbose_name="changements de périmètre"
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = "issue de conciliation"
        verbose_name_plural = "issues de conciliation"
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind__in=["merger", "partnership"]) | Q(successor__isnull=False),
                name="a_merger_or_partnership_names_its_project",
                violation_error_message="Une fusion ou un partenariat désigne le projet qui absorbe ou accueille.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.decided_on:%d/%m/%Y})"

    def clean(self) -> None:
        super().clean()
        if self.effective_on and self.decided_on and self.effective_on < self.decided_on:
            raise ValidationError({"effective_on": "Une décision ne vaut pas avant le jour où elle est prise."})


def in_conciliation_on(day: date) -> models.QuerySet:
    """The keys of the projects that are in conciliation on `day`."""
    return Conciliation.projects.through.objects.filter(conciliation__in=Conciliation.objects.on(day)).values("project")
