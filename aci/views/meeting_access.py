"""Which meeting a page may show or change: as its contract, or as the territory of a commission."""

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from aci.meeting_rules import may_write_commission
from aci.models import Meeting
from aci.views.access import readable_contract, writable_contract
from projects.forms.rows import RowForm
from projects.views.access import may_write

NOT_YOUR_COMMISSION = "Cette commission s'écrit par les chargés de suivi de ses départements."


def meetings_of(request: HttpRequest) -> QuerySet[Meeting]:
    readable = Meeting.objects.for_user(request.user)
    return readable.select_related("department", "region", "contract", "minutes_document", "recorded_by__institution")


def readable_meeting(request: HttpRequest, pk: int) -> Meeting:
    """The meeting; that of a contract comes with the facts of its contract."""
    meeting = get_object_or_404(meetings_of(request), pk=pk)
    if meeting.contract_id:
        meeting.contract = readable_contract(request, meeting.contract_id)
    return meeting


def writable_meeting(request: HttpRequest, pk: int) -> Meeting:
    """The meeting that a form changes; once the form is sent, its project (of a commission: itself) is held."""
    meeting = get_object_or_404(meetings_of(request), pk=pk)
    if not meeting.contract_id:
        if not may_write_commission(request.user, meeting):
            raise PermissionDenied(NOT_YOUR_COMMISSION)
        return Meeting.objects.select_for_update().get(pk=pk) if request.method == "POST" else meeting
    contract = writable_contract(request, meeting.contract_id)
    meeting = get_object_or_404(meetings_of(request), pk=pk)  # read again, now that nobody else can change it
    meeting.contract = contract
    return meeting


def may_write_in(request: HttpRequest, meeting: Meeting) -> bool:
    if meeting.contract_id:
        return may_write(request, meeting.contract.project)
    return may_write_commission(request.user, meeting)


def form_page(
    request: HttpRequest,
    form: RowForm,
    *,
    title: str,
    back: str,
    parent: Model | None = None,
    lead: str = "",
    obstacles: list[str] | None = None,
    button: str = "Enregistrer",
) -> HttpResponse:
    """The page of one form; `parent` is what it belongs to, `obstacles` why nothing can be written there."""
    told = {"title": title, "parent": parent, "back": back, "lead": lead, "obstacles": obstacles, "button": button}
    return render(request, "aci/meeting_form.html", {"form": form, **told}, status=422 if form.is_bound else 200)
