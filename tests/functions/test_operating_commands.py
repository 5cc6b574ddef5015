"""`sluice invoke`, `logs`, `trace`, `list` and `failures --capture` on a function that does what its event says."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from checks import ROOT
from sluice_cli.capturing.captured import CapturedFailure, Outcome
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.target import Target
from sluice_cli.testing import DeployedProject
from tests.support.commands import sluice_here
from tests.support.pretended_stack import pretended_project
from tests.support.probe import Probe, probe
from tests.support.waiting import eventually

ALLOWED = {"Effect": "Allow", "Action": ["s3:GetObject*", "dynamodb:GetItem"], "Resource": "*"}
QUERY = """
import boto3
try: boto3.client("dynamodb").query(TableName="{table}", IndexName="ByDay", KeyConditionExpression="id = :id",
                                    ExpressionAttributeValues={{":id": {{"S": "1"}}}})
except Exception as error: answer = type(error).__name__
"""


@dataclass(frozen=True)
class Shop:
    """A project with one stack: a function, a bucket that notifies it, a table with an index, a queue and an alarm."""

    folder: Path
    target: Target
    probe: Probe
    table_arn: str
    queue_url: str

    @property
    def bucket(self) -> str:
        return self.probe.name

    def run(self, *arguments: str, given: str = "", code: int = 0) -> str:
        """Standard output of a command that ends with that code."""
        ended, out, err = self.ended(*arguments, given=given)
        assert ended == code, err
        return out

    def ended(self, *arguments: str, given: str = "") -> tuple[int, str, str]:
        """Exit code, standard output and standard error of a command."""
        return sluice_here(self.folder, *arguments, given=given)

    def invoke(self, source: str, *options: str, code: int = 0) -> str:
        event = json.dumps({"run": source})
        return self.run("invoke", "shop/Worker", "--local", "--event", "-", *options, given=event, code=code)


@pytest.fixture(scope="module")
def shop(local_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with probe(local_aws, statements=[ALLOWED], timeout=5) as worker:
        name = worker.name
        s3, sqs, dynamodb = map(local_aws.client, ("s3", "sqs", "dynamodb"))
        s3.create_bucket(Bucket=name)
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        table = dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )["TableDescription"]["TableArn"]
        arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
        local_aws.client("cloudwatch").put_metric_alarm(
            AlarmName=name,
            Namespace="AWS/Lambda",
            MetricName="Errors",
            ComparisonOperator="GreaterThanThreshold",
            Threshold=0,
            Period=60,
            EvaluationPeriods=1,
            Statistic="Sum",
        )
        notification = {"lambda_function_arn": arn, "events": ["s3:ObjectCreated:*"], "filter_prefix": "in/"}
        folder = tmp_path_factory.mktemp("shop")
        resources: dict[str, dict[str, Any]] = {
            "Worker/Function aws_lambda_function": {
                "function_name": name,
                "arn": arn,
                "role": f"arn:aws:iam::000000000000:role/{name}",
                "timeout": 5,
                "dead_letter_config": [{"target_arn": f"arn:aws:sqs:us-east-1:000000000000:{name}"}],
            },
            "Worker/Role aws_iam_role": {"name": name, "arn": f"arn:aws:iam::000000000000:role/{name}"},
            "Files/Bucket aws_s3_bucket": {"bucket": name, "arn": f"arn:aws:s3:::{name}", "id": name},
            "Files/Notification aws_s3_bucket_notification": {"bucket": name, "lambda_function": [notification]},
            "Orders/Table aws_dynamodb_table": {
                "name": name,
                "arn": table,
                "hash_key": "id",
                "attribute": [{"name": "id", "type": "S"}],
            },
            "Failures/Queue aws_sqs_queue": {
                "name": name,
                "url": url,
                "arn": f"arn:aws:sqs:us-east-1:000000000000:{name}",
            },
            "Alarm aws_cloudwatch_metric_alarm": {
                "alarm_name": name,
                "arn": f"arn:aws:cloudwatch:us-east-1:0:alarm:{name}",
            },
            "Api/Stage aws_api_gateway_stage": {"rest_api_id": "abc123", "stage_name": "live", "id": "ags-1"},
        }
        yield Shop(folder, pretended_project(folder, local_aws, {"shop": resources}), worker, table, url)


def test_an_invocation_prints_answer_and_log_and_what_grants_a_refused_call(shop: Shop) -> None:
    out = shop.invoke(f"print('working')\n{QUERY.format(table=shop.bucket)}")
    assert f"{shop.probe.name} INFO     working" in out
    assert out.endswith('"AccessDeniedException"\n') or '"ClientError"' in out
    assert f"is not allowed dynamodb:Query on {shop.table_arn}/index/ByDay" in out
    assert '  grant it: orders.grant_query(worker, index="ByDay")\n' in out
    assert f'"Action": "dynamodb:Query", "Resource": "{shop.table_arn}/index/ByDay"' in out


def test_an_invocation_as_json_has_all_of_it(shop: Shop) -> None:
    found = json.loads(shop.invoke(QUERY.format(table=shop.bucket), "--json"))
    assert found["error"] is None
    assert found["log_complete"] is True
    (denial,) = found["denials"]
    assert denial["grants"] == ['orders.grant_query(worker, index="ByDay")']
    assert {one["request_id"] for one in found["log"]} == {found["request_id"]}


def test_a_function_that_raises_ends_the_command_with_a_failure(shop: Shop) -> None:
    out = shop.invoke("raise ValueError('broken')", code=1)
    assert "failed (Unhandled)" in out
    assert '"errorMessage": "broken"' in out


def test_a_function_that_never_returns_is_ended_by_its_timeout(shop: Shop) -> None:
    began = time.monotonic()
    out = shop.invoke("print('begins', flush=True)\nwhile True: time.sleep(1)", code=1)
    assert "Task timed out after 5" in out
    assert "begins" in out
    assert time.monotonic() - began < 300
    assert "answered" in shop.invoke("answer = 1")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--event", "/nowhere.json"], "cannot be read"),
        (["--example", "sqqs"], "is none of s3, sqs"),
        (["--example", "schedule"], "no schedule source is in the stack"),
        (["--kept", "none"], "is not in a failure queue of shop"),
        (["--event", "-"], "standard input is not JSON"),
        (["--example", "sns", "--key", "a"], "--key goes with --example s3"),
    ],
)
def test_a_wrong_event_is_refused_before_anything_runs(shop: Shop, options: list[str], said: str) -> None:
    code, out, err = shop.ended("invoke", "shop/Worker", "--local", *options)
    assert (code, out) == (2, "")
    assert said in err


def test_a_name_of_no_function_is_answered_with_those_there_are(shop: Shop) -> None:
    code, _, err = shop.ended("invoke", "shop/Wroker", "--local", "--example", "s3")
    assert code == 2
    assert err == f"no function is named Wroker; did you mean Worker? (deployed: {shop.probe.name})\n"


def test_an_example_of_s3_has_the_newest_object_that_the_notification_lets_through(shop: Shop) -> None:
    s3 = shop.probe.local.client("s3")
    s3.put_object(Bucket=shop.bucket, Key="in/a b+c.txt", Body=b"12345")
    s3.put_object(Bucket=shop.bucket, Key="out/later.txt", Body=b"")
    event = json.loads(shop.run("invoke", "shop", "--local", "--example", "s3", "--print-event"))
    (record,) = event["Records"]
    assert record["s3"]["bucket"]["name"] == shop.bucket
    assert (record["s3"]["object"]["key"], record["s3"]["object"]["size"]) == ("in/a+b%2Bc.txt", 5)
    assert (record["eventName"], record["eventSource"]) == ("ObjectCreated:Put", "aws:s3")


def test_logs_show_a_level_and_above_and_one_request(shop: Shop) -> None:
    source = "print(json.dumps({'level': 'WARNING', 'message': 'careful', 'order': 7}))\nprint('plain')"
    request = json.loads(shop.invoke(source, "--json"))["request_id"]
    shown = shop.run("logs", "shop", "--local", "--request", request)
    assert [line.split(None, 3)[3] for line in shown.splitlines()][1:3] == ["careful order=7", "plain"]
    warned = shop.run("logs", "--local", "--request", request, "--level", "warning", "--json")
    (line,) = map(json.loads, warned.splitlines())
    assert line["message"] == {"level": "WARNING", "message": "careful", "order": 7}
    assert (line["level"], line["function"]) == ("WARNING", shop.probe.name)


def test_a_line_of_a_megabyte_with_escape_sequences_is_bounded_and_harmless(shop: Shop) -> None:
    source = (
        "print('\\x1b[2J\\x1b]0;owned\\x07' + 'x' * 1_000_000)\n"
        "print(json.dumps({'message': '\\x1b[31m\\u202e' + 'y' * 300_000}))"
    )
    request = json.loads(shop.invoke(source, "--json"))["request_id"]
    shown = shop.run("logs", "--local", "--request", request)
    assert len(shown) < 10_000
    assert all(one.isprintable() for one in shown.replace("\n", ""))
    assert "characters; --json has them all)" in shown
    whole = shop.run("logs", "--local", "--request", request, "--json")
    assert whole.isascii()
    assert len(whole) > 1_300_000


def test_logs_are_followed_until_the_local_aws_stops(tmp_path: Path) -> None:
    local = LocalAws(tmp_path / ".sluice" / "local")
    running = local.start()
    try:
        with probe(local) as worker:
            attributes = {"function_name": worker.name, "arn": f"arn:aws:lambda:us-east-1:0:function:{worker.name}"}
            pretended_project(tmp_path, local, {"shop": {"Worker/Function aws_lambda_function": attributes}})
            with following(tmp_path) as logs:
                worker.run("print('first')")
                seen = messages_until(logs, "first")
                worker.run("print('second')")
                seen += messages_until(logs, "second")
                assert seen.count("first") == 1
        with following(tmp_path) as logs:
            messages_until(logs, "second")
            os.killpg(running.pid, signal.SIGKILL)
            _, err = logs.communicate(timeout=300)
        assert (logs.returncode, err) == (1, "the local AWS has ended meanwhile: run `sluice up`\n")
    finally:
        local.stop()


@contextmanager
def following(folder: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "sluice_cli", "logs", "--local", "--follow", "--json"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()


def messages_until(logs: subprocess.Popen[str], last: str) -> list[Any]:
    """The messages that a following command prints, to that one."""
    assert logs.stdout is not None
    seen: list[Any] = []
    while last not in seen:
        seen.append(json.loads(logs.stdout.readline())["message"])
    return seen


def test_the_last_trace_is_a_waterfall_of_functions_and_calls(shop: Shop) -> None:
    shop.invoke("answer = 1")
    shown = eventually(lambda: shop.run("trace", "--last", "--function", shop.probe.name, "--local"))
    head, first, *_ = shown.splitlines()
    assert head.startswith("Trace 1-")
    assert first.startswith(shop.probe.name)
    trace_id = head.split()[1].rstrip(":")
    found = json.loads(shop.run("trace", trace_id, "--local", "--json"))
    assert [(one["name"], one["depth"], one["status"]) for one in found["spans"]] == [(shop.probe.name, 0, "ok")]
    listed = json.loads(shop.run("trace", "--local", "--json"))
    assert trace_id in {one["id"] for one in listed}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["trace", "nonsense"], 2, "is not a trace id"),
        (["trace", "1-00000000-000000000000000000000000"], 1, "X-Ray has no trace"),
        (["trace", "--last", "--since", "yesterday"], 2, "is not a time"),
        (["trace", "--last", "--function", "nobody"], 1, "no trace since 1h"),
        (["logs", "--level", "LOUD"], 2, "LOUD is none of TRACE"),
        (["logs", "--since", "5x"], 2, "is not a time"),
        (["logs", "--function", "nobody"], 2, "no function is named nobody"),
    ],
)
def test_wrong_arguments_are_reported(shop: Shop, arguments: list[str], code: int, said: str) -> None:
    ended, out, err = shop.ended(*arguments, "--local")
    assert (ended, out) == (code, "")
    assert said in err


def test_the_list_has_resources_endpoints_queues_and_alarms(shop: Shop) -> None:
    sqs = shop.probe.local.client("sqs")
    sqs.send_message(QueueUrl=shop.queue_url, MessageBody="waits")
    found = json.loads(shop.run("list", "--local", "--json"))
    sqs.purge_queue(QueueUrl=shop.queue_url)
    running = shop.probe.local.running()
    assert running is not None
    assert found["queues"] == [
        {"stack": "shop", "name": shop.bucket, "waiting": 1, "in_flight": 0, "delayed": 0, "problem": ""}
    ]
    (endpoint,) = found["endpoints"]
    assert endpoint["url"] == f"{running.url}/_aws/execute-api/abc123/live"
    assert [(one["name"], one["stack"]) for one in found["alarms"]] == [(shop.bucket, "shop")]
    assert {one["construct"] for one in found["resources"]} >= {"shop/Worker/Function", "shop/Orders/Table"}
    people = shop.run("list", "shop", "--local")
    assert people.startswith("shop\n  endpoints\n")


FAILING = """
import boto3
from urllib.parse import unquote_plus
item = event["Records"][0]["s3"]
key = unquote_plus(item["object"]["key"])
text = boto3.client("s3").get_object(Bucket=item["bucket"]["name"], Key=key)["Body"].read()
order = json.loads(text)
row = boto3.client("dynamodb").get_item(TableName=event["table"], Key={"id": {"S": key}})["Item"]
assert row["email"]["S"] == order["email"] == key.split("/")[1], "the join is broken"
if len(order["lines"]) == 0: raise ValueError(order["customer_name"] + " ordered nothing")
"""
CONFTEST = """
from pathlib import Path
import pytest
from sluice_cli.project import Project
from sluice_cli.target import local_target
from sluice_cli.testing import DeployedProject

@pytest.fixture(scope="session")
def deployed_project():
    return DeployedProject(local_target(Project.read(Path({folder!r}))))
"""


def pytest_on(file: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", str(file), "-q", "-p", "no:cacheprovider", "--rootdir", str(file.parent)],
        cwd=file.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def notify_a_queue(shop: Shop) -> str:
    """The URL of a queue that the shop's bucket notifies, empty."""
    s3, sqs = shop.probe.local.client("s3"), shop.probe.local.client("sqs")
    url = sqs.create_queue(QueueName=f"{shop.bucket}-notified")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:000000000000:{shop.bucket}-notified"
    allow = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**allow, "Resource": arn}]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    configuration = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    s3.put_bucket_notification_configuration(Bucket=shop.bucket, NotificationConfiguration=configuration)
    sqs.purge_queue(QueueUrl=url)
    return str(url)


ID = "11112222-3333-4444-5555-666677778888"


@dataclass(frozen=True)
class Captured:
    """A failure of the shop's function that was captured."""

    folder: Path
    said: str
    event: Any  # as it failed

    @property
    def test(self) -> Path:
        return self.folder / "test_captured_11112222.py"

    @property
    def document(self) -> Path:
        return self.folder / "captured" / "11112222" / "failure.json"


@pytest.fixture(scope="module")
def captured(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Captured:
    local, key = shop.probe.local, "in/jane.doe@acme.org/Jane Doe.json"
    order = {"customer_name": "Jane Doe", "email": "jane.doe@acme.org", "lines": [], "phone": "+49 171 1234567"}
    local.client("s3").put_object(Bucket=shop.bucket, Key=key, Body=json.dumps(order).encode())
    row = {"id": {"S": key}, "email": {"S": "jane.doe@acme.org"}, "token": {"S": "s3cr3t-t0ken"}}
    local.client("dynamodb").put_item(TableName=shop.bucket, Item=row)
    item = {"bucket": {"name": shop.bucket}, "object": {"key": "in/jane.doe%40acme.org/Jane+Doe.json", "size": 1}}
    record = {"eventSource": "aws:s3", "s3": item, "requestParameters": {"sourceIPAddress": "81.2.69.142"}}
    event = {"run": FAILING, "table": shop.bucket, "Records": [record]}
    attributes = {
        "RequestID": {"DataType": "String", "StringValue": ID},
        "ErrorMessage": {"DataType": "String", "StringValue": "Jane Doe ordered nothing"},
    }
    sqs, folder = local.client("sqs"), tmp_path_factory.mktemp("captured")
    sqs.send_message(QueueUrl=shop.queue_url, MessageBody=json.dumps(event), MessageAttributes=attributes)
    said = shop.run("failures", "shop", "--local", "--capture", ID, "--to", str(folder))
    (folder / "conftest.py").write_text(CONFTEST.format(folder=str(shop.folder)))
    return Captured(folder, said, event)


def test_a_kept_event_stays_kept_when_it_is_captured_or_invoked(shop: Shop, captured: Captured) -> None:
    assert json.loads(shop.run("invoke", "shop", "--local", "--kept", ID, "--print-event")) == captured.event
    assert [one["id"] for one in json.loads(shop.run("failures", "--local", "--json"))] == [ID]
    code, _, err = shop.ended("failures", "--local", "--capture", ID, "--to", str(captured.folder))
    words = "is there already: remove it, or capture into another folder with `sluice failures --to`"
    assert (code, err) == (2, f"{captured.test} {words}\n")


def test_a_captured_failure_has_no_personal_data_and_no_name_of_the_deployment(shop: Shop, captured: Captured) -> None:
    assert "1 objects and 1 rows; masked: 1 email, 1 ip, 1 name, 1 phone, 1 token" in captured.said
    written = "\n".join(file.read_text() for file in captured.folder.rglob("*.*") if file.suffix in (".py", ".json"))
    written += (captured.document.parent / "object-0").read_text()
    for personal in ("jane", "Jane", "Doe", "acme", "171 1234567", "81.2.69", "s3cr3t"):
        assert personal not in written
    assert shop.bucket not in captured.document.read_text()


def test_a_captured_failure_is_a_test_that_fails_as_the_event_did(captured: Captured) -> None:
    code, said = pytest_on(captured.test)
    assert code == 1
    assert "AssertionError: Person1 Masked ordered nothing" in said


def test_a_captured_failure_passes_after_the_fix_and_invokes_no_other_function(
    shop: Shop, captured: Captured, tmp_path: Path
) -> None:
    sqs, notified = shop.probe.local.client("sqs"), notify_a_queue(shop)
    # The function's source is in the event.
    document = captured.document.read_text().replace("== 0: raise", "== 1: raise")
    (tmp_path / "failure.json").write_text(document)
    (tmp_path / "object-0").write_bytes((captured.document.parent / "object-0").read_bytes())
    outcome = CapturedFailure.read(tmp_path).run(DeployedProject(shop.target))
    assert outcome == Outcome(answer=None, error=None)
    # The bucket notified nobody of what was put, and notifies again as before.
    assert "Messages" not in sqs.receive_message(QueueUrl=notified)
    shop.probe.local.client("s3").put_object(Bucket=shop.bucket, Key="in/own.txt", Body=b"")
    assert eventually(lambda: sqs.receive_message(QueueUrl=notified).get("Messages"))
