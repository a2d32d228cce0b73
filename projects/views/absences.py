from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from accounts.models import User
from projects.forms.absences import AbsenceForm
from projects.forms.withdrawing import WithdrawForm
from projects.models import Absence
from projects.people.colleagues import arranged_by
from projects.stages import remove
from projects.views.access import atomic_when_sent

NOT_YOURS = "Une absence est déclarée par la personne elle-même, son responsable ou un administrateur."


def absences(request: HttpRequest) -> HttpResponse:
    """Who is or will be away among the people one can read, and the past absences of those one arranges."""
    today = timezone.localdate()
    arranged = set(arranged_by(request.user).values_list("pk", flat=True))
    known = Absence.objects.filter(user__in=User.objects.for_user(request.user))
    known = known.select_related("user__institution", "stand_in")
    context = {
        "today": today,
        "arranged": arranged,
        "present": known.filter(Q(until=None) | Q(until__gt=today)).order_by("since", "pk"),
        "past": known.filter(until__lte=today, user__in=arranged),
    }
    return render(request, "projects/absences.html", context)


@atomic_when_sent
def absence_add(request: HttpRequest) -> HttpResponse:
    """Declare one's absence, or that of a colleague one is in charge of."""
    if not arranged_by(request.user).exists() and not request.user.is_administrator:
        raise PermissionDenied(NOT_YOURS)
    form = AbsenceForm(request.POST or None, by=request.user)
    if form.is_valid():
        absence = form.save()
        messages.success(request, f"L'absence est enregistrée : {absence.user}.")
        return redirect("absences")
    return render(request, "projects/absence.html", {"form": form}, status=422 if form.is_bound else 200)


@atomic_when_sent
def absence(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the dates of an absence, which may end today, or withdraw one declared by mistake, and say why."""
    known = Absence.objects.filter(user__in=User.objects.for_user(request.user))
    known = known.select_for_update(of=("self",)) if request.method == "POST" else known.select_related("user")
    declared = get_object_or_404(known, pk=pk)
    if declared.user not in arranged_by(request.user):
        raise PermissionDenied(NOT_YOURS)
    is_withdrawn = "withdraw" in request.POST
    withdrawal = WithdrawForm(request.POST if is_withdrawn else None)
    if withdrawal.is_valid():
        remove(declared, withdrawal.cleaned_data["reason"])
        messages.success(request, f"L'absence est retirée : {declared.user}. L'historique la garde, avec la raison.")
        return redirect("absences")
    form = AbsenceForm(None if is_withdrawn else request.POST or None, instance=declared, by=request.user)
    if form.is_valid():
        form.save()
        messages.success(request, f"L'absence est modifiée : {declared.user}.")
        return redirect("absences")
    context = {"form": form, "withdrawal": withdrawal, "absence": declared}
    return render(request, "projects/absence.html", context, status=422 if request.method == "POST" else 200)
