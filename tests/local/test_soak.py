"""The soak on the deployed systems: its books notice what is lost and what is doubled."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import pytest
from rich.console import Console
from rich.progress import Progress

from checks.soak.inputs import SoakInputs
from checks.soak.ledger import Book
from checks.soak.run import Options, soak
from checks.systems.object_tracker import Inputs
from checks.verbs.soak import report
from tests.support.deployed import Deployment

SEED = 4
SABOTAGED = 10


@pytest.fixture(autouse=True)
def as_fast_as_the_tests_local_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sluice_cli.local_aws.server.RETRY_BASE_SECONDS", "0.3")


def run(
    deployment: Deployment, systems: Mapping[str, type[SoakInputs]], count: int, faults: Iterable[str]
) -> list[Book]:
    options = Options(count, set(faults), SEED, seconds=40)
    outputs = {name: deployment.outputs(name) for name in systems}
    with Progress(console=Console(quiet=True)) as progress, pytest.MonkeyPatch.context() as patch:
        patch.setattr("sluice_cli.stack.Stack.outputs", lambda stack: outputs[stack.name])  # need not ask again
        return soak(deployment.local, deployment.target, systems, options, progress)


class Sabotaged(Inputs):
    """Somebody deletes one row, copies another and repeats a notification, once all is there."""

    done: ClassVar[list[str]] = []

    def rejects(self) -> Counter[str]:  # read after the rows are
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
        return super().rejects()

    publish: ClassVar[Any]


def test_a_lost_row_a_doubled_row_and_a_doubled_notification_are_noticed_and_named(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Sabotaged, "publish", staticmethod(deployment.local.client("sns").publish), raising=False)
    monkeypatch.setattr(Sabotaged, "done", [])
    monkeypatch.setattr("checks.soak.run.LONGEST_SETTLING_SECONDS", 20)
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
