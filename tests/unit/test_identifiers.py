import re
from collections.abc import Callable

import pytest
from cdktf import TerraformStack, TerraformVariable
from hypothesis import given
from hypothesis import strategies as st

from modules._identifiers import identify, shorten


@pytest.fixture(scope="module")
def scope(new_stack: Callable[[], TerraformStack]) -> TerraformStack:
    return new_stack()


PREFIXES = st.one_of(st.from_regex(r"\A([a-zA-Z0-9é ]{1,3}[-_/ ]){0,4}[a-z]?\Z"), st.text(max_size=200))


def test_folders_of_lower_case_words_keep_the_names_they_have_always_had(scope: TerraformStack) -> None:
    assert {prefix: identify(prefix, scope) for prefix in ("", "in/", "readings/", "monthly-reports/", "v2/")} == {
        "": "",
        "in/": "In",
        "readings/": "Readings",
        "monthly-reports/": "MonthlyReports",
        "v2/": "V2",
    }


@given(texts=st.lists(PREFIXES, unique=True, max_size=30))
def test_different_texts_have_different_valid_identifiers(scope: TerraformStack, texts: list[str]) -> None:
    identifiers = [identify(text, scope) for text in texts]
    assert len(set(identifiers)) == len(texts)
    assert all(re.fullmatch("[A-Za-z0-9]{0,64}", identifier) for identifier in identifiers)


def test_a_token_is_identified_by_its_expression_on_every_run(
    scope: TerraformStack, new_stack: Callable[[], TerraformStack]
) -> None:
    def run(variables_before: int) -> str:
        stack = new_stack()
        for number in range(variables_before):
            assert TerraformVariable(stack, f"Before{number}", type="string").string_value
        return identify(f"in/{TerraformVariable(stack, 'Team', type='string').string_value}/", stack)

    assert run(0) == run(3)
    assert run(0) != identify("in/", scope)


@given(st.text(max_size=300))
def test_a_shortened_name_is_valid_and_a_valid_name_is_kept(name: str) -> None:
    made = shorten(name, 64)
    assert re.fullmatch("[A-Za-z0-9_-]{1,64}", made)
    assert made == name or not re.fullmatch("[A-Za-z0-9_-]{1,64}", name)
