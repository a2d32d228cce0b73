from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from ground.templatetags.french import day as in_words
from ground.templatetags.french import quoted
from projects.forms.signatures import SignatureForm
from projects.models import SIGNED_BY, Party
from projects.signing import NOTHING_TO_SIGN, may_sign
from projects.states import State
from projects.views.access import readable_project
from projects.views.tabs import tab_context
from projects.withdrawing import may_withdraw

ACTS = {State.LETTER_FILED: "Courrier conjoint", State.VALIDATED: "Contrat ACI"}


def signatures(request: HttpRequest, pk: int) -> HttpResponse:
    """Who has signed the joint letter or the ACI, and the form of the signatures still missing."""
    project = readable_project(request, pk)
    stage = project.stage_on(timezone.localdate())
    stage = stage if stage and stage.state in SIGNED_BY else None
    is_letter = stage is not None and stage.state == State.LETTER_FILED
    context = tab_context(request, project, "project_examination" if is_letter else "project_rollout")
    if not context["may_write"]:
        raise PermissionDenied("Vous lisez ce projet ; ses chargés de suivi enregistrent ses signatures.")
    given = (
        {signature.party: signature for signature in stage.signatures.select_related("recorded_by")} if stage else {}
    )
    parties = SIGNED_BY[State(stage.state)] if stage else ()
    mine = [party for party in parties if party not in given and may_sign(request.user, project, party)]
    asked = list(parties) if request.method == "POST" else mine  # a party that signed meanwhile is told, not unknown
    form = SignatureForm(request.POST or None, project=project, user=request.user, parties=asked or list(Party))
    if form.is_valid():
        try:
            opened = form.save()
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            party = Party(form.cleaned_data["party"])
            messages.success(
                request, f"Signature enregistrée : {party.label}, {in_words(form.cleaned_data['signed_on'])}."
            )
            if opened is None:
                return redirect("signatures", project.pk)
            label = State(opened.state).label
            messages.success(request, f"Tout le monde a signé : {quoted(label)} au {in_words(opened.since)}.")
            return redirect(project)
    context |= {
        "act": ACTS[State(stage.state)] if stage else "",
        "nothing": NOTHING_TO_SIGN,
        "parties": [
            (party, row, row is not None and may_withdraw(request.user, project, row))
            for party in parties
            for row in [given.get(party.value)]
        ],
        "disagreement": stage.escalations.filter(closed_on=None).first() if stage else None,
        "form": form,
        "may_sign": bool(mine) or form.is_bound,
    }
    return render(request, "projects/signatures.html", context, status=422 if form.is_bound else 200)
