"""Files in, rows out."""

from typing import Any

from checks.demo.result import Result, failures_kept
from checks.demo.samples import try_upload, upload
from checks.demo.waiting import wait_for
from checks.least_privilege.uses import Recorded, Use, expect
from checks.soak.inputs import SoakInputs
from checks.systems.load import EventLoad
from checks.systems.system import Benchmarked, SystemUnderTest
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.stack import Stack
from sluice_cli.target import Target

NAME = "doorbell"
FILES = {"front door/a b.json": "order.json", "empty.txt": "empty.txt"}


def tour(local: LocalAws, target: Target) -> Result:
    outputs = Stack(NAME, target).outputs()
    upload(local, outputs["BucketName"], FILES)

    def look() -> dict[str, Any]:
        found = local.client("dynamodb").scan(TableName=outputs["TableName"])["Items"]
        return {"Rows": {row["objectKey"]["S"] for row in found} & FILES.keys()}

    rows = wait_for(local, len(FILES), look)["Rows"]
    return Result(
        system=NAME,
        sent=len(FILES),
        rows=len(rows),
        notifications=None,
        failures=failures_kept(local, outputs),
        try_next=try_upload("us-east-1", outputs["BucketName"]),
    )


class Proofs(Recorded):
    table, answer = "TableName", "rung"
    key = ("objectKey", "sequencer")

    def record(self, version: str) -> None:
        self.forget(self.system.outputs[self.table], self.key, self.value())
        answered = self.invoke(self.created(self.name, version))
        expect(answered == {self.answer: 1} and self.done(), f"no row, and the answer is {answered}")

    def granted(self) -> dict[str, list[Use]]:
        return {"PutRings": [self.versioned()]}


SYSTEM = SystemUnderTest(
    name=NAME,
    tour=tour,
    inputs=SoakInputs,
    uses=Proofs,
    benchmarked=Benchmarked(keys=("objectKey", "sequencer")),
    load=EventLoad(NAME, "doorbell", 256, {"PutItem": 1}, writes=1, reasons={"PutItem": "the row"}),
)
