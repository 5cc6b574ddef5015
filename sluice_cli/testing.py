"""Tests against a local AWS: what a project's stacks are once they are deployed there, and waiting for events.

`pytest_plugin.py` has the fixtures that make these. What deploys is imported only when it is used.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

if TYPE_CHECKING:
    from sluice_cli.capturing.captured import CapturedFailure as CapturedFailure
    from sluice_cli.local_aws.server import LocalAws
    from sluice_cli.stack import Stack
    from sluice_cli.target import Target


Result = TypeVar("Result")

STEP_SECONDS, LONGEST_STEP_SECONDS = 0.15, 0.5


def eventually(look: Callable[[], Result | None], *, within: float = 60) -> Result:
    """Call `look` until its result is not empty, for asynchronous effects: an event, a row, a log line. Returns the
    result.

    Raises `AssertionError` after `within` seconds.
    """
    began = time.monotonic()
    while not (result := look()):
        waited = time.monotonic() - began
        if waited > within:
            raise AssertionError(f"still {result!r} after {within} s")
        time.sleep(min(LONGEST_STEP_SECONDS, max(STEP_SECONDS, waited / 10)))
    return result


def __getattr__(name: str) -> object:
    """`CapturedFailure`, which tests of `sluice failures --capture` use: read when it is asked for."""
    if name != "CapturedFailure":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sluice_cli.capturing.captured import CapturedFailure

    return CapturedFailure


CRASHES = "/_sluice/crashes"


@dataclass(frozen=True)
class Crash:
    """A crash that `crash_once` has prepared."""

    local: "LocalAws"
    number: int

    @property
    def happened(self) -> bool:
        """Whether the function was killed."""
        return self.number in _own(self.local, "GET", CRASHES)["happened"]


@dataclass(frozen=True)
class DeployedProject:
    """A project's stacks, deployed on a local AWS."""

    target: "Target"

    @classmethod
    def on(cls, local: "LocalAws", folder: Path) -> "DeployedProject":
        """Synthesize and deploy all stacks of the project in a folder. Raises `SluiceError`."""
        from sluice_cli.deployment.local import up
        from sluice_cli.project import Project

        return cls(up(Project.find(folder), local))

    def stack(self, name: str | None = None) -> "Stack":
        """A stack by its name in the app; without `name`, the only one. Raises `InputError` with all names."""
        from sluice_cli.errors import InputError
        from sluice_cli.stack import synthesized_stacks

        stacks = synthesized_stacks(self.target, [name] if name else [])
        if len(stacks) != 1:
            raise InputError(f"there are {len(stacks)} stacks, name one: {', '.join(one.name for one in stacks)}")
        return stacks[0]

    def outputs(self, name: str | None = None) -> dict[str, Any]:
        """The values of a stack's outputs, by the outputs' names."""
        return self.stack(name).outputs()


def crash_once(local: "LocalAws", function: str, *, after: str, on: str = "") -> Crash:
    """Kill a function's process in the middle of its next run that makes the AWS call `after`, given as an IAM action
    (`s3:PutObject`): the call has taken effect, but the function does not get the answer.

    `on` is the ARN that the call has to be about, for a function that makes it on several resources: a table's, an
    object's. The event is retried as after any failure. Of a transaction of DynamoDB, `after` names one of its parts
    (`dynamodb:PutItem`).
    """
    query = urlencode({"function": function, "after": after, "on": on})
    return Crash(local, _own(local, "POST", f"{CRASHES}?{query}")["number"])


def run_schedule(
    local: "LocalAws", name: str, *, at: datetime | None = None, region: str = "us-east-1", group: str = "default"
) -> str:
    """Run a schedule of EventBridge Scheduler now, as it would run at the planned time `at` (default: now; UTC where
    `at` has no time zone). Returns the id of the execution, which `<aws.scheduler.execution-id>` stands for.

    The target is called with the schedule's role and input, in which `<aws.scheduler.scheduled-time>` becomes `at`;
    calls that the role may not make go to the schedule's queue of undelivered calls. Like Scheduler's, the call is
    asynchronous. Raises `LocalAwsError`, with the names of all schedules, where there is no such schedule.
    """
    from sluice_cli.errors import LocalAwsError
    from sluice_cli.local_aws.schedules import run_now

    time = at or datetime.now(UTC)
    utc = (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    arn = f"arn:aws:scheduler:{region}:{local.account_id()}:schedule/{group}/{name}"
    execution = run_now(local, arn, utc)
    if execution is None:
        schedules = local.client("scheduler", region_name=region).list_schedules()["Schedules"]
        known = ", ".join(sorted(one["Name"] for one in schedules)) or "none"
        raise LocalAwsError(f"there is no schedule {name!r} in {region}; there are: {known}")
    return execution


@dataclass(frozen=True)
class HttpAnswer:
    """The answer to `http_request`; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, parsed. Raises `ValueError` where it is no JSON."""
        return json.loads(self.body)


def http_request(
    local: "LocalAws",
    method: str,
    url: str,
    *,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    signed: bool = False,
) -> HttpAnswer:
    """Send an HTTP request to an API on the local AWS, whose certificate is checked.

    `body` is sent as it is where it is `bytes`, otherwise as JSON. With `signed` the request is signed by the local
    AWS's deployer, for routes with IAM authorization; without, it is anybody's. Statuses of errors are answers too.
    Raises `sluice_cli.errors.LocalAwsError` if the local AWS is not running or does not answer within 30 s.
    """
    from sluice_cli.local_aws.signed_request import answered, signed_headers

    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    sent = dict(headers or {})
    if content is not None and "content-type" not in {name.lower() for name in sent}:
        sent["Content-Type"] = "application/json"
    if signed:
        sent = signed_headers(local, method, url, content, sent)
    answer = answered(local, method, url, content, sent)
    return HttpAnswer(answer.status_code, {name.lower(): one for name, one in answer.headers.items()}, answer.content)


def _own(local: "LocalAws", method: str, path: str) -> dict[str, Any]:
    from sluice_cli.local_aws.signed_request import own_request

    status, body = own_request(local, method, path)
    if status != 200:
        raise AssertionError(f"the local AWS answers {path} with {status}; start it anew (`sluice down`, `sluice up`)")
    return dict(json.loads(body))
