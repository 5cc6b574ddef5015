"""Generated settings."""

import json
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings import Settings, SettingsError

from .strategies import ANY_TEXT, JSON

NAMES = [one.metadata["name"] for one in fields(Settings)]
VALUES = st.one_of(ANY_TEXT, JSON.map(json.dumps), st.integers().map(str), st.from_regex(r"https?://[^/]{0,20}"))


@given(st.sampled_from(NAMES), VALUES)
def test_a_setting_is_taken_or_refused_by_its_name(name: str, value: str) -> None:
    assert [problem.partition(":")[0] for problem in refused({name: value})] in ([], [name])


@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6))
def test_all_that_is_wrong_is_said_at_once(environment: dict[str, str]) -> None:
    wrong = {name for name, value in environment.items() if refused({name: value})}
    named = {problem.partition(":")[0] for problem in refused(environment)}
    # Allowing another machine can make an endpoint valid, and changes no other setting.
    assert named == wrong or (named ^ wrong) <= {"AWS_ENDPOINT_URL"}


@given(st.sampled_from(NAMES), JSON)
def test_context_of_any_kind_is_taken_or_refused(name: str, value: Any) -> None:
    assert all(problem.startswith(f"{name}: ") for problem in refused({}, {name: value}))


@pytest.mark.parametrize("value", ["[" * 100_000, '{"a":' * 100_000, "9" * 100_000, "https://[", "\ud800", "\x00"])
@pytest.mark.parametrize("name", NAMES)
def test_what_no_parser_likes_is_refused_as_any_other_value(name: str, value: str) -> None:
    problems = refused({name: value})
    assert [problem.partition(":")[0] for problem in problems] in ([name], [])


def refused(environment: dict[str, str], context: dict[str, Any] | None = None) -> list[str]:
    try:
        Settings.load(environment, context)
    except SettingsError as error:
        return error.problems
    return []
