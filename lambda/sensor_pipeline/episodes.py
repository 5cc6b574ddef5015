"""Episodes of a sensor beyond its limit, and what is told of them: pure functions.

An episode begins with a reading beyond the limit. It ends with a later reading that is back within the limit by the
hysteresis, with one beyond the other limit, or with a silence longer than allowed, which the next reading of the same
sensor shows. Readings that arrive late, from before an end that is known already, are an episode of their own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from .notifications import OF_READING, beyond, notification

Row = Mapping[str, Any]
TIME_LENGTH = len("2026-01-31T12:00:00.000000000Z")


@dataclass(frozen=True)
class EpisodeRules:
    """`hysteresis` by sensor type: how far back within its limit ends an episode."""

    hysteresis: Mapping[str, Decimal]
    longest_silence: timedelta


@dataclass(frozen=True)
class SensorState:
    """The state of one sensor of one device. `open` is the current episode; all earlier ones ended by `over_until`.
    `pending` has unpublished notifications, each with an `id`.
    """

    open: dict[str, Any] | None = None
    over_until: str | None = None
    pending: tuple[Mapping[str, str], ...] = ()


def time_of(row: Row) -> str:
    """A reading's time in a format that sorts as text."""
    return str(row["readingTime"][:TIME_LENGTH])


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Rows by time; of the same time those beyond their threshold first."""
    return sorted(rows, key=lambda row: (time_of(row), "breach" not in row, row["readingTime"]))


def advance(state: SensorState, rows: Sequence[Row], rules: EpisodeRules) -> SensorState:
    """The state after further readings in order of time. Readings beyond a threshold may be passed once only, others
    repeatedly.
    """
    for row in rows:
        state = _after(state, row, rules)
    if state.open and state.over_until and state.open["last"] < state.over_until:
        state = _ended(state, state.over_until, None, "a reading back within the limit had come already")
    return state


def _after(state: SensorState, row: Row, rules: EpisodeRules) -> SensorState:
    time, episode = time_of(row), state.open
    if episode and _moment(time) - _moment(episode["last"]) > rules.longest_silence:
        state = _ended(state, episode["last"], None, "nothing was heard of it for longer than allowed")
        episode = None
    if "breach" not in row:
        back = episode and time > episode["last"] and _is_back(episode, row, rules)
        return _ended(state, time, row, "back within its limit") if back else state
    if episode and episode["breach"] != row["breach"]:
        if time < episode["last"]:  # late: it was beyond the other limit before
            alone = _begun(SensorState(over_until=time), row)
            alone = _ended(alone, time, None, "beyond the other limit")
            return replace(state, pending=(*state.pending, *alone.pending))
        state = _ended(state, time, row, "beyond the other limit")
        episode = None
    return _continued(state, episode, row) if episode else _begun(state, row)


def _is_back(episode: Row, row: Row, rules: EpisodeRules) -> bool:
    by = rules.hysteresis.get(row["sensorType"], Decimal(0))
    if episode["breach"] == "upper":
        return bool(row["value"] <= episode["limit"] - by)
    return bool(row["value"] >= episode["limit"] + by)


def _begun(state: SensorState, row: Row) -> SensorState:
    time = time_of(row)
    episode = {
        **{name: row[name] for name in ("deviceId", "sensorType", "breach", "limit")},
        "began": time,
        "last": time,
        "count": 1,
        "lowest": row["value"],
        "highest": row["value"],
        "key": row["readingTime"],  # distinguishes episodes that begin at the same time
    }
    unit = f" {row['unit']}" if "unit" in row else ""
    text = f"{row['sensorType']} of {row['deviceId']} is {row['value']:f}{unit}, {beyond(row)} {row['limit']:f}"
    told = notification(
        f"{row['sensorType']} of {row['deviceId']} is {beyond(row)}",
        {"message": f"{text}: an episode begins", "event": "begin"}
        | {name: row[name] for name in OF_READING if name in row},
    )
    return replace(state, open=episode, pending=(*state.pending, {"id": f"begin {row['readingTime']}", **told}))


def _continued(state: SensorState, episode: Row, row: Row) -> SensorState:
    time = time_of(row)
    return replace(
        state,
        open={
            **episode,
            "began": min(episode["began"], time),
            "last": max(episode["last"], time),
            "count": episode["count"] + 1,
            "lowest": min(episode["lowest"], row["value"]),
            "highest": max(episode["highest"], row["value"]),
        },
    )


def _ended(state: SensorState, time: str, row: Row | None, why: str) -> SensorState:
    episode = state.open or {}
    duration = max(timedelta(0), _moment(time) - _moment(episode["began"]))
    what = f"{episode['sensorType']} of {episode['deviceId']}"
    told = notification(
        f"{what} is no longer {beyond(episode)}",
        {
            "message": f"{what} was {beyond(episode)} {episode['limit']:f} in {episode['count']} readings over "
            f"{duration.total_seconds():g} s, from {episode['lowest']:f} to {episode['highest']:f}: {why}",
            "event": "end",
            **{name: episode[name] for name in ("deviceId", "sensorType", "breach", "limit")},
            "began": episode["began"],
            "lastBeyond": episode["last"],
            "timestamp": time,
            "durationSeconds": f"{duration.total_seconds():g}",
            "count": str(episode["count"]),
            "lowest": episode["lowest"],
            "highest": episode["highest"],
            "reason": why,
            **{name: row[name] for name in ("readingId", "objectKey") if row and name in row},
        },
    )
    over_until = max(state.over_until or time, time)
    return SensorState(None, over_until, (*state.pending, {"id": f"end {episode['key']}", **told}))


def _moment(time: str) -> datetime:
    """Time to the microsecond; a leap second counts as the second before."""
    return datetime.fromisoformat(time[:19].replace(":60", ":59") + time[19:26] + "+00:00")
