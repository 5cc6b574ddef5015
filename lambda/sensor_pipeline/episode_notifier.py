"""Notifications of episodes: one when a sensor goes beyond its limit, one when that is over.

What is known of a sensor of a device is one item of a table. A row beyond its limit is counted into it and marked in
one transaction, so that each is counted once however often its object arrives; the notifications to publish are in the
item until they are published. After a crash the next attempt finds both.
"""

import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from sluice_functions import aws, conditional_puts
from sluice_functions.conditional_puts import Put, TooManyConflicts
from sluice_functions.items import plain, typed

from .episodes import EpisodeRules, SensorState, advance, in_order
from .ingestion import Call
from .outbox import LEASE_SECONDS, MOST_IN_ONE_PUBLISH, NotPublished, Outbox
from .readings import Row

MOST_IN_ONE_STEP = 99  # rows beyond the threshold that are counted in one transaction, beside the state
ATTEMPTS = 20
WAIT_SECONDS = 0.25
KEPT = ("deviceId", "sensorType", "readingTime", "value", "readingId", "objectKey")  # of readings within limits


@dataclass(frozen=True)
class Environment:
    episodes_table_name: str
    sensor_hysteresis: str
    sensor_longest_silence_seconds: str

    @property
    def rules(self) -> EpisodeRules:
        hysteresis = json.loads(self.sensor_hysteresis)
        return EpisodeRules(
            {name: Decimal(str(by)) for name, by in hysteresis.items()},
            timedelta(seconds=int(self.sensor_longest_silence_seconds)),
        )


class Known(NamedTuple):
    """An item of the episodes table: state, version (0: new), and the time until which an invocation holds the lease to
    publish.
    """

    state: SensorState
    version: int
    lease: int


class EpisodeStore:
    """The episodes table, the readings table, and the topic."""

    def __init__(self, episodes_table: str, readings_table: str, topic_arn: str) -> None:
        self._episodes_table = episodes_table
        self._readings_table = readings_table
        self._topic_arn = topic_arn
        self._dynamodb = conditional_puts.client()
        self._sns = aws.client("sns")

    def get(self, device: str, sensor: str) -> Known:
        key = typed({"deviceId": device, "sensorType": sensor})
        answer = self._dynamodb.get_item(TableName=self._episodes_table, Key=key, ConsistentRead=True)
        item = plain(answer["Item"]) if "Item" in answer else {}
        state = SensorState(item.get("open"), item.get("overUntil"), tuple(item.get("pending", ())))
        return Known(state, item.get("version", 0), item.get("lease", 0))

    def put(self, device: str, sensor: str, known: Known, counted: Sequence[Row] = ()) -> list[Row] | None:
        """Write a state, unless it changed since it was read, and mark the rows that it counts, in one transaction.

        Returns None on success, else the rows that no other invocation has counted.
        """
        existing = conditional_puts.make_all(
            self._dynamodb, [self._state(device, sensor, known), *(self._marked(row) for row in counted)]
        )
        return [row for number, row in enumerate(counted, 1) if number not in existing] if existing else None

    def publish(self, notifications: Sequence[Mapping[str, str]]) -> set[str]:
        """Publish up to 10 notifications. Returns the ids of those that SNS refused."""
        entries = [
            {"Id": str(number), "Subject": one["Subject"], "Message": one["Message"]}
            for number, one in enumerate(notifications)
        ]
        answer = self._sns.publish_batch(TopicArn=self._topic_arn, PublishBatchRequestEntries=entries)
        return {notifications[int(one["Id"])]["id"] for one in answer.get("Failed", [])}

    def _state(self, device: str, sensor: str, known: Known) -> Put:
        state, version, lease = known
        item = {
            "deviceId": device,
            "sensorType": sensor,
            "version": version + 1,
            "lease": lease,
            "pending": list(state.pending),
            "notifiedAt": _now(),
            **({"open": state.open} if state.open else {}),
            **({"overUntil": state.over_until} if state.over_until else {}),
        }
        condition = "version = :version" if version else "attribute_not_exists(deviceId)"
        values = {"ExpressionAttributeValues": typed({":version": version})} if version else {}
        return {"TableName": self._episodes_table, "Item": typed(item), "ConditionExpression": condition, **values}

    def _marked(self, row: Row) -> Put:
        item = {name: value for name, value in row.items() if name != "notificationLease"}
        return {
            "TableName": self._readings_table,
            "Item": typed({**item, "notifiedAt": _now()}),
            "ConditionExpression": "attribute_not_exists(notifiedAt)",
        }


class Episodes:
    """The readings of one object by device and sensor. Several threads append to its lists, which is thread-safe."""

    def __init__(self, store: EpisodeStore, outbox: Outbox, rules: EpisodeRules) -> None:
        self._store = store
        self._outbox = outbox
        self._rules = rules
        self._groups: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)

    def add(self, rows: list[Row]) -> Mapping[str, int]:
        added, leases = self._outbox.add(rows)
        for row in rows:
            self._groups[row["deviceId"], row["sensorType"]]  # there may be pending notifications
        for row in (*leases.mine, *leases.others):
            self._groups[row["deviceId"], row["sensorType"]].append(row)
        return {"stored": added}

    def pass_by(self, rows: list[Row]) -> None:
        for row in rows:
            kept = {name: row[name] for name in KEPT if name in row}
            self._groups[row["deviceId"], row["sensorType"]].append(kept)

    def finish(self, run: Callable[[Iterable[Call]], Counter[str]]) -> Counter[str]:
        return run((self._finish_sensor, sensor) for sensor in list(self._groups))

    def _finish_sensor(self, sensor: tuple[str, str]) -> Mapping[str, int]:
        published = 0
        for rows in _steps(in_order(self._groups[sensor])):
            self._count(sensor, rows)
            published += self._publish(sensor)
        return {"notified": published}

    def _count(self, sensor: tuple[str, str], rows: Sequence[Any]) -> None:
        for attempt in range(ATTEMPTS):
            known = self._store.get(*sensor)
            beyond = [row for row in rows if "breach" in row]
            if not beyond and known.state.open is None:
                return
            state = advance(known.state, rows, self._rules)
            if state == known.state:
                return
            uncounted = self._store.put(*sensor, known._replace(state=state), beyond)
            if uncounted is None:
                return
            rows = [row for row in rows if "breach" not in row or row in uncounted]
            time.sleep(random.uniform(0, 0.02 * (attempt + 1)))  # noqa: S311 - jitter
        raise TooManyConflicts(f"others kept counting readings of {sensor[1]} of {sensor[0]}")

    def _publish(self, sensor: tuple[str, str]) -> int:
        published = 0
        while True:
            known = self._store.get(*sensor)
            if not known.state.pending:
                return published
            now = int(time.time())
            if known.lease > now:
                time.sleep(WAIT_SECONDS)  # another invocation is publishing; its lease ends before this one's timeout
                continue
            if self._store.put(*sensor, known._replace(lease=now + LEASE_SECONDS)) is not None:
                continue
            leased = known._replace(version=known.version + 1, lease=now + LEASE_SECONDS)
            some = known.state.pending[:MOST_IN_ONE_PUBLISH]
            try:
                refused = self._store.publish(some)
            except (BotoCoreError, ClientError):
                self._remove(sensor, leased, set())
                raise
            done = {one["id"] for one in some} - refused
            self._remove(sensor, leased, done)
            published += len(done)
            if refused:
                raise NotPublished(f"SNS refused {len(refused)} of {len(some)} notifications")

    def _remove(self, sensor: tuple[str, str], known: Known, done: set[str]) -> None:
        """End the lease, and remove the published notifications. `known` is the item as this invocation leased it: it
        is read again only where others have counted meanwhile, as each call that fails in between would repeat the
        notifications. A lease that somebody else took over stays."""
        mine = known.lease
        for _ in range(ATTEMPTS):
            pending = tuple(one for one in known.state.pending if one["id"] not in done)
            state = SensorState(known.state.open, known.state.over_until, pending)
            if (
                self._store.put(*sensor, known._replace(state=state, lease=0 if known.lease == mine else known.lease))
                is None
            ):
                return
            known = self._store.get(*sensor)
        raise TooManyConflicts(f"others kept counting readings of {sensor[1]} of {sensor[0]}")


def _steps(rows: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """The rows in parts with at most as many beyond the threshold as one transaction counts; one empty part without
    rows.
    """
    part: list[Any] = []
    beyond = 0
    for row in rows:
        part.append(row)
        beyond += "breach" in row
        if beyond == MOST_IN_ONE_STEP:
            yield part
            part, beyond = [], 0
    if part or not rows:
        yield part


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
