"""Who carries a project and who follows it."""

from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from accounts.models import User
from accounts.models.institution import Side
from ground.periods import Period
from projects.identifiers import validate_rna, validate_siret
from projects.models.recorded import Recorded


class Promoter(models.Model):
    """The porteur: since ordonnance 2021-584 an association (CSP L.1434-12-1); before it, any group."""

    class LegalForm(models.TextChoices):
        ASSOCIATION = "association", "Association loi 1901"
        LOCAL_LAW_ASSOCIATION = "local_law_association", "Association de droit local (57, 67, 68)"
        BEING_CREATED = "being_created", "Association en cours de création"
        OTHER = "other", "Autre forme"

    name = models.CharField("nom du porteur", max_length=200)
    legal_form = models.CharField("forme juridique", max_length=30, choices=LegalForm, blank=True)
    siret = models.CharField("SIRET", max_length=14, blank=True, validators=[validate_siret])
    rna = models.CharField(
        "n° RNA",
        max_length=10,
        blank=True,
        validators=[validate_rna],
        help_text="Une association de droit local (57, 67, 68) n'en a pas.",
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = "porteur"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        if self.rna and self.legal_form == self.LegalForm.LOCAL_LAW_ASSOCIATION:
            raise ValidationError({"rna": "Une association de droit local n'a pas de numéro RNA."})


class Contact(models.Model):
    """A person to call about a project, on the promoter's side."""

    project = models.ForeignKey("projects.Project", models.CASCADE, related_name="contacts", verbose_name="projet")
    name = models.CharField("nom", max_length=150)
    function = models.CharField("fonction", max_length=100, blank=True)
    email = models.EmailField("courriel", blank=True)
    phone = models.CharField("téléphone", max_length=30, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "contact"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Assignment(Period):
    """The referent of the ARS or of the Assurance Maladie, between two dates; one at a time for each side."""

    project = models.ForeignKey("projects.Project", models.CASCADE, related_name="assignments", verbose_name="projet")
    side = models.CharField("institution", max_length=10, choices=Side)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="assignments",
        verbose_name="compte",
    )
    name = models.CharField("nom, sans compte", max_length=150, blank=True)

    history = HistoricalRecords()

    class Meta(Period.Meta):
        abstract = False
        verbose_name = "référent"
        ordering = ["side", "-since"]
        constraints = [
            *Period.Meta.constraints,
            models.UniqueConstraint(
                fields=["project", "side"],
                condition=Q(until=None),
                name="one_referent_per_side",
                violation_error_message="Ce projet a déjà un référent de cette institution.",
            ),
            models.CheckConstraint(
                condition=Q(user=None) ^ Q(name=""),
                name="referent_is_an_account_or_a_name",
                violation_error_message="Désignez un compte, ou à défaut un nom.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.user) if self.user else self.name


class Absence(Period):
    """A user who is away, and who stands in; `until` is the first day back."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="absences", verbose_name="personne absente"
    )
    stand_in = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="stands_in_for",
        verbose_name="remplacée par",
    )

    history = HistoricalRecords()

    class Meta(Period.Meta):
        abstract = False
        verbose_name = "absence"
        ordering = ["-since"]
        constraints = [
            *Period.Meta.constraints,
            models.CheckConstraint(
                condition=Q(stand_in=None) | ~Q(stand_in=F("user")),
                name="nobody_stands_in_for_oneself",
                violation_error_message="Une personne ne se remplace pas elle-même.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} depuis le {self.since:%d/%m/%Y}"


class NoteQuerySet(models.QuerySet):
    def for_user(self, user: User) -> Self:
        """Shared notes, and those that the user's own side of the binôme keeps for itself."""
        return self.filter(Q(side="") | Q(side=user.side or "-"))


class Note(Recorded):
    """A free remark about a project, signed and dated: shared, or for the author's own side of the binôme."""

    project = models.ForeignKey("projects.Project", models.CASCADE, related_name="notes", verbose_name="projet")
    text = models.TextField("note")
    side = models.CharField("réservée à", max_length=10, choices=Side, blank=True)

    objects = NoteQuerySet.as_manager()

    class Meta:
        verbose_name = "note"
        ordering = ["-recorded_at", "-pk"]

    def __str__(self) -> str:
        return self.text[:80]
