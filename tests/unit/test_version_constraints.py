"""Terraform's version constraints: https://developer.hashicorp.com/terraform/language/expressions/version-constraints."""

import pytest

from sluice_cli.terraform.version_constraints import admits


@pytest.mark.parametrize(
    ("constraint", "fitting", "others"),
    [
        (None, ["1.0.0", "9.9.9"], []),
        ("5.100.0", ["5.100.0"], ["5.99.0", "5.100.1", "6.0.0"]),
        ("= 5.100", ["5.100.0"], ["5.100.1"]),
        ("v5.100.0", ["5.100.0"], ["5.100.1"]),
        (">= 5.100.0, < 7.0.0", ["5.100.0", "6.0.0", "6.69.1"], ["5.99.0", "7.0.0"]),
        (">=6.28", ["6.28.0", "10.0.0"], ["6.9.0"]),
        ("> 6.0.0, != 6.1.0", ["6.0.1", "6.2.0"], ["6.0.0", "6.1.0"]),
        ("<= 6.0.0", ["6.0.0", "5.0.0"], ["6.0.1"]),
        ("~> 6", ["6.0.0", "6.69.1"], ["5.9.0", "7.0.0"]),
        ("~> 6.1", ["6.1.0", "6.69.1"], ["6.0.9", "7.0.0"]),
        ("~> 6.1.2", ["6.1.2", "6.1.9"], ["6.1.1", "6.2.0"]),
        # Terraform refuses these itself, in its own words.
        ("latest", ["1.0.0"], []),
        ("", ["1.0.0"], []),
        (">= 6.0.0,", ["6.0.0"], []),
    ],
)
def test_a_constraint_admits_what_terraform_admits(
    constraint: str | None, fitting: list[str], others: list[str]
) -> None:
    assert [one for one in (*fitting, *others) if admits(constraint, one)] == fitting


def test_a_version_that_is_none_is_left_to_terraform() -> None:
    assert admits(">= 5.0.0", "nightly")
