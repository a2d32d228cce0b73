"""Rules on the money that pays for writing a health project: the cap of the grants, what might be paid twice.

Engineering is financed by the FIR up to a cap (APTA 93); other funders may pay for the same thing, and « il convient
d'éviter les doubles financements » (offer of service of the Assurance Maladie, ARS and MSA). Amounts are in euros.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Promise:
    """What a grant promises, and the day it was signed."""

    amount: Decimal
    signed_on: date


@dataclass(frozen=True, slots=True)
class Excess:
    """With the grant signed on `signed_on`, the project is promised `total`; `cap` was then the most, None: unknown."""

    signed_on: date
    total: Decimal
    cap: Decimal | None


def over_cap(promises: Iterable[Promise], cap_on: Callable[[date], Decimal | None], *, since: date) -> Excess | None:
    """The first grant signed from `since` on that brings the project beyond the cap in force that day; None if none.

    Each one is counted with those signed before it: a cap that changes later says nothing of what was signed under it.
    """
    ordered = sorted(promises, key=lambda promise: promise.signed_on)
    for day in sorted({promise.signed_on for promise in ordered if promise.signed_on >= since}):
        total = sum((promise.amount for promise in ordered if promise.signed_on <= day), Decimal(0))
        cap = cap_on(day)
        if cap is None or total > cap:
            return Excess(day, total, cap)
    return None


def left_to_pay(granted: Decimal, payments: Iterable[Decimal]) -> Decimal:
    """What a grant has still to pay; negative when more was paid than promised."""
    return granted - sum(payments, Decimal(0))


@dataclass(frozen=True, slots=True)
class Funding:
    """Who pays what, from `starts_on` to `ends_on` (included; None: no end was told). The amount may be unknown."""

    funder: str
    purpose: str
    amount: Decimal | None
    starts_on: date
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class Twice:
    """A grant and the money of another funder for the same purpose, and the period they share."""

    grant: Funding
    other: Funding
    since: date
    until: date | None  # included; None: neither has an end


def paid_twice(grants: Iterable[Funding], others: Iterable[Funding]) -> list[Twice]:
    """Each grant with each other funding that pays for the same purpose at the same time, in the order given."""
    others = list(others)
    return [
        Twice(grant, other, max(grant.starts_on, other.starts_on), _first_end(grant, other))
        for grant in grants
        for other in others
        if grant.purpose == other.purpose and _share_a_day(grant, other)
    ]


def _share_a_day(one: Funding, other: Funding) -> bool:
    end = _first_end(one, other)
    return end is None or max(one.starts_on, other.starts_on) <= end


def _first_end(one: Funding, other: Funding) -> date | None:
    return min((funding.ends_on for funding in (one, other) if funding.ends_on), default=None)
