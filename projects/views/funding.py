from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from accounts.models.institution import Side
from ground.templatetags.french import day as in_words
from ground.templatetags.french import euros
from projects.conciliation_rules import MATRIX
from projects.forms.funding import GrantForm, OtherFundingForm, PaymentForm
from projects.funding.doctrine import ahead_of, situations
from projects.funding.known import cap_on, funding_of, granted_elsewhere
from projects.funding.rules import left_to_pay, paid_twice
from projects.models import EngineeringGrant, GrantPayment, OtherFunding, Project
from projects.views.access import atomic_when_sent, project_of_side, readable_project, writable_project
from projects.views.rows import row_page
from projects.views.tabs import tab_context
from projects.withdrawing import may_withdraw

OF_THE_ARS = "Le FIR est l'argent de l'ARS : elle seule enregistre ses conventions et leurs versements."


def project_funding(request: HttpRequest, pk: int) -> HttpResponse:
    """Who pays for writing the health project, up to which cap, and what might be paid twice."""
    project = readable_project(request, pk)
    context = tab_context(request, project, "project_funding")
    grants = grant_lines(request, project)
    others = list(project.other_fundings.select_related("recorded_by__institution"))
    context |= {
        "cap": cap_on(timezone.localdate()),
        "grants": grants,
        "others": [(row, may_withdraw(request.user, project, row)) for row in others],
        "granted": total(line.grant.amount for line in grants),
        "paid": total(line.paid for line in grants),
        "left": total(line.left for line in grants),
        "twice": paid_twice((funding_of(line.grant) for line in grants), map(funding_of, others)),
        "elsewhere": granted_elsewhere(project, request.user),
        "may_grant": context["may_write"] and request.user.acts_for(Side.ARS),
    }
    context["under_cap"] = context["cap"] and max(context["cap"].amount - context["granted"], Decimal(0))
    return render(request, "projects/funding.html", context)


@dataclass(frozen=True, slots=True)
class GrantLine:
    grant: EngineeringGrant
    payments: list[tuple[GrantPayment, bool]]  # each with whether this reader may withdraw it
    left: Decimal
    may_withdraw: bool

    @property
    def paid(self) -> Decimal:
        return self.grant.amount - self.left


def grant_lines(request: HttpRequest, project: Project) -> list[GrantLine]:
    payments = Prefetch("payments", GrantPayment.objects.select_related("recorded_by__institution"))
    grants = project.grants.select_related("recorded_by__institution").prefetch_related(payments)
    return [
        GrantLine(
            grant,
            [(payment, may_withdraw(request.user, project, payment)) for payment in grant.payments.all()],
            left_to_pay(grant.amount, (payment.amount for payment in grant.payments.all())),
            may_withdraw(request.user, project, grant),
        )
        for grant in grants
    ]


def total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


@atomic_when_sent
def grant_new(request: HttpRequest, pk: int) -> HttpResponse:
    project = project_of_side(request, pk, Side.ARS, OF_THE_ARS)
    return grant_page(request, project, EngineeringGrant(project=project))


@atomic_when_sent
def grant_edit(request: HttpRequest, pk: int, row: int) -> HttpResponse:
    project = project_of_side(request, pk, Side.ARS, OF_THE_ARS)
    return grant_page(request, project, get_object_or_404(project.grants, pk=row))


def grant_page(request: HttpRequest, project: Project, grant: EngineeringGrant) -> HttpResponse:
    """The form of a grant; where another project is ahead on the same communes, under the doctrine."""
    ahead = ahead_of(project, timezone.localdate(), request.user)
    form = GrantForm(request.POST or None, instance=grant, ahead=ahead)
    if form.is_valid():
        form.save_by(request.user)
        told = f"{euros(grant.amount)}, signée le {in_words(grant.signed_on)}"
        messages.success(request, f"Convention enregistrée : {told}.")
        return redirect("project_funding", project.pk)
    return row_page(
        request,
        project,
        form,
        tab="project_funding",
        title="Modifier la convention d'ingénierie" if grant.pk else "Nouvelle convention d'ingénierie",
        template="projects/grant_form.html",
        ahead=ahead,
        situations=situations(ahead),
        doctrine_source=MATRIX,
        cap=cap_on(timezone.localdate()),
        obstacle=form.obstacle(),
    )


@atomic_when_sent
def payment_new(request: HttpRequest, pk: int, row: int) -> HttpResponse:
    project = project_of_side(request, pk, Side.ARS, OF_THE_ARS)
    grant = get_object_or_404(project.grants, pk=row)
    form = PaymentForm(request.POST or None, instance=GrantPayment(grant=grant))
    if form.is_valid():
        payment = form.save_by(request.user)
        messages.success(request, f"Versement enregistré : {euros(payment.amount)}, le {in_words(payment.paid_on)}.")
        return redirect("project_funding", project.pk)
    left = left_to_pay(grant.amount, (payment.amount for payment in grant.payments.all()))
    told = f"{grant} : {euros(grant.amount)} accordés, {euros(left)} restent à verser."
    return row_page(request, project, form, tab="project_funding", title="Nouveau versement", lead=told)


@atomic_when_sent
def other_funding_new(request: HttpRequest, pk: int) -> HttpResponse:
    project = writable_project(request, pk)
    return other_funding_page(request, project, OtherFunding(project=project), "Autre financement")


@atomic_when_sent
def other_funding_edit(request: HttpRequest, pk: int, row: int) -> HttpResponse:
    project = writable_project(request, pk)
    return other_funding_page(
        request, project, get_object_or_404(project.other_fundings, pk=row), "Modifier le financement"
    )


def other_funding_page(request: HttpRequest, project: Project, funding: OtherFunding, title: str) -> HttpResponse:
    form = OtherFundingForm(request.POST or None, instance=funding)
    if form.is_valid():
        form.save_by(request.user)
        messages.success(request, f"Financement enregistré : {funding}.")
        return redirect("project_funding", project.pk)
    return row_page(request, project, form, tab="project_funding", title=title)
