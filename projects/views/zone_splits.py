"""Communes told in parts: the list, the two steps of a new one, who holds which part."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from projects.forms.zone_splits import ZoneSplitForm
from projects.zone_splits import holders, last_holders
from territories.models import PerimeterZone, ZoneSplit

View = Callable[..., HttpResponse]


def administrators_only(view: View) -> View:
    @wraps(view)
    def checked(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not request.user.is_administrator:
            raise PermissionDenied("Le découpage des communes est réservé aux administrateurs.")
        return view(request, *args, **kwargs)

    return checked


def readable_splits(request: HttpRequest) -> QuerySet[ZoneSplit]:
    departments = request.user.readable_departments()
    splits = ZoneSplit.objects.filter(commune__department__in=departments)
    return splits.select_related("commune__department", "recorded_by")


@administrators_only
@require_safe
def zone_splits(request: HttpRequest) -> HttpResponse:
    splits = readable_splits(request).annotate(part_count=Count("commune__parts")).order_by("-since", "-pk")
    return render(request, "territories/zone_splits.html", {"splits": splits})


@administrators_only
def zone_split_new(request: HttpRequest) -> HttpResponse:
    """Read the parts, then confirm what was read: what is written is what was shown."""
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    confirms = "confirm" in request.POST
    form = ZoneSplitForm(*sent, user=request.user, confirms=confirms, commune=request.GET.get("commune", ""))
    if form.is_valid() and confirms:
        try:
            split = form.save()
        except ValidationError as refusal:
            form.add_error(None, refusal)
            form.show_again()
        else:
            messages.success(request, f"{split.commune} est découpée.")
            return redirect("zone_split", split.pk)
    if not form.is_bound or form.plan is None:
        return render(request, "territories/zone_split_new.html", {"form": form}, status=422 if form.is_bound else 200)
    plan = form.plan
    context = {"form": form, "plan": plan, "holders": holders([plan.commune], plan.since, request.user)}
    is_fine = form.is_valid() and not plan.problems
    return render(request, "territories/zone_split_review.html", context, status=200 if is_fine else 422)


@administrators_only
@require_safe
def zone_split(request: HttpRequest, pk: int) -> HttpResponse:
    """The parts, and the projects that hold them."""
    split = get_object_or_404(readable_splits(request), pk=pk)
    parts = list(split.commune.parts.filter(kind="part").order_by("code"))
    held: dict[int, list[PerimeterZone]] = {part.pk: [] for part in parts}
    for row in PerimeterZone.objects.filter(zone__in=parts, until=None).select_related("perimeter__project"):
        held[row.zone_id].append(row)
    context = {
        "split": split,
        "parts": [(part, held[part.pk]) for part in parts],
        "total": sum(part.population for part in parts),
        "holders": last_holders(parts, request.user),
    }
    return render(request, "territories/zone_split.html", context)
