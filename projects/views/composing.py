"""The acts of the perimeter's editor: each is a form sent, a step of the draft, and the page as it is then."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from ground.templatetags.french import number
from projects.composing import (
    Changes,
    begun,
    effective,
    keep,
    locked_draft,
    net_changes,
    rebase,
    recorded_zones,
    take,
    undo,
)
from projects.composition_facts import zone_rows
from projects.forms.perimeter import FileForm, PasteForm
from projects.models import PerimeterDraft
from projects.pasted_zones import instead
from projects.perimeters import why_ended
from projects.views.access import atomic_when_sent, may_write, readable_project, writable_project
from projects.views.perimeter import asked, editor, whole_page
from projects.zone_choice import Kind, ZoneChoice

MOST_DOUBTS = 500  # communes asked about at once: a form holds a thousand fields at most


class Done(NamedTuple):
    """What an act says of itself, and what its page shows besides; `is_refused` when not all of it could be done."""

    message: str
    shown: dict[str, Any] = {}
    is_refused: bool = False


Act = Callable[[HttpRequest, PerimeterDraft, str], Done]


@require_POST
def perimeter_act(request: HttpRequest, pk: int) -> HttpResponse:
    """One act, named by the button that was pressed. A file is read first: it takes seconds, and nobody waits."""
    acts = ACTS
    if "read" in request.POST and may_write(request, readable_project(request, pk)):
        form = FileForm(request.POST, request.FILES)
        form.full_clean()
        acts = ACTS | {"read": partial(_file, form)}
    return _acted(request, pk, acts)


@atomic_when_sent
def _acted(request: HttpRequest, pk: int, acts: Mapping[str, Act]) -> HttpResponse:
    project = writable_project(request, pk)
    draft = locked_draft(project, request.user) or begun(project, request.user)
    name = next((name for name in acts if name in request.POST), "")
    if obstacle := why_ended(project, timezone.localdate()):
        done = Done(obstacle, is_refused=True)
    elif not name:
        done = Done("Choisissez ce que la composition doit changer.", is_refused=True)
    else:
        done = acts[name](request, draft, request.POST[name])
        keep(draft)
    if request.htmx or done.shown or done.is_refused:
        context = editor(request, project, draft, told=done.message, **done.shown)
        status = 422 if done.is_refused else 200
        if request.htmx:
            return render(request, "projects/perimeter_swapped.html", context, status=status)
        return whole_page(request, context, status=status)
    messages.success(request, done.message)
    kept = {key: value for key in ("q", "tri", "ouvert") if (value := asked(request).get(key))}
    return redirect(f"{reverse('project_perimeter', args=[pk])}{'?' if kept else ''}{urlencode(kept)}")


def _add(request: HttpRequest, draft: PerimeterDraft, value: str) -> Done:
    leaves = ZoneChoice.read(value).leaves()
    return _step(draft, {code: False for code in leaves if code not in draft.zones})


def _remove(request: HttpRequest, draft: PerimeterDraft, value: str) -> Done:
    """Codes as the composition holds them; what an EPCI or a department stands for is asked of the base."""
    choice = ZoneChoice.read(value)
    codes = choice.codes if choice.is_zones and draft.zones.keys() >= set(choice.codes) else choice.leaves()
    return _step(draft, dict.fromkeys(codes))


def _remove_selected(request: HttpRequest, draft: PerimeterDraft, value: str) -> Done:
    selected = request.POST.getlist("zone")
    return _step(draft, dict.fromkeys(selected)) if selected else Done("Cochez d'abord les communes à retirer.")


def _toggle(request: HttpRequest, draft: PerimeterDraft, value: str) -> Done:
    """A commune of the map: held, it leaves; else it comes."""
    leaves = ZoneChoice.read(value).leaves()
    is_held = not draft.zones.keys().isdisjoint(leaves)
    return _step(draft, dict.fromkeys(leaves, None if is_held else False))


def _flag(is_partial: bool) -> Act:
    def flag(request: HttpRequest, draft: PerimeterDraft, value: str) -> Done:
        return _step(draft, {code: is_partial for code in ZoneChoice.read(value).codes if code in draft.zones})

    return flag


def _undo(request: HttpRequest, draft: PerimeterDraft, value: str) -> Done:
    label = undo(draft)
    return Done(f"Annulé : {label}" if label else "Il n'y a plus rien à annuler.")


def _restart(request: HttpRequest, draft: PerimeterDraft, value: str) -> Done:
    """A step as the others: it can be undone."""
    take(draft, net_changes(draft.zones, recorded_zones(draft.project)), "retour au périmètre enregistré")
    return Done("Retour au périmètre enregistré. Vous pouvez encore l'annuler.")


def _abandon(request: HttpRequest, draft: PerimeterDraft, value: str) -> Done:
    draft.steps.clear()
    if draft.pk:
        draft.delete()
    project = draft.project
    draft.zones, draft.started_from = recorded_zones(project), project.perimeter.fingerprint()
    return Done("Votre brouillon est abandonné : voici le périmètre enregistré.")


def _rebase(request: HttpRequest, draft: PerimeterDraft, value: str) -> Done:
    project = draft.project
    rebase(draft, recorded_zones(project), project.perimeter.fingerprint())
    return Done("Vos ajouts et retraits sont repris sur le périmètre actuel.")


def _paste(request: HttpRequest, draft: PerimeterDraft, value: str) -> Done:
    """Add what is understood; the lines that are not stay in the box, each with its reason and what it may mean."""
    text = request.POST.get("text", "")
    code, _, line = request.POST.get("meant", "").partition(" ")
    return _listed(draft, instead(text, line, code) if code else text)


def _listed(draft: PerimeterDraft, text: str) -> Done:
    form = PasteForm({"text": text}, project=draft.project)
    if not form.is_valid():
        return Done("Rien n'a été ajouté.", {"paste_form": form, "swaps_paste": True}, is_refused=True)
    done = _step(draft, form.pasted.zones) if form.pasted.zones else Done("Rien n'a été ajouté.")
    count = len(form.pasted.refused)
    told = f" {count} ligne{'s' if count > 1 else ''} à préciser." if count else ""
    left = PasteForm(initial={"text": form.pasted.left}, project=draft.project)
    shown = {"paste_form": left, "pasted": form.pasted, "swaps_paste": True}
    return Done(f"{done.message}{told}", shown, is_refused=bool(count))


def _file(form: FileForm, request: HttpRequest, draft: PerimeterDraft, value: str) -> Done:
    """Add what the drawing covers wholly, and ask about the rest; a list of names is read as a pasted one."""
    if not form.is_valid():
        return Done("Rien n'a été ajouté.", {"file_form": form, "swaps_file": True}, is_refused=True)
    if form.text:
        done = _listed(draft, form.text)
        return done._replace(shown=done.shown | {"swaps_file": True})
    sure = ZoneChoice(Kind.ZONES, tuple(zone.code for zone in form.covered if not zone.is_doubtful)).leaves()
    done = _step(draft, {code: False for code in sure if code not in draft.zones})
    doubtful = sorted((zone for zone in form.covered if zone.is_doubtful), key=lambda zone: -zone.share)
    rows = zone_rows({zone.code for zone in doubtful})
    asked_about = [(rows[zone.code], zone.share) for zone in doubtful if zone.code in rows]
    count = len(asked_about)
    told = f" {count} commune{'s' if count > 1 else ''} à trancher." if count else ""
    told += f" Les {MOST_DOUBTS} plus couvertes sont montrées." if count > MOST_DOUBTS else ""
    shown = {"doubtful": asked_about[:MOST_DOUBTS], "file_warnings": form.warnings, "swaps_file": True}
    return Done(f"{done.message}{told}", shown)


def _choices(request: HttpRequest, draft: PerimeterDraft, value: str) -> Done:
    """What was decided of each commune that a drawing covers in part."""
    changes: dict[str, bool | None] = {}
    for decision, is_partial in (("whole", False), ("partial", True)):
        decided = [
            name.removeprefix("choice-")
            for name, said in request.POST.items()
            if name.startswith("choice-") and said == decision
        ]
        leaves = ZoneChoice.read(f"{Kind.ZONES}:{','.join(decided)}").leaves()
        changes |= dict.fromkeys(leaves, is_partial)
    return _step(draft, changes)._replace(shown={"swaps_file": True})


ACTS: dict[str, Act] = {
    "add": _add,
    "remove": _remove,
    "remove_selected": _remove_selected,
    "toggle": _toggle,
    "partial": _flag(True),
    "whole": _flag(False),
    "undo": _undo,
    "restart": _restart,
    "abandon": _abandon,
    "rebase": _rebase,
    "meant": _paste,
    "paste": _paste,
    "choices": _choices,
}
"""By the name of the button; a candidate of a pasted list comes before the list itself."""


def _step(draft: PerimeterDraft, changes: Changes) -> Done:
    label = _told(draft, effective(draft.zones, changes))
    take(draft, changes, label)
    return Done(label or "Rien à changer : c'est déjà ainsi.")


def _told(draft: PerimeterDraft, changes: Changes) -> str:
    """« 12 communes ajoutées, 98 204 habitants ; 1 commune retirée : Bondy, 50 595 habitants. »"""
    rows = zone_rows(changes.keys())
    kinds: dict[str, list[str]] = {"ajoutée": [], "retirée": [], "en partie": [], "entière": []}
    for code, held in changes.items():
        if held is None:
            kinds["retirée"].append(code)
        elif code not in draft.zones:
            kinds["ajoutée"].append(code)
        else:
            kinds["en partie" if held else "entière"].append(code)
    told = []
    for kind, codes in kinds.items():
        if codes:
            population = sum(rows[code].population for code in codes if code in rows)
            plural = "s" if len(codes) > 1 else ""
            agreed = kind if kind == "en partie" else f"{kind}{plural}"
            name = f" : {rows[codes[0]].name}" if not plural and codes[0] in rows else ""
            told.append(f"{number(len(codes))} commune{plural} {agreed}{name}, {number(population)} habitants")
    return " ; ".join(told) and f"{' ; '.join(told)}."
