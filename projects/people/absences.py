"""Who is away, and who stands in."""

from collections.abc import Collection
from datetime import date

from django.db.models import Q, QuerySet

from accounts.models import User
from projects.models import Absence


def absent_on(day: date, users: Collection[int | None] | None = None) -> dict[int, Absence]:
    """The absence of every user who is away on `day`, by account; of `users` only when they are told. One query."""
    absences = Absence.objects.on(day).select_related("user", "stand_in")
    if users is not None:
        absences = absences.filter(user__in=users)
    return {absence.user_id: absence for absence in absences}


def overlapping(absence: Absence) -> QuerySet[Absence]:
    """The other absences of the same person that have a day in common with this one."""
    others = absence.user.absences.exclude(pk=absence.pk).filter(Q(until=None) | Q(until__gt=absence.since))
    return others.filter(since__lt=absence.until) if absence.until else others


def why_not_stand_in(stand_in: User, person: User) -> str:
    """Why `stand_in` cannot follow the projects of `person`; empty when it can."""
    if stand_in == person:
        return "Une personne ne se remplace pas elle-même."
    if stand_in.side != person.side:
        return f"{stand_in} n'est pas de la même institution : chaque côté du binôme se remplace lui-même."
    if not stand_in.can_write_in(set(person.own_departments)):
        return f"{stand_in} n'écrit dans aucun des départements de {person}."
    return ""
