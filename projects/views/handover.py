from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from accounts.models import User
from ground.forms import asked_day
from projects.forms.handover import HandOverForm
from projects.people.handover import NOT_YOURS, Portfolio, may_hand_over, portfolios, received


def handover(request: HttpRequest) -> HttpResponse:
    """Hand over a portfolio, `?de=` whose: which projects, to whom, on which day; all of them or none."""
    if not (request.user.is_writer and request.user.own_departments):
        raise PermissionDenied("Seuls les chargés de suivi d'un département passent des projets.")
    offered = portfolios(request.user)
    portfolio = asked_portfolio(request, offered)
    if portfolio is None:
        status = 422 if request.method == "POST" else 200
        return render(request, "projects/handover.html", {"offered": offered}, status=status)
    form = HandOverForm(request.POST or None, portfolio=portfolio, by=request.user)
    if form.is_valid():
        try:
            given = form.save()
        except ValidationError as refusal:
            form.add_error("projects", refusal)
        else:
            taker, plural = form.cleaned_data["taker"], "s" if len(given) > 1 else ""
            messages.success(request, f"{len(given)} projet{plural} passé{plural} à {taker}.")
            return redirect(f"{reverse('handover_done', args=[taker.pk])}?date={form.cleaned_data['day']}")
    context = {"offered": offered, "portfolio": portfolio, "form": form, "rows": form.rows()}
    return render(request, "projects/handover.html", context, status=422 if form.is_bound else 200)


def asked_portfolio(request: HttpRequest, offered: list[Portfolio]) -> Portfolio | None:
    """The one of `?de=`; without it one's own, or the first that can be handed over."""
    key = request.GET.get("de", "")
    if not key:
        own = Portfolio(request.user.side, request.user, "") if request.user.side else None
        return own if own in offered or not offered else offered[0]
    if known := next((each for each in offered if each.key == key), None):
        return known
    try:
        portfolio = Portfolio.named(key, User.objects.for_user(request.user))
    except ValueError as error:
        raise BadRequest("Le portefeuille demandé dans l'adresse ne se lit pas.") from error
    except User.DoesNotExist as error:
        raise Http404("Ce compte n'existe pas, ou n'est pas de votre région.") from error
    if not may_hand_over(request.user, portfolio):
        raise PermissionDenied(NOT_YOURS)
    return portfolio


def handover_done(request: HttpRequest, pk: int) -> HttpResponse:
    """The projects that somebody was given on a day, and by whom."""
    taker = get_object_or_404(User.objects.for_user(request.user), pk=pk)
    day = asked_day(request)
    context = {"taker": taker, "day": day, "received": received(taker, day, request.user)}
    return render(request, "projects/handover_done.html", context)
