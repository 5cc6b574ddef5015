"""Injects planned faults into a system's calls to AWS, and records those that took effect."""

import json
import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import parse_qs

from .function import SHORT_TIMEOUT_SECONDS, SoakedFunction
from .plan import FaultWindow
from .proxy import Answer, ProxiedRequest, Proxy, Reset

# The services whose calls a kind of fault affects.
AFFECTED_SERVICES = {
    "throttled": {"dynamodb"},
    "unavailable": {"dynamodb", "s3", "sns"},
    "reset": {"dynamodb", "s3", "sns"},
    "answer-lost": {"dynamodb", "s3"},  # SNS knows no repeats: a lost answer would repeat the notification
    "slow": {"dynamodb", "s3", "sns"},
    "topic-refused": {"sns"},
    "denied": set[str](),  # IAM refuses by itself: seen in the answers
    "killed": {"dynamodb", "sns"},
    "timed-out": {"dynamodb", "s3"},
}
SLOWEST_SECONDS = 0.6
# What strikes no more calls by then ends: a function that has no time may never get as far as a call.
LONGEST_WINDOW_SECONDS = 15
DENIED = re.compile(rb"AccessDenied|AuthorizationError|not authorized")
OBJECT_KEY = re.compile(rb'"objectKey": ?\{"S": ?"([^"]+)"')

THROTTLED = Answer(
    400,
    json.dumps(
        {
            "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
            "message": "The level of configured provisioned throughput for the table was exceeded",
        }
    ).encode(),
    {"Content-Type": "application/x-amz-json-1.0"},
)
TOPIC_THROTTLED = Answer(
    400,
    b'<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>Throttling</Code>'
    b"<Message>Rate exceeded</Message></Error><RequestId>0</RequestId></ErrorResponse>",
    {"Content-Type": "text/xml"},
)


@dataclass(frozen=True)
class Call:
    """A function's call: its service, and what it is about."""

    service: str
    operation: str
    request: ProxiedRequest

    @classmethod
    def of(cls, request: ProxiedRequest) -> "Call":
        target = next((value for name, value in request.headers.items() if name.lower() == "x-amz-target"), "")
        if target.startswith("DynamoDB"):
            return cls("dynamodb", target.rpartition(".")[2], request)
        if b"Action=Publish" in request.body:
            return cls("sns", parse_qs(request.body.decode())["Action"][0], request)
        return cls("s3", request.method, request)

    @property
    def messages(self) -> list[str]:
        """What it publishes: one message, or those of a batch."""
        fields = parse_qs(self.request.body.decode())
        return [values[0] for name, values in fields.items() if name.rpartition(".")[2] == "Message"]

    @property
    def marked(self) -> list[dict[str, str]]:
        """The rows that it marks as notified."""
        if self.service != "dynamodb" or b'"notifiedAt"' not in self.request.body:
            return []
        body = json.loads(self.request.body)
        puts = [body] if self.operation == "PutItem" else [one.get("Put", {}) for one in body.get("TransactItems", ())]
        items = [put["Item"] for put in puts if "notifiedAt" in put.get("Item", {})]
        return [{name: str(next(iter(value.values()))) for name, value in item.items()} for item in items]


class FaultInjector:
    """The fault of a proxy (soak/proxy.py): windows begin as inputs are sent, and last until they have struck.

    `of_message` names the inputs that a notification's message is about, and `of_row` the one of a row of DynamoDB's.
    `written` hears of each object of which something was written.
    """

    def __init__(
        self,
        windows: Sequence[FaultWindow],
        function: SoakedFunction,
        proxy: Proxy,
        *,
        of_message: Callable[[str], Sequence[str]],
        of_row: Callable[[dict[str, str]], str],
        written: Callable[[str], None],
    ) -> None:
        self.struck: Counter[str] = Counter()
        self._coming = list(windows)
        self._active: list[tuple[FaultWindow, int]] = []  # with how many calls are left
        self._until: dict[FaultWindow, float] = {}
        self._function = function
        self._proxy = proxy
        self._of_message = of_message
        self._of_row = of_row
        self._written = written
        self._lock = threading.Lock()
        self._published: defaultdict[str, list[float]] = defaultdict(list)
        self._breaks: list[tuple[float, str | None]] = []  # of one input's notification, or of all under way
        # While its time is short, a slow machine has the function end at any moment.
        self._cut_short_since: float | None = None
        self._cut_short: list[tuple[float, float]] = []
        self.called = False
        self._under_way = 0
        self._last = time.monotonic()

    def sent(self, number: int) -> None:
        """An item is about to be sent: windows that begin with it do."""
        with self._lock:
            begun = [one for one in self._coming if one.at <= number]
            self._coming = self._coming[len(begun) :]
        for window in begun:
            if window.fault == "denied":
                self._function.deny(window.variant)
            elif window.fault == "timed-out":
                self._cut_short_since = self._cut_short_since or time.monotonic()
                self._function.cut_short()
            with self._lock:
                self._active.append((window, window.calls))
                self._until[window] = time.monotonic() + LONGEST_WINDOW_SECONDS
        with self._lock:
            over = self._end(lambda window, left: self._until[window] < time.monotonic())
        self._put_back(over)

    def clear(self) -> None:
        """No more faults, and what they changed is put back."""
        with self._lock:
            self._coming = []
            ended = {window.fault for window, _ in self._active}
            self._active = []
        self._put_back(ended)

    def quiet_for(self) -> float:
        """Seconds since the function's last call was answered; 0 while one is under way."""
        return 0 if self._under_way else time.monotonic() - self._last

    def explained(self, one: str) -> int:
        """How many repeats of an input's notification have their reason: between two times that the topic took it,
        the mark in its row did not come through, the function was killed, or its time was short."""
        times = sorted(self._published[one])
        breaks = [*self._cut_short, *((when, when) for when, whose in self._breaks if whose in (None, one))]
        return sum(any(first <= end and begin <= second for begin, end in breaks) for first, second in pairwise(times))

    def __call__(self, request: ProxiedRequest) -> Answer:
        call = Call.of(request)
        with self._lock:
            self.called = True
            self._under_way += 1
            window = self._take(call)
        answer: Answer | None = None
        try:
            answer = self._strike(window, call) if window else self._pass_on(call)
            return answer
        finally:
            if answer is None or answer.status != 200 or request.gone():
                for row in call.marked:
                    self._broken(self._of_row(row) or None)  # an item about no input in particular: about all
            with self._lock:
                self._under_way -= 1
                self._last = time.monotonic()

    def _take(self, call: Call) -> FaultWindow | None:
        """The first window that strikes the call; the caller holds the lock."""
        for position, (window, left) in enumerate(self._active):
            if call.service in AFFECTED_SERVICES[window.fault] and left:
                self._active[position] = (window, left - 1)
                return window
        return None

    def _strike(self, window: FaultWindow, call: Call) -> Answer:
        match window.fault:
            case "throttled":
                answer = THROTTLED
            case "unavailable":
                answer = Answer(503 if call.service == "s3" else 500)
            case "topic-refused":
                answer = TOPIC_THROTTLED if window.variant % 2 else Answer(500)
            case "slow":
                time.sleep(SLOWEST_SECONDS * (0.2 + window.variant % 80 / 100))
                answer = self._pass_on(call)
            case "killed":
                if window.variant % 2 and call.service != "sns":  # after the write; the topic knows no repeats
                    self._pass_on(call)
                self._function.kill()
                self._broken(None)
                self._ended(window, call, within=5)
                raise Reset
            case "timed-out":
                self._ended(window, call, within=SHORT_TIMEOUT_SECONDS - 0.03)  # later it may have given up by itself
                self._broken(None)
                raise Reset
            case _:
                if window.fault == "answer-lost":
                    self._pass_on(call)
                self._count(window)
                raise Reset
        self._count(window)
        return answer

    def _ended(self, window: FaultWindow, call: Call, *, within: float) -> None:
        """Counts the fault if the function that made the call is gone within so many seconds; else it is still due."""
        deadline = time.monotonic() + within
        while not call.request.gone():
            if time.monotonic() > deadline:
                with self._lock:
                    self._active = [(one, left + (one is window)) for one, left in self._active]
                return
            time.sleep(0.05)
        self._count(window)

    def _pass_on(self, call: Call) -> Answer:
        began = time.monotonic()
        answer = self._proxy.pass_on(call.request)
        # The answer to a HEAD has no body that names the error.
        if answer.status in (400, 403) and (call.request.method == "HEAD" or DENIED.search(answer.body)):
            self._denied()
        elif call.service == "sns" and answer.status == 200:
            gone = call.request.gone()
            for one in [one for message in call.messages for one in self._of_message(message)]:
                self.taken(one, began, gone=gone)
        elif call.service == "dynamodb":
            for key in set(OBJECT_KEY.findall(call.request.body)):
                self._written(key.decode())
        return answer

    def taken(self, one: str, began: float, *, gone: bool) -> None:
        """The topic took an input's notification. Who sent it may have given up: then its repeat came after this, or,
        where this took long, before."""
        now = time.monotonic()
        with self._lock:
            overtaken = any(began <= when for when in self._published[one])
            self._published[one].append(now)
            if gone and overtaken:
                self._breaks.append((now, one))
        if gone:
            self._broken(one)

    def _denied(self) -> None:
        with self._lock:
            window = next((one for one, left in self._active if one.fault == "denied" and left), None)
            self._active = [(one, left - (one is window)) for one, left in self._active]
        if window:
            self._count(window)

    def _count(self, window: FaultWindow) -> None:
        with self._lock:
            self.struck[window.fault] += 1
            over = self._end(lambda _, left: not left)
        self._put_back(over)

    def _end(self, ended: Callable[[FaultWindow, int], bool]) -> set[str]:
        """End windows; gives the kinds of which none is left. The caller holds the lock."""
        over = {window.fault for window, left in self._active if ended(window, left)}
        self._active = [(window, left) for window, left in self._active if not ended(window, left)]
        return over - {window.fault for window, _ in self._active}

    def _put_back(self, over: set[str]) -> None:
        if "denied" in over:
            self._function.allow()
        if "timed-out" in over:
            self._function.full_length()
            ended = time.monotonic() + SHORT_TIMEOUT_SECONDS  # for those that had begun
            self._cut_short.append((self._cut_short_since or ended, ended))
            self._cut_short_since = None

    def _broken(self, one: str | None) -> None:
        with self._lock:
            self._breaks.append((time.monotonic(), one))
