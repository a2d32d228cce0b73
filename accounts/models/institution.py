"""Institutions that follow CPTS together, and the side of the binôme each stands on."""

from django.db import models


class Side(models.TextChoices):
    """The two institutions of the binôme. Everybody else reads and gives opinions."""

    ARS = "ars", "ARS"
    INSURANCE = "insurance", "Assurance Maladie"


class Institution(models.Model):
    class Kind(models.TextChoices):
        ARS_HEADQUARTERS = "ars_headquarters", "ARS, siège"
        ARS_DELEGATION = "ars_delegation", "ARS, délégation départementale"
        CPAM = "cpam", "CPAM"
        DCGDR = "dcgdr", "DCGDR"
        MSA = "msa", "MSA"
        ELSM = "elsm", "ELSM"
        URPS = "urps", "URPS"
        OTHER = "other", "Autre lecteur"

    name = models.CharField("nom", max_length=120, unique=True)
    kind = models.CharField("nature", max_length=20, choices=Kind)
    service = models.CharField("service chargé des CPTS", max_length=150, blank=True)
    address = models.TextField("adresse postale", blank=True)
    city = models.CharField("ville d'où partent les courriers", max_length=80, blank=True)
    email = models.EmailField("courriel du service", blank=True)
    phone = models.CharField("téléphone du service", max_length=30, blank=True)

    class Meta:
        verbose_name = "institution"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def side(self) -> Side | None:
        return SIDES.get(self.kind)


SIDES = {
    Institution.Kind.ARS_HEADQUARTERS: Side.ARS,
    Institution.Kind.ARS_DELEGATION: Side.ARS,
    Institution.Kind.CPAM: Side.INSURANCE,
    Institution.Kind.DCGDR: Side.INSURANCE,
}
