"""The dialogue de gestion: meetings, what they decide, the actions they leave, the opinions of commissions."""

from datetime import date
from typing import Self

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from accounts.models import User
from aci.models.contract import Contract
from aci.models.ledger import MONEY
from projects.models import Project
from projects.models.recorded import Recorded
from territories.models import Department, Region


class MeetingQuerySet(models.QuerySet):
    def for_user(self, user: User) -> Self:
        """The meetings about a contract that `user` may read, and the commissions of the departments it may read."""
        departments = user.readable_departments()
        return self.filter(
            Q(contract__project__in=Project.objects.for_user(user))
            | Q(department__in=departments)
            | Q(region__departments__in=departments)
        ).distinct()

    def held(self, day: date) -> Self:
        """Those that have taken place on `day` and were not called off."""
        return self.filter(held_on__lte=day, called_off="")


class Meeting(Recorded):
    """Planned as long as `held_on` is to come; its minutes, dated, make it opposable."""

    class Kind(models.TextChoices):
        COPIL = "copil", "COPIL stratégique"
        COTECH = "cotech", "COTECH"
        DIALOGUE = "dialogue", "Dialogue de gestion annuel"
        INDICATORS = "indicators", "Réunion sur les indicateurs"
        CPL = "cpl", "Commission paritaire locale (CPL)"
        CPR = "cpr", "Commission paritaire régionale (CPR)"

    kind = models.CharField("réunion", max_length=12, choices=Kind)
    contract = models.ForeignKey(
        Contract, models.CASCADE, null=True, blank=True, related_name="meetings", verbose_name="contrat"
    )
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="département"
    )
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="région")
    held_on = models.DateField("date")
    year = models.PositiveSmallIntegerField(
        "année de contrat examinée", null=True, blank=True, validators=[MinValueValidator(1)]
    )
    place = models.CharField("lieu", max_length=150, blank=True)
    agenda = models.TextField("ordre du jour", blank=True)
    participants = models.TextField("participants", blank=True, help_text="Une personne par ligne.")
    minutes = models.TextField("compte rendu", blank=True)
    minutes_on = models.DateField("compte rendu daté du", null=True, blank=True)
    minutes_document = models.ForeignKey(
        "projects.Document", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="compte rendu joint"
    )
    called_off = models.CharField("annulée parce que", max_length=200, blank=True)

    objects = MeetingQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = "réunion"
        ordering = ["held_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(kind="cpl", contract=None, department__isnull=False, region=None)
                    | Q(kind="cpr", contract=None, department=None, region__isnull=False)
                    | (~Q(kind__in=["cpl", "cpr"]) & Q(contract__isnull=False, department=None, region=None))
                ),
                name="meeting_belongs_to_one_body",
                violation_error_message="Une CPL est d'un département, une CPR d'une région, le reste d'un contrat.",
            ),
            models.CheckConstraint(
                condition=~Q(kind="dialogue") | Q(year__isnull=False),
                name="dialogue_is_about_a_year",
                violation_error_message="Dites de quelle année de contrat le dialogue fait le bilan.",
            ),
            models.CheckConstraint(
                condition=Q(minutes_on=None) | Q(minutes_on__gte=F("held_on")),
                name="minutes_follow_the_meeting",
                violation_error_message="Le compte rendu ne peut pas précéder la réunion.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.held_on:%d/%m/%Y}"

    def get_absolute_url(self) -> str:
        return reverse("meeting", args=[self.pk])

    @property
    def has_minutes(self) -> bool:
        return self.minutes_on is not None and bool(self.minutes or self.minutes_document_id)

    @property
    def body(self) -> str:
        """Whose meeting it is, in words."""
        return str(self.department or self.region or self.contract.project)


class MeetingDecision(Recorded):
    """What a meeting has decided. Applied in one click, it acts on the contract; an arbitration is only kept."""

    class Kind(models.TextChoices):
        ENGAGE = "engage", "Engager une mission"
        STOP = "stop", "Arrêter une mission"
        PAY = "pay", "Valider un paiement"
        INDICATORS = "indicators", "Retenir les indicateurs d'une année"
        AMEND = "amend", "Conclure un avenant"
        ARBITRATE = "arbitrate", "Arbitrage"

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="decisions", verbose_name="réunion")
    kind = models.CharField("décision", max_length=12, choices=Kind)
    text = models.TextField("ce qui est décidé", blank=True)
    mission = models.SlugField("mission", max_length=40, blank=True)
    effective_on = models.DateField("date d'effet", null=True, blank=True)
    year = models.PositiveSmallIntegerField(
        "année de contrat", null=True, blank=True, validators=[MinValueValidator(1)]
    )
    line = models.CharField("ligne de l'échéancier", max_length=12, blank=True)  # a DueKind
    amount = models.DecimalField("montant (€)", null=True, blank=True, **MONEY)
    indicator_set = models.ForeignKey(
        "aci.IndicatorSet", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="version retenue"
    )
    applied_at = models.DateTimeField("appliquée le", null=True, blank=True)
    applied_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    history = HistoricalRecords()

    class Meta:
        verbose_name = "décision"
        ordering = ["meeting", "pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.meeting}"


class ActionQuerySet(models.QuerySet):
    def for_user(self, user: User) -> Self:
        """Those of the contracts that `user` may read."""
        return self.filter(contract__project__in=Project.objects.for_user(user))


class Action(Recorded):
    """What somebody is to do; open, it is carried from each meeting to the next until it is done or given up."""

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="actions", verbose_name="contrat")
    raised_in = models.ForeignKey(
        Meeting, models.SET_NULL, null=True, blank=True, related_name="actions", verbose_name="décidée en"
    )
    text = models.CharField("action", max_length=300)
    owner = models.CharField("responsable", max_length=150)
    due_on = models.DateField("échéance")
    closed_on = models.DateField("close le", null=True, blank=True)
    outcome = models.CharField("ce qui a été fait", max_length=300, blank=True)

    objects = ActionQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = "action"
        ordering = ["due_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_on=None) | ~Q(outcome=""),
                name="closed_action_says_how",
                violation_error_message="Dites ce qui a été fait, ou pourquoi l'action est abandonnée.",
            ),
        ]

    def __str__(self) -> str:
        return self.text


class CommissionOpinion(Recorded):
    """The opinion of a CPL or a CPR on the difficulties of a CPTS (ARS Bourgogne-Franche-Comté, phase 5)."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="opinions", verbose_name="commission")
    project = models.ForeignKey(Project, models.CASCADE, related_name="commission_opinions", verbose_name="projet")
    difficulty = models.TextField("difficulté")
    opinion = models.TextField("avis de la commission", blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "avis de commission"
        verbose_name_plural = "avis de commission"
        ordering = ["meeting", "pk"]

    def __str__(self) -> str:
        return f"{self.meeting} : {self.project}"
