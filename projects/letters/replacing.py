"""Models of letters that staff replace: from a day on, for their department or for all; the former ones are kept."""

from datetime import date

from django.core.exceptions import PermissionDenied
from django.core.files import File
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.models.institution import Side
from projects.letters.subject import OF_THE_BINOME
from projects.models import LetterKind, LetterModel
from projects.uploads import Judged
from territories.models import Department

NOT_YOURS = (
    "Un responsable ou un administrateur remplace les modèles de son département ; les modèles communs sont ceux des "
    "administrateurs nationaux."
)


def readable_models(user: User) -> QuerySet[LetterModel]:
    """The common models and those of the departments one reads."""
    return LetterModel.objects.filter(Q(department=None) | Q(department__in=user.readable_departments()))


def may_replace_some(user: User) -> bool:
    return user.is_administrator or (user.is_writer and user.role == User.Role.MANAGER)


def kinds_kept_by(user: User) -> list[LetterKind]:
    """The letters of the ARS are the ARS's models to keep; the joint letter's are kept by both institutions."""
    return [kind for kind in LetterKind if kind in OF_THE_BINOME or user.acts_for(Side.ARS)]


def may_replace(user: User, kind: LetterKind, department: Department | None) -> bool:
    if kind not in kinds_kept_by(user):
        return False
    if department is None:
        return user.is_administrator and user.answers_for_the_country
    return may_replace_some(user) and department.pk in user.own_departments


def hold_models(user: User) -> None:
    """Until the end of the transaction nobody else replaces a model that `user` may replace, even where there is none.

    What is held are the departments; their key is left free (FOR NO KEY UPDATE), for what names them.
    """
    own = Department.objects.filter(pk__in=user.own_departments)
    list(own.order_by("pk").select_for_update(no_key=True).values_list("pk"))


def replace_model(
    user: User, kind: LetterKind, department: Department | None, since: date, file: File, judged: Judged
) -> LetterModel:
    """Put `file`, which was checked, in force from `since` on; the model it follows is closed that day.

    Raises PermissionDenied for who does not keep these models.
    """
    if not may_replace(user, kind, department):
        raise PermissionDenied(NOT_YOURS)
    with transaction.atomic():
        hold_models(user)
        former = LetterModel.objects.filter(kind=kind, department=department)
        following = former.filter(since__gt=since).order_by("since").first()
        for model in former.on(since):
            model.until = since
            model.save(update_fields=["until"])
        model = LetterModel(
            kind=kind,
            department=department,
            since=since,
            until=following.since if following else None,
            filename=judged.filename,
            sha256=judged.sha256,
            recorded_by=user,
        )
        model.file.save(judged.filename, file, save=True)
    return model
