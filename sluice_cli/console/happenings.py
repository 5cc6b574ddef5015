"""What happens on the local AWS, followed as it happens and joined with the nodes and arrows of the pictures."""

import json
import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sluice_cli.errors import SluiceError
from sluice_cli.review.picture.arrows import CALLERS

from .deployment import Deployment, Deployments
from .local import LocalConnection
from .outside import described_by, id_of
from .pictures import node_id

PATH = "/_sluice/happenings"
KEPT = 5_000
REPLAYED = 200
WAIT_SECONDS = 20
RETRY_SECONDS = 1.0
SAY_AGAIN_SECONDS = 5.0
REMEMBERED_THINGS = 40_000
REFRESH_SECONDS = 0.7  # after the last write of a state: a deployment writes it several times

Thing = tuple[str, ...]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Happening:
    """One happening: what the page gets of it, and the things that connect it with others."""

    number: int
    shown: Mapping[str, Any] = field(repr=False)
    used: tuple[Thing, ...] = ()
    made: tuple[Thing, ...] = ()


@dataclass(frozen=True)
class Message:
    """One message of the live stream."""

    number: int
    type: str
    data: bytes


class Happenings:
    """The last happenings, and the messages of the live stream. `run` follows the local AWS until `close`."""

    def __init__(self, connection: LocalConnection, deployments: Deployments) -> None:
        self._connection = connection
        self._deployments = deployments
        self.kept: deque[Happening] = deque(maxlen=KEPT)
        self.messages: deque[Message] = deque(maxlen=KEPT)
        self.skipped = 0
        self._condition = threading.Condition()
        self._number = 0
        self._messages = 0
        self._server, self._after = "", 0
        self._places: OrderedDict[Thing, str | None] = OrderedDict()
        self._refresh_at: float | None = None
        self._is_running = True
        self._say_again_at = 0.0
        self._closed = False

    def run(self) -> None:
        """Follow what happens; never returns before `close`."""
        while not self._closed:
            try:
                self._read()
            except SluiceError as error:
                self._say_stopped(str(error))
            except (BotoCoreError, ClientError, OSError, ValueError) as error:
                logger.debug("not followed: %s", error)
                self._say_stopped("the local AWS does not answer any more; `sluice up` starts it")

    def close(self) -> None:
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def _read(self) -> None:
        wait = 0.2 if self._refresh_at else WAIT_SECONDS
        answer = self._connection.own(f"{PATH}?server={self._server}&after={self._after}&wait={wait}")
        if answer["server"] != self._server:
            self._begin(answer)
        elif not self._is_running:
            self._is_running = True
            self.post("aws", {"running": True})
        if answer["first"] > self._after + 1:
            self._say_skipped(answer["first"] - self._after - 1)
        for one in answer["happenings"]:
            self._after = one["number"]
            self._add(one)
        if self._refresh_at and time.monotonic() >= self._refresh_at:
            self._refresh()

    def _begin(self, answer: Mapping[str, Any]) -> None:
        """Another server: numbers and deployed resources begin anew."""
        is_first, self._server, self._after = not self._server, answer["server"], 0
        self._places.clear()
        if not is_first or not self._is_running:
            self.post("aws", {"running": True})
        self._is_running = True
        self._refresh()

    def _refresh(self) -> None:
        self._refresh_at = None
        if self._deployments.refresh():
            self.post("stacks", {"revision": self._deployments.current().revision})
            # Before a page asks for the pictures, which takes a second where they are new.
            threading.Thread(target=self._draw, daemon=True, name="pictures").start()

    def _draw(self) -> None:
        with suppress(SluiceError, BotoCoreError, ClientError):  # the page gets the same error, in words
            self._deployments.as_json()

    def _say_stopped(self, message: str) -> None:
        # Again and again: a page may have found the local AWS running in between, which this thread did not.
        now = time.monotonic()
        if (self._is_running or now >= self._say_again_at) and not self._closed:
            self._is_running = False
            self._say_again_at = now + SAY_AGAIN_SECONDS
            self.post("aws", {"running": False, "message": message})
        time.sleep(RETRY_SECONDS)

    def _say_skipped(self, count: int) -> None:
        self.skipped += count
        self.post("skipped", {"count": count, "from": self._after + 1, "to": self._after + count})
        self._after += count

    def _add(self, one: Mapping[str, Any]) -> None:
        deployment = self._deployments.current()
        if one["arn"] == f"arn:aws:s3:::{deployment.target.state_bucket}":
            # Terraform's own objects are no part of the project's work; they say that something was deployed.
            self._refresh_at = time.monotonic() + REFRESH_SECONDS
            return
        used, made = (tuple(tuple(thing) for thing in one[name]) for name in ("used", "made"))
        node = self._node(one, deployment)
        # A message keeps its id where it is moved to: to the dead letters.
        before = [self._places[thing] for thing in made if thing in self._places]
        for thing in made:
            self._places[thing] = node
        while len(self._places) > REMEMBERED_THINGS:
            self._places.popitem(last=False)
        self._number += 1
        shown = {
            "number": self._number,
            "stack": node.partition("/")[0] if node and node in deployment.nodes.by_id else None,
            "node": node,
            "resource": None if node in deployment.nodes.by_id else described_by(one["arn"]),
            "edges": self._edges(one, node, used, before, deployment),
            **_shown(one),
            "follow": follow_text((*made, *used)),
        }
        self.kept.append(Happening(self._number, shown, used, made))
        self.post("happening", shown)

    def _node(self, one: Mapping[str, Any], deployment: Deployment) -> str | None:
        if one["kind"] == "call.refused" and one["function"]:
            return deployment.nodes.named(one["function"]) or id_of(one["function"])
        found = deployment.nodes.named(one["arn"])
        if one["kind"] == "mail.sent" and found:
            mail = f"{found.partition('/')[0]}/mail"
            return mail if mail in deployment.nodes.by_id else found
        return found or id_of(one["arn"])

    def _edges(
        self,
        one: Mapping[str, Any],
        node: str | None,
        used: tuple[Thing, ...],
        before: Iterable[str | None],
        deployment: Deployment,
    ) -> list[str]:
        """The arrows from the things that a happening used, and from where what it made was before, to its node."""
        if node is None:
            return []
        places = [*(self._place(thing, deployment) for thing in used), *before]
        ends: list[tuple[str | None, str | None]] = [(place, node) for place in places]
        if one["kind"] == "api.called":
            ends.append((node_id(node.partition("/")[0], CALLERS), node))
        elif one["kind"] == "call.refused":
            ends.append((node, deployment.nodes.named(one["arn"])))
        return deployment.edges_along(ends)

    def _place(self, thing: Thing, deployment: Deployment) -> str | None:
        """The node at which a thing was made; of an alarm the alarms' box, also where its change is no happening."""
        return self._places.get(thing) or (deployment.nodes.alarms_of(thing[1]) if thing[0] == "alarm" else None)

    def post(self, type_: str, content: Mapping[str, Any]) -> None:
        """Send a message to all pages."""
        with self._condition:
            self._messages += 1
            self.messages.append(Message(self._messages, type_, json.dumps(content).encode()))
            self._condition.notify_all()

    def waited(self, after: int, seconds: float) -> tuple[list[Message], int]:
        """The messages after a number, and how many were dropped before them. Waits for the first."""
        with self._condition:
            if not self._closed and self._messages <= after:
                self._condition.wait(seconds)
            oldest = self.messages[0].number if self.messages else self._messages + 1
            new: list[Message] = []
            for one in reversed(self.messages):
                if one.number <= after:
                    break
                new.append(one)
        return new[::-1], max(oldest - after - 1, 0)

    @property
    def last_message(self) -> int:
        return self._messages

    @property
    def closed(self) -> bool:
        return self._closed


def _shown(one: Mapping[str, Any]) -> dict[str, Any]:
    size = one.get("size")
    return {
        **{name: one[name] for name in ("time", "kind", "title", "run", "trace_id")},
        "detail": one.get("detail") or (f"{size:,} bytes" if isinstance(size, int) else ""),
        "request_id": one.get("request_id") or one["run"],
        "status": one.get("status", "ok"),
        **{name: one.get(name) for name in ("key", "version", "message_id", "seconds", "row")},
    }


def follow_text(things: tuple[Thing, ...]) -> str | None:
    """What `GET /api/follow` takes for the first of these things."""
    return json.dumps(things[0], ensure_ascii=False, separators=(",", ":")) if things else None
