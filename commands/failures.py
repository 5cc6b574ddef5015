"""What a system could not process: looking at it, and sending it through the function again."""

import argparse
import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from rich.table import Table

from . import deployment
from .deployment import DeploymentError, Target, console
from .local_aws import LocalAws
from .systems import system_name
from .target import LOCAL, Account, account_of_caller, local_target

HELP = "list the events a system's failure queue keeps, and why; --replay sends them through the function again"

# A message that was looked at is hidden from others for so long, so that no two replays take the same one.
HIDDEN_SECONDS = 120
LONGEST_REASON = 300


@dataclass(frozen=True)
class Failure:
    """An event kept by Lambda's on-failure destination: the event itself and what the function said.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """

    request_id: str
    event: Any
    reason: str
    receipt: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("system", type=system_name, metavar="SYSTEM")
    parser.add_argument("--replay", nargs="+", metavar="ID", help="request ids from the list, or `all`")
    parser.add_argument("--local", action="store_true", help="on the local AWS that `make up` started")


def run(arguments: argparse.Namespace) -> int:
    target: Target
    if arguments.local:
        local = LocalAws(LOCAL)
        target = local_target(local)
        queue = FailureQueue(target, arguments.system, local.client)
    else:
        account: Account = account_of_caller()
        target = account
        queue = FailureQueue(target, arguments.system, account.client)
    failures = queue.read()
    if not arguments.replay:
        _show(arguments.system, failures)
        queue.release(failures)
        return 0
    wanted = [one for one in failures if "all" in arguments.replay or one.request_id in arguments.replay]
    queue.release([one for one in failures if one not in wanted])
    unknown = set(arguments.replay) - {"all"} - {one.request_id for one in failures}
    if unknown:
        queue.release(wanted)
        raise DeploymentError(f"not in the failure queue: {', '.join(sorted(unknown))}; nothing was replayed")
    failed = 0
    for one in wanted:
        error = queue.replay(one)
        failed += error is not None
        console.print(
            f"{one.request_id}: {'processed' if error is None else f'kept, failed again: {error}'}", markup=False
        )
    console.print(f"{len(wanted) - failed} of {len(wanted)} processed and removed, {failed} kept")
    return 1 if failed else 0


class FailureQueue:
    """The failure queue of a deployed system, and the function it belongs to."""

    def __init__(self, target: Target, system: str, client: Any) -> None:
        outputs = deployment.outputs(system, target)
        region = outputs["FunctionArn"].split(":")[3]
        self._sqs = client("sqs", region_name=region)
        self._lambda = client("lambda", region_name=region)
        self._url = outputs["FailureQueueUrl"]
        self._function = outputs["FunctionArn"]

    def read(self) -> list[Failure]:
        """Everything that waits, oldest first, hidden from others until released, replayed or timed out."""
        failures: dict[str, Failure] = {}
        while True:
            answer = self._sqs.receive_message(
                QueueUrl=self._url, MaxNumberOfMessages=10, VisibilityTimeout=HIDDEN_SECONDS, WaitTimeSeconds=1
            )
            messages = answer.get("Messages", [])
            for message in messages:
                failures[message["MessageId"]] = _parse(message)
            if not messages:
                return list(failures.values())

    def release(self, failures: list[Failure]) -> None:
        for one in failures:
            self._sqs.change_message_visibility(QueueUrl=self._url, ReceiptHandle=one.receipt, VisibilityTimeout=0)

    def replay(self, failure: Failure) -> str | None:
        """Send the event through the function and wait; it leaves the queue only when it was processed.

        Gives what the function said when it failed again. The functions add nothing twice, so a replay of what was
        processed meanwhile is harmless.
        """
        try:
            answer = self._lambda.invoke(
                FunctionName=self._function,
                InvocationType="RequestResponse",
                Payload=json.dumps(failure.event).encode(),
            )
        except ClientError as error:
            self.release([failure])
            return str(error)
        if "FunctionError" in answer:
            self.release([failure])
            return _short(json.loads(answer["Payload"].read()).get("errorMessage", "no message"))
        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=failure.receipt)
        return None


def _parse(message: dict[str, Any]) -> Failure:
    kept = json.loads(message["Body"])
    said = kept.get("responsePayload") or {}
    condition = kept["requestContext"]["condition"]
    return Failure(
        request_id=kept["requestContext"]["requestId"],
        event=kept["requestPayload"],
        reason=said.get("errorMessage") or condition,
        receipt=message["ReceiptHandle"],
    )


def _show(system: str, failures: list[Failure]) -> None:
    if not failures:
        console.print(f"{system}: the failure queue is empty")
        return
    table = Table(title=f"{system}: {len(failures)} kept", title_justify="left", show_lines=True)
    table.add_column("request id", no_wrap=True)
    table.add_column("reason", overflow="fold")
    table.add_column("event", overflow="fold")
    for one in failures:
        table.add_row(one.request_id, _short(one.reason), _summary(one.event))
    console.print(table, soft_wrap=False, markup=False)


def _summary(event: Any) -> str:
    records = event.get("Records") if isinstance(event, dict) else None
    if isinstance(records, list):
        keys = [record.get("s3", {}).get("object", {}).get("key") for record in records if isinstance(record, dict)]
        return f"{len(records)} records: " + ", ".join(str(key) for key in keys)
    return _short(json.dumps(event))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_REASON else text[: LONGEST_REASON - 1] + "…"
