"""The seed decides what is sent and what strikes; nothing else does."""

import pytest

from checks.soak import plan
from checks.soak.courier import older
from checks.systems import SYSTEMS


def planned(
    seed: int, name: str = "object-tracker", count: int = 300
) -> tuple[list[plan.Item], list[plan.FaultWindow]]:
    items = plan.items(seed, name, count, SYSTEMS[name].inputs.poisons, versions=True)
    return items, plan.windows(seed, name, len(items), count, plan.FAULTS)


def test_the_same_seed_plans_the_same_and_another_another() -> None:
    assert planned(7) == planned(7)
    assert planned(7) != planned(8)
    kinds = [[(one.fault, one.calls) for one in planned(7, name)[1]] for name in ("object-tracker", "file-metadata")]
    assert kinds[0] != kinds[1]


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("count", [10, 40, 1000])
def test_every_kind_of_fault_and_of_poison_is_in_the_smallest_run(name: str, count: int) -> None:
    items, windows = planned(1, name, count)
    assert sum(item.versions for item in items) == count
    assert {item.poison for item in items} - {None} == set(SYSTEMS[name].inputs.poisons)
    assert {window.fault for window in windows} == set(plan.FAULTS)
    assert [window.at for window in windows] == sorted(window.at for window in windows)
    assert windows[-1].at < len(items) * 0.8


def test_a_longer_run_has_every_kind_of_fault_more_often() -> None:
    _, windows = planned(1, count=1000)
    assert len(windows) == 1000 // plan.INPUTS_A_ROUND * len(plan.FAULTS)


@pytest.mark.parametrize(("count", "share"), [(1000, 1), (200, 1), (150, 0.75), (100, 0.5), (40, 0.5)])
def test_a_run_of_less_than_a_round_has_shorter_windows(count: int, share: float) -> None:
    for one in planned(1, count=count)[1]:
        least, most = plan.CALLS_A_WINDOW[one.fault]
        assert max(1, int(share * least)) <= one.calls <= max(1, int(share * most))


@pytest.mark.parametrize(
    ("one", "other", "is_older"),
    [
        ("0055AED6DCD90281E5", "0055AED6DCD90281E6", True),
        ("0055AED6DCD90281E6", "0055AED6DCD90281E5", False),
        ("0055", "0055", False),
        ("0055", "00550001", True),
        ("0055", "005500", False),
        ("9", "10", False),
    ],
)
def test_sequencers_are_padded_on_the_right_and_compared_as_texts(one: str, other: str, is_older: bool) -> None:
    assert older(one, other) is is_older
