"""Colleagues: who stands on which side of the binôme, who answers for a department, who arranges things for whom."""

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from accounts.models.institution import SIDES, Side
from territories.models import Department


def members_of(sides: Collection[Side | None]) -> QuerySet[User]:
    """The active accounts of these sides of the binôme."""
    kinds = [kind for kind, side in SIDES.items() if side in sides]
    return User.objects.filter(is_active=True, institution__kind__in=kinds).select_related("institution")


def writers_in(users: QuerySet[User], departments: Collection[str]) -> QuerySet[User]:
    """Those of `users` who write in one of `departments`."""
    return answering_for(users.filter(Q(is_superuser=True) | ~Q(role=User.Role.READER)), departments)


def answering_for(users: QuerySet[User], departments: Collection[str]) -> QuerySet[User]:
    """Those of `users` whose territory holds one of `departments`."""
    regions = Department.objects.filter(pk__in=departments).values("region")
    own = User.departments.through.objects.filter(user=OuterRef("pk"), department__in=departments)
    return users.filter(Q(extent=User.Extent.COUNTRY) | Q(region__in=regions) | Exists(own))


def sides_of(user: User) -> set[Side | None]:
    """The sides `user` acts for: its own; an administrator, both."""
    return set(Side) if user.is_administrator else {user.side}


def is_in_charge(user: User) -> bool:
    """Whether `user` may arrange absences and portfolios for its colleagues."""
    return user.is_administrator or (user.role == User.Role.MANAGER and user.is_writer)


def arranged_by(user: User) -> QuerySet[User]:
    """Whose absences `user` may declare: its own, and if in charge those of its colleagues in its departments."""
    colleagues = members_of(sides_of(user))
    if not is_in_charge(user):
        return colleagues.filter(pk=user.pk)
    in_scope = answering_for(User.objects.for_user(user), user.own_departments)
    return colleagues.filter(Q(pk=user.pk) | Q(pk__in=in_scope.values("pk")))


def with_institution(user: User) -> str:
    """As a list to choose from shows it."""
    return f"{user} – {user.institution}"
