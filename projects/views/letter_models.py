"""The models of the letters: which are in force, what they may say, how to replace one."""

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from ground.templatetags.french import day as in_words
from projects.forms.letters import LetterModelForm
from projects.letters.fields import FIELDS, MENTIONS, Group
from projects.letters.replacing import NOT_YOURS, hold_models, may_replace_some, readable_models
from projects.models import LetterKind
from projects.views.access import atomic_when_sent
from projects.views.files import attachment


@require_safe
def letter_models(request: HttpRequest) -> HttpResponse:
    """The models in force, to come and former, each to download; and the reference of the fields."""
    today = timezone.localdate()
    models = readable_models(request.user).select_related("department", "recorded_by").annotate(uses=Count("letters"))
    by_kind = [(kind, MENTIONS[kind], [model for model in models if model.kind == kind]) for kind in LetterKind]
    context = {
        "kinds": by_kind,
        "today": today,
        "groups": [(group, [field for field in FIELDS.values() if field.group == group]) for group in Group],
        "may_replace": may_replace_some(request.user),
    }
    return render(request, "projects/letter_models.html", context)


@require_safe
def letter_model_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    return attachment(request, get_object_or_404(readable_models(request.user), pk=pk))


@atomic_when_sent
def letter_model_new(request: HttpRequest) -> HttpResponse:
    """Replace the model of a letter, from a day on."""
    if not may_replace_some(request.user):
        raise PermissionDenied(NOT_YOURS)
    asked = request.GET.get("courrier", "")
    if asked and asked not in LetterKind:
        raise BadRequest("Ce courrier n'existe pas.")
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    if sent:
        hold_models(request.user)
    form = LetterModelForm(*sent, user=request.user, initial={"kind": asked})
    if form.is_valid():
        model = form.save()
        messages.success(request, f"Le modèle est enregistré : {model}, à partir du {in_words(model.since)}.")
        return redirect("letter_models")
    return render(request, "projects/letter_model.html", {"form": form}, status=422 if form.is_bound else 200)
