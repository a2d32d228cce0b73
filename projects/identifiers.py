"""Identifiers of a CPTS and of its association, as text, each with its real check."""

import re

from django.core.exceptions import ValidationError

LA_POSTE = "356000000"


def luhn_holds(digits: str) -> bool:
    """Luhn's check: from the right, every second digit is doubled (minus 9 above 9); the sum ends in 0."""
    doubled = [int(d) if i % 2 == 0 else sum(divmod(2 * int(d), 10)) for i, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def validate_siret(value: str) -> None:
    """14 digits with Luhn's check; establishments of La Poste add up to a multiple of 5 instead (INSEE)."""
    if not re.fullmatch(r"\d{14}", value):
        raise ValidationError("Un SIRET compte 14 chiffres, sans espace.")
    is_right = luhn_holds(value) or (value.startswith(LA_POSTE) and sum(map(int, value)) % 5 == 0)
    if not is_right:
        raise ValidationError("Ce SIRET est mal recopié : sa clé de contrôle ne tombe pas juste.")


def validate_rna(value: str) -> None:
    """W, then a department's registry (2A and overseas carry a letter), then its number: ten characters in all."""
    if not re.fullmatch(r"W\d[\dA-Z]\d{7}", value):
        raise ValidationError("Un numéro RNA s'écrit W suivi de 9 caractères, par exemple W931012345.")


def validate_finess(value: str) -> None:
    """9 characters with Luhn's check; numbers of Corsica (2A, 2B) carry a letter and have no check."""
    if not re.fullmatch(r"(\d{2}|2[AB])\d{7}", value):
        raise ValidationError("Un numéro FINESS compte 9 caractères, par exemple 930012345.")
    if value.isdigit() and not luhn_holds(value):
        raise ValidationError("Ce numéro FINESS est mal recopié : sa clé de contrôle ne tombe pas juste.")
