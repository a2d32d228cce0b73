"""A CPTS project, from the first idea to the signed contract and after."""

from datetime import date
from typing import Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Count, Exists, Max, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from simple_history.models import HistoricalRecords

from accounts.models import User
from ground.text import one_line, search_form
from projects.identifiers import validate_finess
from projects.models.filing import Filing, Merger
from projects.models.people import Promoter
from projects.models.stage import Stage
from projects.models.steps import StepsMixin
from projects.states import LIVING, State
from territories.models import Department, Perimeter, PerimeterZone

LONGEST_CHAIN = 3  # of mergers into merged projects, across regions: more has never been seen


class ProjectQuerySet(models.QuerySet):
    def in_departments(self, departments: models.QuerySet[Department] | frozenset[str]) -> Self:
        """Projects led by one of `departments` or reaching into one."""
        others = Project.other_departments.through.objects
        reaching = others.filter(project=OuterRef("pk"), department__in=departments)
        return self.filter(Q(lead_department__in=departments) | Exists(reaching))

    def for_user(self, user: User) -> Self:
        """Projects that `user` may read: those of its region, and those merged into one of them."""
        if user.answers_for_the_country:
            return self
        readable = Project.objects.in_departments(user.readable_departments()).values("pk")
        is_readable = Q(pk__in=readable)
        for _ in range(LONGEST_CHAIN):
            readable = Merger.objects.filter(successor__in=readable).values("stage__project")
            is_readable |= Q(pk__in=readable)
        return self.filter(is_readable)

    def with_state_on(self, day: date) -> Self:
        """Adds `state_on` and `state_since`: the state that was true on `day`, None before the project was known."""
        stage = Stage.objects.on(day).filter(project=OuterRef("pk"))
        return self.annotate(
            state_on=Subquery(stage.values("state")[:1]), state_since=Subquery(stage.values("since")[:1])
        )

    def in_states(self, states: frozenset[State], day: date) -> Self:
        return self.filter(Exists(Stage.objects.on(day).filter(project=OuterRef("pk"), state__in=states)))

    def living_on(self, day: date) -> Self:
        """Projects that count on `day`: known, and neither abandoned, merged nor terminated."""
        return self.in_states(LIVING, day)

    def with_territory_on(self, day: date) -> Self:
        """Adds `population` (None when no zone is held), its `vintage` and `zone_count` of the perimeter on `day`."""
        held = PerimeterZone.objects.on(day).filter(perimeter=OuterRef("perimeter")).order_by().values("perimeter")
        return self.annotate(
            population=Subquery(held.values(total=Sum("zone__population"))),
            vintage=Subquery(held.values(latest=Max("zone__vintage"))),
            zone_count=Coalesce(Subquery(held.values(total=Count("pk"))), 0),
        )

    def matching(self, words: str) -> Self:
        """Projects whose name holds every word, whatever the accents and capitals."""
        rows = self
        for word in search_form(words).split():
            rows = rows.filter(search_name__contains=word)
        return rows


class Project(StepsMixin):
    name = models.CharField("nom", max_length=150)
    search_name = models.CharField(max_length=150, editable=False, db_index=True)
    lead_department = models.ForeignKey(
        Department, models.PROTECT, related_name="led_projects", verbose_name="département chef de file"
    )
    other_departments = models.ManyToManyField(
        Department, blank=True, related_name="reaching_projects", verbose_name="autres départements"
    )
    promoter = models.ForeignKey(
        Promoter, models.PROTECT, null=True, blank=True, related_name="projects", verbose_name="porteur"
    )
    finess = models.CharField("n° FINESS", max_length=9, blank=True, validators=[validate_finess])
    perimeter = models.OneToOneField(Perimeter, models.PROTECT, related_name="project", editable=False)
    created_at = models.DateTimeField("créé le", auto_now_add=True)

    objects = ProjectQuerySet.as_manager()
    history = HistoricalRecords(m2m_fields=[other_departments])

    class Meta(StepsMixin.Meta):
        abstract = False
        verbose_name = "projet de CPTS"
        verbose_name_plural = "projets de CPTS"
        ordering = ["search_name", "pk"]
        constraints = [
            *StepsMixin.Meta.constraints,
            models.UniqueConstraint(
                fields=["finess"],
                condition=~Q(finess=""),
                name="finess_belongs_to_one_project",
                violation_error_message="Ce numéro FINESS est déjà celui d'un autre projet.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args, **kwargs) -> None:
        self.name = one_line(self.name)
        self.search_name = search_form(self.name)
        if self.perimeter_id is None:
            self.perimeter = Perimeter.objects.create()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        super().clean()
        if self.name and not search_form(self.name):
            raise ValidationError({"name": "Donnez un nom au projet."})

    def get_absolute_url(self) -> str:
        return reverse("project", args=[self.pk])

    def department_codes(self) -> set[str]:
        """The lead department and those the project reaches into."""
        return {self.lead_department_id, *(department.pk for department in self.other_departments.all())}

    def stage_on(self, day: date) -> Stage | None:
        """The stage that is true on `day`; no query when the stages were fetched before."""
        return next((stage for stage in self.stages.all() if stage.is_true_on(day)), None)

    def state_on_day(self, day: date) -> State | None:
        stage = self.stage_on(day)
        return State(stage.state) if stage else None

    def last_filing(self) -> Filing | None:
        """The latest deposit of its health project, with its piece requests."""
        filings = Filing.objects.filter(stage__project=self).select_related("stage")
        return filings.prefetch_related("piece_requests").order_by("stage__since", "pk").last()

    def state_before_abandon(self) -> State:
        """Where an abandoned project resumes: a filing does not survive, so a filed one goes back to engineering."""
        before = self.stages.exclude(state=State.ABANDONED).last()
        if before is None:
            return State.INITIATIVE
        return State.ENGINEERING if before.state == State.FILED else State(before.state)
