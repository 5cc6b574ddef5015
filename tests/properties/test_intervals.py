"""Intervals of numbers agree with the comparisons they were made from."""

import operator

from hypothesis import given
from hypothesis import strategies as st

from sluice_cli.intervals import HIGHEST, LOWEST, Interval

COMPARISONS = {"=": operator.eq, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
NUMBERS = st.integers(-9, 9) | st.floats(-9, 9).map(lambda one: round(one, 2))
PAIRS = st.lists(st.tuples(st.sampled_from(sorted(COMPARISONS)), NUMBERS), max_size=3)


def interval(pairs: list[tuple[str, float]]) -> Interval:
    made = Interval.of_all([one for pair in pairs for one in pair])
    assert made
    return made


def meets(number: float, pairs: list[tuple[str, float]]) -> bool:
    return all(COMPARISONS[comparison](number, bound) for comparison, bound in pairs)


@given(PAIRS, PAIRS, NUMBERS)
def test_an_interval_has_the_numbers_that_meet_its_comparisons(
    pairs: list[tuple[str, float]], others: list[tuple[str, float]], number: float
) -> None:
    alone = interval([("=", number)])
    assert interval(pairs).contains(alone) == meets(number, pairs)
    assert interval(pairs).within(interval(others)) == interval(pairs + others)
    if interval(pairs).contains(interval(others)) and meets(number, others):
        assert meets(number, pairs)
    if interval(pairs).low <= interval(pairs).high:
        assert meets(interval(pairs).example(), pairs)


def test_what_is_no_list_of_comparisons_is_no_interval() -> None:
    assert Interval.of_all([]) == Interval(LOWEST, HIGHEST)
    assert [Interval.of_all(one) for one in ([">"], ["~", 1], [">", True], [">", "1"], ">1", None, [[], 1])] == [
        None
    ] * 7
