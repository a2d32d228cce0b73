"""Projects in the admin: to look things up and repair a name. A state only changes through its steps, on its page."""

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from simple_history.admin import SimpleHistoryAdmin

from accounts.admin import AdministratorAdmin
from projects.models import Assignment, Contact, Note, Project, Promoter, Stage


class ReadOnly:
    """What the pages record with its date and its author is not rewritten here."""

    def has_add_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


class HistoryAdmin(SimpleHistoryAdmin, AdministratorAdmin):
    """The library looks for past versions by their number alone: out of scope they are no more to be found."""

    def history_view(self, request: HttpRequest, object_id: str, *args, **kwargs) -> HttpResponse:
        return super().history_view(request, self.in_scope(request, object_id), *args, **kwargs)

    def history_form_view(self, request: HttpRequest, object_id: str, *args, **kwargs) -> HttpResponse:
        return super().history_form_view(request, self.in_scope(request, object_id), *args, **kwargs)

    def in_scope(self, request: HttpRequest, object_id: str) -> str:
        if self.get_object(request, unquote(object_id)) is None:
            raise Http404
        return object_id


class StageInline(ReadOnly, admin.TabularInline):
    model = Stage
    fields = ["state", "since", "until", "origin", "comment", "reference", "recorded_at", "recorded_by"]
    readonly_fields = fields
    extra = 0


class AssignmentInline(ReadOnly, admin.TabularInline):
    model = Assignment
    extra = 0


class ContactInline(admin.TabularInline):
    model = Contact
    extra = 0


class NoteInline(ReadOnly, admin.TabularInline):
    model = Note
    extra = 0


@admin.register(Project)
class ProjectAdmin(HistoryAdmin):
    list_display = ["name", "lead_department", "state", "promoter", "finess"]
    list_filter = ["state", ("lead_department", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["lead_department", "promoter"]
    search_fields = ["search_name", "finess", "promoter__name"]
    fields = ["name", "state", "lead_department", "other_departments", "promoter", "finess", "created_at"]
    readonly_fields = ["state", "lead_department", "created_at"]
    autocomplete_fields = ["promoter"]
    filter_horizontal = ["other_departments"]
    inlines = [StageInline, AssignmentInline, ContactInline, NoteInline]

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


@admin.register(Stage)
class StageAdmin(ReadOnly, HistoryAdmin):
    list_display = ["project", "state", "since", "until", "origin", "reference", "recorded_at", "recorded_by"]
    list_filter = ["state", "origin"]
    list_select_related = ["project", "recorded_by"]
    date_hierarchy = "since"
    search_fields = ["project__search_name", "reference"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Stage]:
        return super().get_queryset(request).filter(project__in=Project.objects.for_user(request.user))
