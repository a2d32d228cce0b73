"""SIRET, RNA and FINESS: what is real passes, what is mistyped is told."""

import pytest
from django.core.exceptions import ValidationError

from projects.identifiers import validate_finess, validate_rna, validate_siret


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (validate_siret, "13002526500013"),  # DINUM
        (validate_siret, "35600000000048"),  # La Poste's seat holds Luhn's check too
        (validate_siret, "35600000049837"),  # a post office: only the sum of its digits tells
        (validate_rna, "W931012345"),
        (validate_rna, "W2A1001234"),
        (validate_rna, "W9R1001234"),
        (validate_finess, "750712184"),  # AP-HP
        (validate_finess, "2A0000014"),
    ],
)
def test_a_real_identifier_passes(check, value):
    check(value)


@pytest.mark.parametrize(
    ("check", "value", "why"),
    [
        (validate_siret, "13002526500014", "mal recopié"),
        (validate_siret, "1300252650001", "14 chiffres"),
        (validate_siret, "130 025 265 00013", "14 chiffres"),
        (validate_siret, "35600000049838", "mal recopié"),
        (validate_rna, "931012345", "W suivi"),
        (validate_rna, "W93101234", "W suivi"),
        (validate_rna, "w931012345", "W suivi"),
        (validate_finess, "750712185", "mal recopié"),
        (validate_finess, "75071218", "9 caractères"),
        (validate_finess, "2C0000014", "9 caractères"),
    ],
)
def test_a_wrong_one_is_refused_with_its_reason(check, value, why):
    with pytest.raises(ValidationError, match=why):
        check(value)
