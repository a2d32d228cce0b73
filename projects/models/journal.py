"""The journal of exchanges around a project, and the directory of who to call in a territory."""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Self

from django.db import models
from django.db.models import Case, Exists, OuterRef, Value, When
from simple_history.models import HistoricalRecords

from accounts.models import User
from ground.periods import Period, PeriodQuerySet
from projects.models.recorded import Recorded
from projects.models.stage import Stage
from territories.models import Department, Zone


class JournalEntry(Recorded):
    """A meeting, a call, an e-mail: one line, attached to the step it was about."""

    class Kind(models.TextChoices):
        MEETING = "meeting", "Réunion"
        CALL = "call", "Appel"
        MAIL = "mail", "Courriel"
        LETTER = "letter", "Courrier"
        OTHER = "other", "Autre échange"

    project = models.ForeignKey("projects.Project", models.CASCADE, related_name="journal", verbose_name="projet")
    stage = models.ForeignKey(Stage, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="étape")
    kind = models.CharField("nature", max_length=10, choices=Kind)
    happened_on = models.DateField("date")
    text = models.CharField("en une ligne", max_length=300)
    people = models.CharField("avec", max_length=200, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "échange"
        ordering = ["-happened_on", "-pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} du {self.happened_on:%d/%m/%Y} : {self.text}"


class DirectoryQuerySet(PeriodQuerySet):
    def for_user(self, user: User) -> Self:
        return self.filter(department__in=user.readable_departments())

    def about(self, departments: Collection[str], zones: Iterable[Zone], day: date) -> Self:
        """Who to call on `day` about a territory: those of its departments, unless they follow other communes only."""
        held = {pk for zone in zones for pk in (zone.pk, zone.parent_id) if pk}
        followed = DirectoryEntry.zones.through.objects.filter(directoryentry=OuterRef("pk"))
        here = ~Exists(followed) | Exists(followed.filter(zone__in=held))
        return self.on(day).filter(here, department__in=departments)

    def by_function(self) -> Self:
        """By department, then function in the order of the list of functions; adds its `rank`."""
        ranks = (When(function=value, then=Value(rank)) for rank, value in enumerate(DirectoryEntry.Function.values))
        return self.annotate(rank=Case(*ranks)).order_by("department", "rank", "name", "pk")


class DirectoryEntry(Period):
    """Who to call about a territory: in a whole department, or for some of its communes only."""

    class Function(models.TextChoices):
        ROC_ADMINISTRATIVE = "roc_administrative", "ROC administratif"
        ROC_MEDICAL = "roc_medical", "ROC médical"
        DAM = "dam", "Délégué de l'Assurance Maladie (DAM)"
        CIS = "cis", "Conseiller informatique service (CIS)"
        ELSM = "elsm", "ELSM"
        MSA = "msa", "MSA"
        DD_ARS = "dd_ars", "DD ARS"
        CLS = "cls", "Coordonnateur de CLS"
        URPS = "urps", "URPS"
        DAC = "dac", "DAC"
        FEDERATION = "federation", "Fédération"
        COUNCIL = "council", "Collectivité"
        OTHER = "other", "Autre contact"

    department = models.ForeignKey(
        Department, models.PROTECT, related_name="directory_entries", verbose_name="département"
    )
    zones = models.ManyToManyField(Zone, blank=True, related_name="+", verbose_name="communes suivies")
    function = models.CharField("fonction", max_length=20, choices=Function)
    name = models.CharField("nom", max_length=150)
    organisation = models.CharField("organisme", max_length=150, blank=True)
    email = models.EmailField("courriel", blank=True)
    phone = models.CharField("téléphone", max_length=30, blank=True)
    comment = models.CharField("précision", max_length=200, blank=True)

    objects = DirectoryQuerySet.as_manager()
    history = HistoricalRecords(m2m_fields=[zones])

    class Meta(Period.Meta):
        abstract = False
        verbose_name = "contact du territoire"
        verbose_name_plural = "annuaire du territoire"
        ordering = ["department", "function", "name"]

    def __str__(self) -> str:
        return f"{self.name}, {self.get_function_display()}"
