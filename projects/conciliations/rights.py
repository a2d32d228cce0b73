"""Who writes in a conciliation: both institutions keep its log, the ARS decides, and applying changes perimeters."""

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied

from accounts.models import User
from accounts.models.institution import Side
from ground.templatetags.french import quoted
from projects.models import Conciliation, Project
from projects.workflow import lock_all
from projects.workflow import may_decide as may_take

NOT_YOURS = "Vous lisez cette conciliation ; les chargés de suivi des départements de ses projets y écrivent."
OF_THE_ARS = "L'issue d'une conciliation relève de l'ARS : elle seule l'enregistre."
CLOSED = "Cette conciliation est close : elle se rouvre depuis sa page, si son issue a été saisie par erreur."


def may_write(user: User, conciliation: Conciliation) -> bool:
    codes = [project.department_codes() for project in conciliation.projects.all()]
    return user.can_write_in(set().union(*codes))


def may_decide(user: User, conciliation: Conciliation) -> bool:
    return may_write(user, conciliation) and user.acts_for(Side.ARS)


def hold(user: User, pk: int) -> Conciliation:
    """The conciliation and its projects, held until the end of the transaction, always in this order.

    Raises Conciliation.DoesNotExist out of scope, PermissionDenied for who does not write in it.
    """
    # no_key: who holds the projects and names one more disputed zone does not wait for it (a commune that is split).
    held = Conciliation.objects.for_user(user).select_for_update(of=("self",), no_key=True)
    conciliation = held.get(pk=pk)
    lock_all(conciliation.projects.values_list("pk", flat=True))
    if not may_write(user, conciliation):
        raise PermissionDenied(NOT_YOURS)
    return conciliation


def whose_states(user: User, projects: Iterable[Project]) -> list[str]:
    """Why `user` cannot end these projects by a merger, and whom to call; empty when it can."""
    return [
        f"{quoted(project)} prendrait fin, et vous ne le décidez pas : demandez à l'ARS "
        f"({project.lead_department.name}) d'enregistrer cette issue."
        for project in projects
        if not may_take(project, "merge", user)
    ]


def whose_perimeters(user: User, projects: Iterable[Project]) -> list[str]:
    """Why `user` cannot change the perimeters of these projects, and whom to call; empty when it can."""
    return [
        f"Le périmètre de {quoted(project)} changerait, et vous n'écrivez pas dans son département : demandez à l'ARS "
        f"({project.lead_department.name}) d'enregistrer cette issue."
        for project in projects
        if not user.can_write_in(project.department_codes())
    ]
