"""Euros to the cent, and as a formula prints them."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """Rounded half up to the cent, as every printed line is."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def in_euros(amount: Decimal) -> str:
    """30000 → 30 000,00 €, with the no-break spaces of French typography."""
    sign = "−" if amount < 0 else ""
    return f"{sign}{abs(cents(amount)):,}".replace(",", "\u202f").replace(".", ",") + "\u00a0€"


def percent(ratio: Decimal) -> str:
    """0.75 → 75 %, with at most two decimals."""
    text = f"{(ratio * 100).quantize(CENT, ROUND_HALF_UP):f}".rstrip("0").rstrip(".")
    return f"{text or '0'}".replace(".", ",") + "\u00a0%"
