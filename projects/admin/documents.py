"""Document types and the library in the admin, kept by administrators of the country; documents are only read there."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from ground.admin import CountryAdmin, HistoryAdmin, ReadOnlyRights
from projects.forms.documents import LibraryEntryForm
from projects.models import Document, DocumentType, LibraryEntry, Project


@admin.register(DocumentType)
class DocumentTypeAdmin(CountryAdmin):
    list_display = ["name", "phase", "position", "is_required", "is_in_use"]
    list_filter = ["phase", "is_required", "is_in_use"]
    search_fields = ["name"]

    def has_delete_permission(self, request: HttpRequest, obj: DocumentType | None = None) -> bool:
        """A type that is no longer wanted is no longer proposed: what was filed under it keeps its name."""
        return False


@admin.register(LibraryEntry)
class LibraryEntryAdmin(CountryAdmin):
    form = LibraryEntryForm
    list_display = ["title", "phase", "position", "since", "until", "filename", "link"]
    list_filter = ["phase"]
    search_fields = ["title", "description", "source"]
    fields = ["phase", "position", "title", "description", "source", "link", "current_file", "file", "since", "until"]
    readonly_fields = ["current_file"]

    @admin.display(description="fichier actuel")
    def current_file(self, entry: LibraryEntry) -> str:
        return _link("library_download", entry.filename, entry.pk) if entry.file else "aucun"

    def get_fields(self, request: HttpRequest, obj: LibraryEntry | None = None) -> list[str]:
        """Who only reads is not shown the stored path, which no address serves."""
        return [name for name in self.fields if name != "file" or self.has_change_permission(request, obj)]


@admin.register(Document)
class DocumentAdmin(ReadOnlyRights, HistoryAdmin):
    list_display = ["__str__", "project", "type", "dated_on", "recorded_at", "recorded_by", "withdrawn_at"]
    list_filter = ["type", "withdrawn_at"]
    list_select_related = ["project", "type", "recorded_by"]
    search_fields = ["title", "filename", "project__search_name"]
    fields = ["project", "stage", "type", "title", "dated_on", "download", "content_type", "size", "sha256"]
    fields += ["recorded_at", "recorded_by", "withdrawn_at", "withdrawal"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        return super().get_queryset(request).filter(project__in=Project.objects.for_user(request.user))

    @admin.display(description="fichier")
    def download(self, document: Document) -> str:
        return _link("document_download", document.filename, document.project_id, document.pk)


def _link(name: str, text: str, *about: int) -> str:
    return format_html('<a href="{}">{}</a>', reverse(name, args=about), text)
