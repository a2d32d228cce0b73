"""Projects in the admin: to look things up and repair a name. A state only changes through its steps, on its page."""

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from ground.admin import AdministratorInline, AdministratorRights, HistoryAdmin, ReadOnlyInline, ReadOnlyRights
from projects.models import Assignment, Contact, Note, Project, Promoter, Stage
from projects.models.project import ProjectQuerySet
from projects.states import State


class WriterRights(AdministratorRights):
    """A project is read in its region and changed in its own departments, here as on its page."""

    def has_change_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or request.user.can_write_in(obj.department_codes()))

    has_add_permission = has_delete_permission = has_change_permission


class StateFilter(admin.SimpleListFilter):
    """By the stage that is true today; `Project.state` may be late on it."""

    title, parameter_name = "état", "etat"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return State.choices

    def queryset(self, request: HttpRequest, queryset: ProjectQuerySet) -> ProjectQuerySet:
        return queryset.in_states({self.value()}, timezone.localdate()) if self.value() else queryset


class StageInline(ReadOnlyInline):
    model = Stage
    fields = ["state", "since", "until", "origin", "comment", "reference", "recorded_at", "recorded_by"]
    readonly_fields = fields


class AssignmentInline(ReadOnlyInline):
    model = Assignment


class ContactInline(WriterRights, AdministratorInline):
    model = Contact


class NoteInline(ReadOnlyInline):
    """Those the administrator may read: `for_user` leaves out what the other institution keeps for itself."""

    model = Note


@admin.register(Project)
class ProjectAdmin(WriterRights, HistoryAdmin):
    list_display = ["name", "lead_department", "state_today", "promoter", "finess"]
    list_filter = [StateFilter, ("lead_department", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["lead_department", "promoter"]
    search_fields = ["search_name", "finess", "promoter__name"]
    fields = ["name", "state_today", "lead_department", "other_departments", "promoter", "finess", "created_at"]
    readonly_fields = ["state_today", "lead_department", "other_departments", "created_at"]
    autocomplete_fields = ["promoter"]
    inlines = [StageInline, AssignmentInline, ContactInline, NoteInline]

    def get_queryset(self, request: HttpRequest) -> ProjectQuerySet:
        return super().get_queryset(request).with_state_on(timezone.localdate())

    @admin.display(description="état", ordering="state_on")
    def state_today(self, project: Project) -> str | None:
        return project.state_on and State(project.state_on).label

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A project begins with a first dated stage: it is created on the site."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        """A project is abandoned or merged, never deleted: what was true stays readable."""
        return False


@admin.register(Promoter)
class PromoterAdmin(HistoryAdmin):
    list_display = ["name", "legal_form", "siret", "rna"]
    list_filter = ["legal_form"]
    search_fields = ["name", "siret", "rna"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Promoter]:
        """Promoters of the projects one reads, and those that carry none."""
        carried = Project.objects.filter(promoter=OuterRef("pk"))
        readable = Project.objects.for_user(request.user).filter(promoter=OuterRef("pk"))
        return super().get_queryset(request).filter(Exists(readable) | ~Exists(carried))

    def has_change_permission(self, request: HttpRequest, obj: Promoter | None = None) -> bool:
        """A promoter belongs to all the projects it carries; without any, to the administrators of the country."""
        allowed = super().has_change_permission(request, obj)
        if obj is None or not allowed or request.user.answers_for_the_country:
            return allowed
        carried = obj.projects.prefetch_related("other_departments")
        return bool(carried) and all(request.user.can_write_in(project.department_codes()) for project in carried)

    def has_delete_permission(self, request: HttpRequest, obj: Promoter | None = None) -> bool:
        """Only one that carries no project can be deleted: the database protects the others."""
        return super().has_delete_permission(request, obj) and request.user.answers_for_the_country


@admin.register(Stage)
class StageAdmin(ReadOnlyRights, HistoryAdmin):
    list_display = ["project", "state", "since", "until", "origin", "reference", "recorded_at", "recorded_by"]
    list_filter = ["state", "origin"]
    list_select_related = ["project", "recorded_by"]
    date_hierarchy = "since"
    search_fields = ["project__search_name", "reference"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Stage]:
        return super().get_queryset(request).filter(project__in=Project.objects.for_user(request.user))
