"""Who carries a project and who follows it."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from accounts.models.institution import Side
from ground.periods import Period
from projects.identifiers import validate_rna, validate_siret


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


class Note(models.Model):
    """A free remark about a project, signed and dated."""

    project = models.ForeignKey("projects.Project", models.CASCADE, related_name="notes", verbose_name="projet")
    text = models.TextField("note")
    recorded_at = models.DateTimeField("saisie le", auto_now_add=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="saisie par"
    )

    class Meta:
        verbose_name = "note"
        ordering = ["-recorded_at", "-pk"]

    def __str__(self) -> str:
        return self.text[:80]
