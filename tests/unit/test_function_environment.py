from dataclasses import dataclass

import pytest

from sluice_functions.environment import MissingVariable, read


@dataclass(frozen=True)
class Environment:
    bucket_name: str
    table_name: str
    cors_origins: str = ""


def test_each_field_is_read_from_the_variable_of_its_name() -> None:
    variables = {"BUCKET_NAME": "b", "TABLE_NAME": "t", "CORS_ORIGINS": "https://a", "OTHER": "x"}
    assert read(Environment, variables) == Environment("b", "t", "https://a")


@pytest.mark.parametrize("more", [{}, {"CORS_ORIGINS": ""}])
def test_a_field_with_a_default_needs_no_variable(more: dict[str, str]) -> None:
    assert read(Environment, {"BUCKET_NAME": "b", "TABLE_NAME": "t", **more}) == Environment("b", "t", "")


def test_every_other_variable_that_is_missing_or_empty_is_named() -> None:
    with pytest.raises(
        MissingVariable, match=r"^environment variables of the function are not set: BUCKET_NAME, TABLE_NAME$"
    ):
        read(Environment, {"TABLE_NAME": ""})
