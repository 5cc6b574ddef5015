"""`sluice failures` on the deployed invocation log: failed events are listed, and replayed without loss."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from checks import ROOT
from checks.deployed import failure_queue_of
from sluice_cli.failures.queue import FailureQueue
from tests.support.commands import command, run_command, run_command_here
from tests.support.deployed import Deployment
from tests.support.functions import deliver
from tests.support.invocation_log import SYSTEM, DeployedInvocationLog
from tests.support.logs import logged
from tests.support.s3_events import created, event
from tests.support.waiting import eventually


class Operator:
    """The command, and the system it is used on."""

    def __init__(self, log: DeployedInvocationLog) -> None:
        self.log = log
        self.sqs = self.log.client("sqs")
        self.queue = {"QueueUrl": self.log.outputs["FailureQueueUrl"]}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command(self.log.local, "failures", SYSTEM, "--local", *arguments),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, output and error output."""
        return run_command_here(self.log.local, "failures", SYSTEM, "--local", *arguments)

    def run_in_a_terminal(self, **variables: str) -> tuple[int, str, str]:
        """As `run`, with variables that are read when the command starts."""
        variables |= {"FORCE_COLOR": "1", "TERM": "xterm"}
        return run_command(self.log.local, "failures", SYSTEM, "--local", variables=variables, timeout=600)

    def listed(self) -> list[list[str]]:
        """The list in a pipe: id, time, reason and event of each."""
        code, out, err = self.run()
        assert (code, err) == (0, "")
        return [line.split("\t") for line in out.splitlines() if "\t" in line]

    def counted(self, state: str = "") -> int:
        """The number of visible and hidden (`NotVisible`) messages in the queue."""
        name = f"ApproximateNumberOfMessages{state}"
        return int(self.sqs.get_queue_attributes(**self.queue, AttributeNames=[name])["Attributes"][name])

    def fail(self, *events: Any) -> None:
        """Put these events into the failure queue through the function."""
        before = self.counted()
        for one in events:
            deliver(self.log.local, self.log.outputs["FunctionArn"], one)
        eventually(lambda: self.counted() == before + len(events))

    def fail_for_a_while(self, *keys: str) -> None:
        """Put events into the failure queue that the function could process now."""
        with self.log.forbidden_to_write():
            for key in keys:
                self.log.upload(key)
            eventually(lambda: self.counted() == len(keys))

    def put(self, *events: Any) -> None:
        """Put events into the queue as Lambda does, without waiting for its three attempts."""
        for start in range(0, len(events), 10):
            entries = [
                {"Id": str(number), "MessageBody": json.dumps(as_kept(one))}
                for number, one in enumerate(events[start : start + 10])
            ]
            self.sqs.send_message_batch(**self.queue, Entries=entries)


def as_kept(event: Any, **context: Any) -> dict[str, Any]:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"""
    return {
        "version": "1.0",
        "timestamp": "2026-01-02T03:04:05.678Z",
        "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 3, **context},
        "requestPayload": event,
    }


@pytest.fixture
def operator(deployment: Deployment) -> Iterator[Operator]:
    """An operator with an empty queue, before and after."""
    operator = Operator(DeployedInvocationLog.of(deployment))
    operator.sqs.purge_queue(**operator.queue)
    yield operator
    operator.sqs.purge_queue(**operator.queue)


def poison(key: str) -> dict[str, Any]:
    return event({name: value for name, value in created("bucket", key).items() if name != "eventTime"})


def test_an_empty_failure_queue_is_reported(operator: Operator) -> None:
    for arguments in ([], ["--replay", "all"]):
        assert operator.run(*arguments) == (0, f"{SYSTEM}: the failure queue is empty\n", "")


def test_failures_are_listed_with_their_reason_and_stay_in_the_queue(operator: Operator) -> None:
    operator.fail(poison("first + ä.txt"))
    operator.fail({"no": "event of S3"})
    first, second = operator.listed()
    assert first[2].startswith("1 of 1 records failed: record 0: eventTime and sequencer must be there")
    assert first[3] == "1 record: first + ä.txt"
    assert second[2:] == [
        "neither an S3 event nor a test event: it has no list of Records",
        '{"no": "event of S3"}',
    ]
    assert first[1] <= second[1]
    assert operator.listed() == [first, second]
    assert (operator.counted(), operator.counted("NotVisible")) == (2, 0)


def test_events_of_whatever_form_are_listed(operator: Operator) -> None:
    odd = [{"Records": [{"s3": "text"}]}, {"Records": [None]}, {"Records": [5]}, {"Records": 5}, [1], "text", 7, None]
    operator.put(*odd)
    assert sorted(shown for *_, shown in operator.listed()) == sorted(json.dumps(one) for one in odd)


def test_a_key_can_neither_colour_nor_command_the_terminal(operator: Operator) -> None:
    operator.put(poison("[red]x[/red]\x1b[2J\nsecond line\tand \u202e more"))
    shown = r"1 record: [red]x[/red]\x1b[2J\nsecond line\tand \u202e more"
    ((_, _, _, listed),) = operator.listed()
    assert listed == shown
    code, out, _ = operator.run_in_a_terminal(COLUMNS="80")
    assert code == 0
    assert f"{SYSTEM}: 1 kept, oldest first" in out
    assert f"\n  {shown}\n" in out
    assert "\x1b[2J" not in out.replace("\x1b[2K", "")


def test_a_replay_keeps_events_that_fail_again(operator: Operator) -> None:
    operator.fail(poison("still bad.txt"))
    (before,) = operator.listed()
    code, out, _ = operator.run("--replay", before[0])
    assert code == 1
    assert f"{before[0]}: kept: 1 of 1 records failed: record 0: eventTime" in out
    assert out.endswith("0 of 1 processed and removed, 1 kept\n")
    assert operator.listed() == [before]


def test_a_replay_after_the_mend_processes_and_removes_and_adds_nothing_twice(operator: Operator) -> None:
    operator.fail_for_a_while("mended.txt")
    ((id_, _, reason, shown),) = operator.listed()
    assert "AccessDeniedException" in reason
    assert "PutItem" in reason
    assert shown == "1 record: mended.txt"
    with operator.log.forbidden_to_write():
        code, out, _ = operator.run("--replay", id_)
        assert (code, "AccessDeniedException" in out) == (1, True)
    assert operator.log.rows("mended.txt") == []

    assert operator.run("--replay", id_)[:2] == (0, f"{id_}: processed\n1 of 1 processed and removed, 0 kept\n")
    (row,) = operator.log.rows("mended.txt")
    assert (operator.counted(), operator.counted("NotVisible")) == (0, 0)
    code, _, err = operator.run("--replay", id_)
    assert (code, err) == (2, f"not in the failure queue: {id_}; nothing was replayed\n")
    assert operator.log.rows("mended.txt") == [row]


def test_an_event_that_was_kept_twice_is_processed_once(operator: Operator) -> None:
    operator.fail_for_a_while("kept twice.txt")
    message = operator.sqs.receive_message(**operator.queue, VisibilityTimeout=0)["Messages"][0]
    operator.sqs.send_message(**operator.queue, MessageBody=message["Body"])
    code, out, _ = operator.run("--replay", "all")
    assert (code, out.splitlines()[-1]) == (0, "2 of 2 processed and removed, 0 kept")
    assert len(operator.log.rows("kept twice.txt")) == 1


def test_only_the_selected_events_are_replayed(operator: Operator) -> None:
    operator.fail_for_a_while("chosen.txt", "left.txt")
    ids = {shown.removeprefix("1 record: "): id_ for id_, _, _, shown in operator.listed()}
    assert operator.run("--replay", ids["chosen.txt"])[0] == 0
    assert [shown for _, _, _, shown in operator.listed()] == ["1 record: left.txt"]
    assert len(operator.log.rows("chosen.txt")) == 1
    assert operator.log.rows("left.txt") == []


def test_with_an_unknown_id_nothing_is_replayed(operator: Operator) -> None:
    operator.fail_for_a_while("beside an unknown id.txt")
    ((id_, *_),) = operator.listed()
    code, out, err = operator.run("--replay", id_, "unknown")
    assert (code, out, err) == (2, "", "not in the failure queue: unknown; nothing was replayed\n")
    assert operator.log.rows("beside an unknown id.txt") == []
    assert (operator.counted(), operator.counted("NotVisible")) == (1, 0)


def test_two_replays_at_once_process_everything_once(operator: Operator) -> None:
    keys = [f"rush/{number}.txt" for number in range(8)]
    operator.fail_for_a_while(*keys)
    both = [operator.start("--replay", "all") for _ in range(2)]
    outs = [one.communicate(timeout=600)[0] for one in both]
    assert [one.returncode for one in both] == [0, 0]
    processed = [line for out in outs for line in out.splitlines() if line.endswith(": processed")]
    assert len(processed) == len(set(processed)) == len(keys)
    assert [len(operator.log.rows(key)) for key in keys] == [1] * len(keys)
    assert (operator.counted(), operator.counted("NotVisible")) == (0, 0)


def test_messages_held_by_another_process_are_reported_and_left_alone(operator: Operator) -> None:
    operator.put(poison("held.txt"))
    operator.sqs.receive_message(**operator.queue, VisibilityTimeout=60)
    held = " (about 1 held by another list or replay, 16 minutes at most)"
    assert operator.run()[:2] == (0, f"{SYSTEM}: the failure queue is empty{held}\n")
    code, _, err = operator.run("--replay", "some-id")
    assert (code, err) == (2, f"not in the failure queue: some-id{held}; nothing was replayed\n")


def test_a_list_or_replay_that_is_broken_off_holds_nothing_back(operator: Operator, deployment: Deployment) -> None:
    operator.put(*range(12))

    def break_off() -> None:
        with FailureQueue(failure_queue_of(operator.log.outputs), deployment.local.client) as queue:
            assert len(queue.read()) == operator.counted("NotVisible") == 12
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert (operator.counted(), operator.counted("NotVisible")) == (12, 0)


def test_messages_that_lambda_did_not_send_are_listed_and_never_removed(operator: Operator) -> None:
    bodies = ["no JSON", "{}", "[]", '{"requestContext": 5, "requestPayload": {}}']
    ids = {operator.sqs.send_message(**operator.queue, MessageBody=body)["MessageId"]: body for body in bodies}
    reason = "not put here by Lambda: look at it in the SQS console"
    assert {id_: (why, json.loads(shown)) for id_, _, why, shown in operator.listed()} == {
        id_: (reason, body) for id_, body in ids.items()
    }
    code, out, _ = operator.run("--replay", "all")
    assert (code, out.splitlines()[-1]) == (1, "0 of 4 processed and removed, 4 kept")
    assert operator.counted() == 4


def test_a_failed_request_is_known_by_the_id_that_aws_gives_it(operator: Operator) -> None:
    # The local AWS returns none.
    sent = event(created(operator.log.outputs["BucketName"], "as on aws.txt"))
    id_ = "e4b46cbf-b738-xmpl-8880-a18cdf61200e"
    kept = as_kept(sent, requestId=id_, condition="EventAgeExceeded")
    operator.sqs.send_message(**operator.queue, MessageBody=json.dumps(kept))
    ((listed, _, *rest),) = operator.listed()
    assert [listed, *rest] == [id_, "EventAgeExceeded", "1 record: as on aws.txt"]
    assert operator.run("--replay", id_)[0] == 0
    assert len(operator.log.rows("as on aws.txt")) == 1


def test_a_long_queue_is_listed_whole_in_a_pipe_and_cut_in_a_terminal(operator: Operator) -> None:
    operator.put(*range(120))
    assert sorted(int(shown) for _, _, _, shown in operator.listed()) == list(range(120))
    _, out, _ = operator.run_in_a_terminal()
    assert "and 70 more" in out
    assert operator.counted() == 120


def test_discarded_events_are_removed_and_logged_with_the_reason(operator: Operator) -> None:
    operator.put(poison("bad.txt"), poison("worse.txt"))
    (first, second) = operator.listed()
    why = "made by a test's mistake"
    assert operator.run("--discard", first[0]) == (
        2,
        "",
        "--discard needs --reason: why these will never be processed\n",
    )
    assert operator.run("--discard", "unknown", "--reason", why)[2] == (
        "not in the failure queue: unknown; nothing was discarded\n"
    )
    code, out, err = operator.run("--discard", first[0], "--reason", why)
    assert (code, err, out.splitlines()[-2:]) == (0, "", [f"{first[0]}: discarded: {why}", "1 discarded"])
    assert operator.listed() == [second]
    (line,) = logged(operator.log.client("logs"), operator.log.outputs["LogGroupName"], first[0])
    assert (line["message"], line["reason"], line["discarded"]["id"]) == ("discarded", why, first[0])
    assert line["discarded"]["event"] in (poison("bad.txt"), poison("worse.txt"))
    assert ":user/" in line["by"] or ":root" in line["by"]
