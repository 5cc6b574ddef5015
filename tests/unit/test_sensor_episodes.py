"""Beginnings and ends of episodes, and their notifications."""

import json
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sensor_pipeline.episodes import EpisodeRules, SensorState, advance, in_order

RULES = EpisodeRules({"temperature": Decimal(2)}, timedelta(minutes=10))


def row(second: int, value: Any) -> dict[str, Any]:
    """A row; the limits are 0 and 60."""
    value = Decimal(str(value))
    breach = {"breach": "upper", "limit": Decimal(60)} if value > 60 else {"breach": "lower", "limit": Decimal(0)}
    time = f"2026-01-31T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    return {
        "deviceId": "d",
        "sensorType": "temperature",
        "readingTime": f"{time}.000000000Z#temperature#{value}",
        "timestamp": f"{time}Z",
        "value": value,
        "readingId": f"{second}",
        **(breach if value > 60 or value < 0 else {}),
    }


def told(state: SensorState) -> list[tuple[Any, ...]]:
    """Whether each notification is a begin or an end; for ends the count, extremes, duration and reason."""
    said = [json.loads(one["Message"]) for one in state.pending]
    return [
        ("begin", one["value"])
        if one["event"] == "begin"
        else (
            "end",
            *(one[name] for name in ("count", "lowest", "highest", "durationSeconds", "reason")),
        )
        for one in said
    ]


def after(*rows: dict[str, Any], state: SensorState = SensorState()) -> SensorState:  # noqa: B008 - it is immutable
    return advance(state, in_order(rows), RULES)


BACK = "back within its limit"
SILENCE = "nothing was heard of it for longer than allowed"


def test_a_stuck_sensor_is_notified_once_at_the_beginning_and_once_at_the_end() -> None:
    state = after(*(row(second, 61 + second) for second in range(100)), row(100, 58))
    assert told(state) == [("begin", "61"), ("end", "100", "61", "160", "100", BACK)]
    assert state.open is None


def test_within_the_hysteresis_an_episode_goes_on_and_none_begins() -> None:
    state = after(row(0, 59), row(1, 61), row(2, 59), row(3, 62))
    assert told(state) == [("begin", "61")]
    assert told(after(row(4, 58), state=state))[1:] == [("end", "2", "61", "62", "3", BACK)]


def test_beyond_the_other_limit_is_another_episode() -> None:
    assert told(after(row(0, 61), row(1, -1), row(2, 2))) == [
        ("begin", "61"),
        ("end", "1", "61", "61", "1", "beyond the other limit"),
        ("begin", "-1"),
        ("end", "1", "-1", "-1", "1", BACK),
    ]


def test_a_silence_that_is_too_long_ends_an_episode_when_the_next_reading_comes() -> None:
    assert told(after(row(0, 61), row(600, 62))) == [("begin", "61")]
    assert told(after(row(0, 61), row(601, 62))) == [
        ("begin", "61"),
        ("end", "1", "61", "61", "0", SILENCE),
        ("begin", "62"),
    ]


def test_late_readings_widen_the_open_episode_or_are_one_of_their_own() -> None:
    state = after(row(10, 61), state=after(row(20, 62)))
    assert told(after(row(30, 5), state=state)) == [("begin", "62"), ("end", "2", "61", "62", "20", BACK)]
    late = after(row(5, 70), state=after(row(10, 61), row(20, 5)))
    assert told(late)[2:] == [
        ("begin", "70"),
        ("end", "1", "70", "70", "15", "a reading back within the limit had come already"),
    ]
    assert late.open is None


def test_late_readings_within_limits_end_nothing() -> None:
    state = after(row(10, 61))
    assert after(row(5, 20), row(10, 20), state=state) == state


def test_the_notification_of_an_end_describes_the_episode_and_the_last_reading() -> None:
    begin, end = after(row(0, 61.5), row(1, 70), row(5, 20)).pending
    assert begin["Subject"] == "temperature of d is above its upper limit"
    assert json.loads(begin["Message"])["message"] == (
        "temperature of d is 61.5, above its upper limit 60: an episode begins"
    )
    assert end["Subject"] == "temperature of d is no longer above its upper limit"
    said = json.loads(end["Message"])
    assert said["message"] == (
        "temperature of d was above its upper limit 60 in 2 readings over 5 s, from 61.5 to 70: back within its limit"
    )
    assert (said["readingId"], said["lastBeyond"]) == ("5", "2026-01-31T00:00:01.000000000Z")


VALUES = st.lists(
    st.tuples(st.integers(0, 3000), st.sampled_from([-5, 1, 20, 59, 61, 80])), max_size=30, unique_by=lambda x: x[0]
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(VALUES, st.integers(1, 5))
def test_every_reading_beyond_is_in_one_episode_and_steps_change_nothing(
    values: list[tuple[int, int]], step: int
) -> None:
    rows = in_order(row(second, value) for second, value in values)
    whole = advance(SensorState(), rows, RULES)
    state = SensorState()
    for start in range(0, len(rows), step):
        state = advance(state, rows[start : start + step], RULES)
    assert state == whole
    beyond = sum("breach" in one for one in rows)
    counted = sum(int(json.loads(one["Message"])["count"]) for one in ends(whole.pending))
    assert counted + int((whole.open or {"count": 0})["count"]) == beyond
    begins = len(whole.pending) - len(list(ends(whole.pending)))
    assert begins - len(list(ends(whole.pending))) == (whole.open is not None)
    assert len({one["id"] for one in whole.pending}) == len(whole.pending)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(VALUES, st.randoms(use_true_random=False))
def test_in_whatever_order_readings_come_each_is_counted_once(values: list[tuple[int, int]], chance: Any) -> None:
    rows = [row(second, value) for second, value in values]
    chance.shuffle(rows)
    state = SensorState()
    for one in rows:
        state = advance(state, [one], RULES)
    counted = sum(int(json.loads(one["Message"])["count"]) for one in ends(state.pending))
    assert counted + int((state.open or {"count": 0})["count"]) == sum("breach" in one for one in rows)


def ends(pending: Iterable[Any]) -> list[Any]:
    return [one for one in pending if one["id"].startswith("end")]
