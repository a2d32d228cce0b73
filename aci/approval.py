"""A version of the barème is proposed by one administrator of the country and approved by another (docs/rules)."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from aci.models import ContractTerms, Tariff
from aci.tariff_check import tariff_problems
from ground.templatetags.french import day, quoted
from ground.text import digest
from projects.stages import remove
from projects.withdrawing import check_reason

COUNTRY_ONLY = "Les barèmes relèvent des administrateurs de la France entière."
ALREADY_APPROVED = "Ce barème est déjà approuvé."


def may_decide(user: User) -> bool:
    return user.is_administrator and user.answers_for_the_country


def check_decides(user: User) -> None:
    """Raises PermissionDenied for who does not administer the country."""
    if not may_decide(user):
        raise PermissionDenied(COUNTRY_ONLY)


def hold_tariffs() -> None:
    """Holds every version until the transaction ends: one start a day is a matter between several of them."""
    list(Tariff.objects.select_for_update().order_by("pk").values_list("pk"))


def fingerprint(tariff: Tariff) -> str:
    """Differs as soon as anything of the version does: what was read is what is approved."""
    return digest([tariff.source, repr(tariff.data())])


def why_not_approve(tariff: Tariff, user: User) -> list[str]:
    """Why `user` cannot approve this version; empty when nothing forbids it."""
    if tariff.is_approved:
        return [ALREADY_APPROVED]
    found = []
    if tariff.proposed_by == user:
        found.append("Vous êtes la dernière personne à l'avoir proposé ou modifié : une autre doit l'approuver.")
    if rival := Tariff.objects.approved().filter(since=tariff.since).first():
        found.append(f"Le barème {quoted(rival)}, approuvé, commence déjà le {day(tariff.since)}.")
    return found + why_incomplete(tariff)


def why_incomplete(tariff: Tariff) -> list[str]:
    lines = tariff.lines.prefetch_related("amounts")
    problems = tariff_problems(
        [tier.as_tier() for tier in tariff.tiers.all()],
        {line.mission: [amount.tier for amount in line.amounts.all()] for line in lines},
        {line.mission: line.follows for line in lines},
    )
    return [problem[0].upper() + problem[1:] for problem in problems]


def why_not_reopen(tariff: Tariff) -> list[str]:
    """Why an approved version cannot become a proposal again; empty when it can."""
    if not tariff.is_approved:
        return ["Ce barème n'est pas approuvé : c'est déjà une proposition."]
    if used := ContractTerms.objects.filter(tariff=tariff).values("contract").distinct().count():
        contracts = f"{used} contrats le citent" if used > 1 else "un contrat le cite"
        return [f"Ce barème ne redevient pas une proposition : {contracts}. Proposez une nouvelle version."]
    return []


@transaction.atomic
def approve(user: User, pk: int, shown: str) -> Tariff:
    """Puts a version in force from its date on; `shown` is the fingerprint of what `user` has read.

    Raises Tariff.DoesNotExist, PermissionDenied, ValidationError with every reason.
    """
    tariff = _held(user, pk)
    if reasons := why_not_approve(tariff, user):
        raise ValidationError(reasons)
    if fingerprint(tariff) != shown:
        raise ValidationError("Ce barème a changé depuis que vous l'avez ouvert : relisez-le, puis approuvez-le.")
    tariff.approved_by, tariff.approved_at = user, timezone.now()
    tariff.save()
    return tariff


@transaction.atomic
def withdraw_proposal(user: User, pk: int, reason: str) -> Tariff:
    """Removes a version that nobody has approved; its field history keeps it, with the reason."""
    tariff = _held(user, pk)
    check_reason(reason)
    if tariff.is_approved:
        raise ValidationError(
            "Ce barème est approuvé : il ne se retire pas. Rendez-le d'abord à l'état de proposition."
        )
    remove(tariff, reason)
    return tariff


@transaction.atomic
def reopen(user: User, pk: int, reason: str) -> Tariff:
    """Makes an approved version a proposal of `user` again, as long as no contract rests on it."""
    tariff = _held(user, pk)
    check_reason(reason)
    if reasons := why_not_reopen(tariff):
        raise ValidationError(reasons)
    tariff.proposed_by, tariff.approved_by, tariff.approved_at = user, None, None
    tariff._change_reason = reason  # read by django-simple-history
    tariff.save()
    return tariff


def _held(user: User, pk: int) -> Tariff:
    check_decides(user)
    hold_tariffs()
    return Tariff.objects.get(pk=pk)
