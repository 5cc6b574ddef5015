"""The soak test on the deployed systems detects lost and repeated results."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar
from uuid import uuid4

import pytest
from rich.console import Console
from rich.progress import Progress

from checks.soak.inputs import SoakInputs
from checks.soak.ledger import Book
from checks.soak.plan import FAULTS
from checks.soak.run import Options, soak
from checks.systems import SYSTEMS
from checks.systems.object_tracker import Inputs
from checks.systems.sensor_pipeline import Inputs as Readings
from checks.verbs.soak import report
from settings import Settings
from tests.support.deployed import Deployment
from tests.support.functions import reconfigured
from tests.support.sensor_function import create_table
from tests.support.sensor_pipeline import sensor_variables

SEED = 4
SABOTAGED = 10


@pytest.fixture(autouse=True)
def as_fast_as_the_tests_local_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sluice_cli.local_aws.server.RETRY_BASE_SECONDS", "0.3")


def run(
    deployment: Deployment,
    systems: Mapping[str, type[SoakInputs]],
    count: int,
    faults: Iterable[str],
    outputs: Mapping[str, dict[str, str]] | None = None,
) -> list[Book]:
    options = Options(count, set(faults), SEED, seconds=40)
    outputs = outputs or {name: deployment.outputs(name) for name in systems}
    with Progress(console=Console(quiet=True)) as progress, pytest.MonkeyPatch.context() as patch:
        patch.setattr("sluice_cli.stack.Stack.outputs", lambda stack: outputs[stack.name])  # need not ask again
        return soak(deployment.local, deployment.target, systems, options, progress)


class Sabotaged(Inputs):
    """Deletes one row, copies another and repeats a notification after everything is processed."""

    done: ClassVar[list[str]] = []

    def rejects(self) -> Counter[str]:  # read after the rows
        if not self.done and self.rows().total() == SABOTAGED - len(self.poisons):
            table = self.outputs["TableName"]
            scanned = self._dynamodb.scan(TableName=table, ConsistentRead=True)["Items"]
            gone, doubled, repeated = [one for one in scanned if one["objectKey"]["S"].startswith(self.prefix)][:3]
            key = {name: gone[name] for name in ("objectKey", "uploadTime")}
            self._dynamodb.delete_item(TableName=table, Key=key)
            self._dynamodb.put_item(TableName=table, Item={**doubled, "uploadTime": {"S": "another"}})
            said = {name: repeated[name]["S"] for name in ("objectKey", "versionId")}
            self.publish(TopicArn=self.outputs["TopicArn"], Message=json.dumps(said))
            self.done.extend(f"{one['objectKey']['S']} {one['versionId']['S']}" for one in (gone, doubled, repeated))
            self.give_up()
        return super().rejects()

    publish: ClassVar[Any]
    give_up: ClassVar[Any]  # what is missing from now on never comes


def test_a_lost_row_a_doubled_row_and_a_doubled_notification_are_noticed_and_named(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Sabotaged, "publish", staticmethod(deployment.local.client("sns").publish), raising=False)
    monkeypatch.setattr(Sabotaged, "done", [])
    longest = "checks.soak.run.LONGEST_SETTLING_SECONDS"
    monkeypatch.setattr(Sabotaged, "give_up", staticmethod(lambda: monkeypatch.setattr(longest, 0)), raising=False)
    books = run(deployment, {"object-tracker": Sabotaged}, SABOTAGED, ())
    gone, doubled, repeated = Sabotaged.done
    assert {(one.kind, one.input) for one in books[0].problems()} == {
        ("lost", gone),
        ("doubled", doubled),
        ("doubled", repeated),
    }
    assert report(books, SEED, 1) == 1
    printed = capsys.readouterr().out
    assert f"object-tracker: lost: {gone}: no row after the replay" in printed
    assert f"object-tracker: doubled: {doubled}: 1 more rows than it may have" in printed
    assert f"object-tracker: doubled: {repeated}: notified 2 times" in printed
    deployment.local.client("dynamodb").delete_item(
        TableName=deployment.outputs("object-tracker")["TableName"],
        Key={"objectKey": {"S": doubled.partition(" ")[0]}, "uploadTime": {"S": "another"}},
    )


def test_no_system_loses_or_doubles_anything_while_faults_of_every_kind_are_injected(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each system gets each kind in turn. On a slow machine not every pair occurs."""
    books = run(deployment, {name: one.inputs for name, one in SYSTEMS.items()}, 30, FAULTS)
    assert report(books, SEED, 1) == 0, capsys.readouterr().out
    assert sum(book.faults.total() for book in books) > len(FAULTS)


@pytest.fixture
def in_episodes(deployment: Deployment) -> Iterator[dict[str, str]]:
    """The deployed sensor pipeline with SENSOR_NOTIFICATIONS=episodes. Returns its outputs."""
    outputs = deployment.outputs("sensor-pipeline")
    dynamodb, iam, functions = map(deployment.local.client, ("dynamodb", "iam", "lambda"))
    configuration = functions.get_function_configuration(FunctionName=outputs["FunctionArn"])
    role = configuration["Role"].rpartition("/")[2]
    table = create_table(deployment.local, f"test-episodes-{uuid4().hex[:8]}", "deviceId", "sensorType")
    allow = {
        "Effect": "Allow",
        "Action": ["dynamodb:GetItem", "dynamodb:PutItem"],
        "Resource": dynamodb.describe_table(TableName=table)["Table"]["TableArn"],
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_role_policy(RoleName=role, PolicyName="test-episodes", PolicyDocument=policy)
    settings = Settings(sensor_notifications="episodes")
    variables = {**sensor_variables(settings), "EPISODES_TABLE_NAME": table}
    try:
        with reconfigured(deployment.local, outputs["FunctionArn"], variables):
            yield {**outputs, "SensorNotifications": "episodes"}
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="test-episodes")
        dynamodb.delete_table(TableName=table)


def test_during_faults_each_episode_is_published_once_and_counts_every_reading_once(
    deployment: Deployment, in_episodes: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    faults = ("throttled", "answer-lost", "topic-refused", "killed")
    (book,) = run(deployment, {"sensor-pipeline": Readings}, 40, faults, {"sensor-pipeline": in_episodes})
    assert report([book], SEED, 1) == 0, capsys.readouterr().out
    assert book.notifications.total() >= len(book.to_notify) > 10
    assert book.faults.total() > 0
