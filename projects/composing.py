"""Composing a perimeter: each act is a step that can be undone, and nothing is recorded before the end.

The draft lives on the server: a page left, a browser without JavaScript or a second window lose nothing.
"""

from collections.abc import Mapping

from accounts.models import User
from ground.text import digest
from projects.models import PerimeterDraft, Project
from projects.zone_choice import stands_in
from territories.models import Zone

Zones = Mapping[str, bool]  # code of each zone held → whether only a part of it is
Changes = Mapping[str, bool | None]  # the same; None for a zone that is no longer held

MOST_STEPS = 200
MOST_REMEMBERED = 150_000
"""Zones that all steps together may remember: four times the country. Beyond, the two oldest steps become one."""


def recorded_zones(project: Project) -> dict[str, bool]:
    """The perimeter as it was last recorded: what a composition begins with."""
    return dict(project.perimeter.memberships.filter(until=None).values_list("zone__code", "is_partial"))


def seal(zones: Zones) -> str:
    """Differs as soon as the composition does: what a page shows is what it records."""
    return digest(sorted(zones.items()))


def draft_of(project: Project, user: User) -> PerimeterDraft | None:
    return PerimeterDraft.objects.filter(project=project, user=user).first()


def unfinished(project: Project, user: User) -> PerimeterDraft | None:
    """The draft to remind its author of: one that would change something."""
    draft = draft_of(project, user)
    return draft if draft and draft.zones != recorded_zones(project) else None


def locked_draft(project: Project, user: User) -> PerimeterDraft | None:
    """The draft, held until the end of the transaction: acts of two windows come one after the other."""
    return PerimeterDraft.objects.select_for_update().filter(project=project, user=user).first()


def begun(project: Project, user: User) -> PerimeterDraft:
    """A draft that holds what is recorded; `keep` stores it once it has a step."""
    fingerprint = project.perimeter.fingerprint()
    return PerimeterDraft(project=project, user=user, zones=recorded_zones(project), started_from=fingerprint)


def keep(draft: PerimeterDraft) -> None:
    """Store the draft; one without a step is no composition under way and is dropped."""
    if draft.steps:
        draft.save()
    elif draft.pk:
        draft.delete()


def take(draft: PerimeterDraft, changes: Changes, label: str) -> dict[str, bool | None]:
    """One more step: those of `changes` that change something, which are returned. None of them is no step."""
    taken = effective(draft.zones, changes)
    if taken:
        draft.steps.append({"label": label, "before": {code: draft.zones.get(code) for code in taken}})
        _apply(draft.zones, taken)
        _merge_the_oldest(draft.steps)
    return taken


def effective(zones: Zones, changes: Changes) -> dict[str, bool | None]:
    return {code: held for code, held in changes.items() if zones.get(code) != held}


def undo(draft: PerimeterDraft) -> str:
    """Go back before the last step, whose label is returned; the empty text when there is none."""
    if not draft.steps:
        return ""
    step = draft.steps.pop()
    _apply(draft.zones, step["before"])
    return step["label"]


def base_of(draft: PerimeterDraft) -> dict[str, bool]:
    """The perimeter that the composition began with: what undoing every step would give."""
    zones = dict(draft.zones)
    for step in reversed(draft.steps):
        _apply(zones, step["before"])
    return zones


def net_changes(before: Zones, after: Zones) -> dict[str, bool | None]:
    return effective(before, {code: after.get(code) for code in before.keys() | after.keys()})


def rebase(draft: PerimeterDraft, recorded: Zones, fingerprint: str) -> dict[str, bool | None]:
    """Take the additions and removals of the draft again, on a perimeter that has changed since it began."""
    mine = of_today(net_changes(base_of(draft), draft.zones))
    draft.zones, draft.steps, draft.started_from = dict(recorded), [], fingerprint
    return take(draft, mine, "Ajouts et retraits repris sur le périmètre actuel")


def of_today(changes: Changes) -> dict[str, bool | None]:
    """The same in the zones of today: a commune told in parts stands for them; what is no longer known stays as it is.

    A part that is named beside its commune keeps its own word.
    """
    leaves = Zone.objects.leaves().filter(stands_in(list(changes)))
    lines = leaves.values_list("code", "parent__code", "parent__parent__code")
    found: dict[str, bool | None] = {}
    told: set[str] = set()
    for line in lines:
        nearest = next(code for code in line if code in changes)
        found[line[0]] = changes[nearest]
        told.add(nearest)
    return {code: held for code, held in changes.items() if code not in told} | found


def _apply(zones: dict[str, bool], changes: Changes) -> None:
    for code, held in changes.items():
        if held is None:
            zones.pop(code, None)
        else:
            zones[code] = held


def _merge_the_oldest(steps: list[dict]) -> None:
    """Undoing all that is left must still give the perimeter of the beginning."""
    remembered = sum(len(step["before"]) for step in steps)
    while len(steps) > 2 and (len(steps) > MOST_STEPS or remembered > MOST_REMEMBERED):
        oldest, next_one = steps[0]["before"], steps[1]["before"]
        merged = next_one | oldest
        remembered += len(merged) - len(oldest) - len(next_one)
        steps[:2] = [{"label": "Premières étapes", "before": merged}]
