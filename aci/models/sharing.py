"""What several CPTS do together: pooled means, common protocols, exchange meetings (APTA 93)."""

from decimal import Decimal
from typing import Self

from django.core.validators import MinValueValidator
from django.db import models
from django.urls import reverse
from simple_history.models import HistoricalRecords

from accounts.models import User
from aci.models.ledger import MONEY
from ground.periods import Period, PeriodQuerySet
from projects.models import Project
from projects.models.recorded import Recorded


class SharedActionQuerySet(PeriodQuerySet):
    def for_user(self, user: User) -> Self:
        """Those of which one project at least may be read."""
        readable = Project.objects.for_user(user)
        named = SharedAction.projects.through.objects.filter(project__in=readable)
        return self.filter(pk__in=named.values("sharedaction"))


class SharedAction(Period):
    class Kind(models.TextChoices):
        MEANS = "means", "Moyens mutualisés"
        TOOL = "tool", "Outil commun"
        PROTOCOL = "protocol", "Protocole commun"
        EXCHANGE = "exchange", "Réunion d'échanges (ARS, CPAM, DAC)"
        OTHER = "other", "Autre action commune"

    title = models.CharField("intitulé", max_length=200)
    kind = models.CharField("nature", max_length=10, choices=Kind)
    description = models.TextField("description", blank=True)
    projects = models.ManyToManyField(Project, related_name="shared_actions", verbose_name="CPTS")
    partners = models.TextField("partenaires", blank=True, help_text="Un par ligne : DAC, hôpital, collectivité…")
    amount = models.DecimalField(
        "budget (€)", null=True, blank=True, validators=[MinValueValidator(Decimal("0.01"))], **MONEY
    )
    funder = models.CharField("financé par", max_length=200, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = SharedActionQuerySet.as_manager()
    history = HistoricalRecords(m2m_fields=[projects])

    class Meta(Period.Meta):
        abstract = False
        verbose_name = "action commune"
        verbose_name_plural = "actions communes"
        ordering = ["-since", "title"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("shared_action", args=[self.pk])


class SharedActionEntry(Recorded):
    """A step of its follow-up."""

    shared_action = models.ForeignKey(SharedAction, models.CASCADE, related_name="entries", verbose_name="action")
    happened_on = models.DateField("date")
    text = models.TextField("suivi")

    history = HistoricalRecords()

    class Meta:
        verbose_name = "suivi d'une action commune"
        verbose_name_plural = "suivi des actions communes"
        ordering = ["-happened_on", "-pk"]

    def __str__(self) -> str:
        return self.text[:80]
