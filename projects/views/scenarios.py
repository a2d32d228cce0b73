"""What-if: the figures of a way to share the disputed zones, and keeping it under a name."""

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from ground.templatetags.french import quoted
from projects.conciliations.disputes import dispute_of
from projects.conciliations.rights import may_write
from projects.conciliations.scenarios import renew_scenario
from projects.forms.conciliations import ChoiceForm, ScenarioForm
from projects.views.access import saved
from projects.views.conciliation_page import (
    asked_choice,
    conciliation_page,
    readable_conciliation,
    writable_conciliation,
)


@require_GET
def conciliation_variant(request: HttpRequest, pk: int) -> HttpResponse:
    """The figures alone of what the address tries, for the page to show while one chooses."""
    conciliation = readable_conciliation(request, pk)
    dispute = dispute_of(conciliation, request.user)
    form = asked_choice(request, dispute, [])
    context = {
        "conciliation": conciliation,
        "dispute": dispute,
        "choice_form": form,
        "tried": dispute.variant("Essai", form.choice),
        "day": timezone.localdate(),
        "may_write": may_write(request.user, conciliation),
    }
    return render(request, "projects/conciliation_variant.html", context)


@require_POST
def scenario_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what was tried under a name; a refused one comes back on the page, as it was chosen."""
    conciliation = writable_conciliation(request, pk)
    dispute = dispute_of(conciliation, request.user)
    chosen, form = ChoiceForm(request.POST, dispute=dispute, is_whole=True), ScenarioForm(request.POST)
    if not chosen.is_valid():
        form.add_error(
            None, [f"{chosen.fields[name].label} : {error}" for name in chosen.errors for error in chosen.errors[name]]
        )
    if scenario := saved(form, lambda: form.save(request.user, conciliation, chosen.choice)):
        messages.success(request, f"Scénario enregistré : {quoted(scenario.name)}.")
        return redirect(f"{conciliation.get_absolute_url()}#scenarios")
    return conciliation_page(request, pk, scenario_form=form, choice_form=chosen)


@require_POST
def scenario_renew(request: HttpRequest, pk: int, row: int) -> HttpResponse:
    """Confirm a stale scenario on the perimeters of today."""
    conciliation = writable_conciliation(request, pk)
    try:
        scenario = renew_scenario(request.user, pk, row)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    except ObjectDoesNotExist:
        raise Http404("Ce scénario n'existe pas, ou a été retiré.") from None
    else:
        messages.success(request, f"Scénario {quoted(scenario.name)} repris sur les périmètres d'aujourd'hui.")
    return redirect(f"{conciliation.get_absolute_url()}#scenarios")
