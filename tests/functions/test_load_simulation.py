"""The load simulation against runs on the local AWS: batches of a queue, attempts at an event, an API's throttle."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import uuid4

import pytest

from sluice_cli.load_model.arrivals import STEADY, LoadPattern
from sluice_cli.load_model.model import Entry, QueueSettings, StreamConsumer, StreamSettings
from sluice_cli.load_model.simulation import LoadSimulation
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_aws.signed_request import send
from tests.functions.test_local_aws_streams import Stream
from tests.load.models import QUEUE, behind_api, behind_queue, direct, run, worker
from tests.support.bare_aws import LOGS, BareAws, allow
from tests.support.waiting import eventually

# Sends the number of its messages to a queue.
COUNTS = """
import os, boto3

def handle(event, context):
    boto3.client("sqs").send_message(QueueUrl=os.environ["COUNTS"], MessageBody=str(len(event["Records"])))
"""
FAILS = """
def handle(event, context):
    raise ValueError("as always")
"""


class Counted:
    """A queue whose function counts the messages of each of its batches."""

    def __init__(self, aws: BareAws, name: str, *, is_fifo: bool = False) -> None:
        self.aws = aws
        fifo = {"FifoQueue": "true"} if is_fifo else {}
        self.work, self.work_arn = aws.queue(f"{name}-work{'.fifo' if is_fifo else ''}", **fifo)
        self.counts, counts = aws.queue(f"{name}-counts")
        poll = allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], self.work_arn)
        role = aws.role(name, allow(LOGS), poll, allow(["sqs:SendMessage"], counts))
        self.function = aws.function(name, role, COUNTS, Environment={"Variables": {"COUNTS": self.counts}})

    def poll(self, batch_size: int, window: int = 0) -> str:
        gathering = {"MaximumBatchingWindowInSeconds": window} if window else {}
        return str(
            self.aws.client("lambda").create_event_source_mapping(
                EventSourceArn=self.work_arn, FunctionName=self.function, BatchSize=batch_size, **gathering
            )["UUID"]
        )

    def send_in_order(self, number: int) -> None:
        """Messages of one group of a FIFO queue."""
        for one in range(number):
            self.aws.client("sqs").send_message(
                QueueUrl=self.work, MessageBody="x", MessageGroupId="one", MessageDeduplicationId=str(one)
            )

    def send(self, number: int) -> None:
        sqs = self.aws.client("sqs")
        for start in range(0, number, 10):
            entries = [{"Id": str(one), "MessageBody": "x"} for one in range(min(10, number - start))]
            sqs.send_message_batch(QueueUrl=self.work, Entries=entries)

    def polled(self, messages: int, batch_size: int) -> list[int]:
        """The sizes of the batches of so many waiting messages."""
        mapping = self.poll(batch_size)
        try:
            return self.batches(messages)
        finally:
            self.aws.client("lambda").delete_event_source_mapping(UUID=mapping)

    def batches(self, messages: int) -> list[int]:
        """The sizes of the batches, once they have that many messages together."""

        def all_of_them() -> list[int]:
            sizes = [int(one["Body"]) for one in self.aws.messages(self.counts)]
            return sizes if sum(sizes) >= messages else []

        return eventually(all_of_them, within=60)


def test_a_backlog_is_processed_in_the_batches_that_the_simulation_makes(aws: BareAws) -> None:
    counted = Counted(aws, "backlog")
    counted.send(95)
    sizes = counted.polled(95, batch_size=10)
    simulation = LoadSimulation(behind_queue(worker(50)), QUEUE, LoadPattern(STEADY, 1e-9, 1), step=0.1)
    simulation.send("queue", [(0.0, 95)], 0)
    queue = simulation.run().queues["queue"]
    assert (len(sizes), sum(sizes)) == (queue.batches, queue.received) == (10, 95)


def test_a_message_group_is_processed_in_the_batches_that_the_simulation_makes(aws: BareAws) -> None:
    counted = Counted(aws, "in-order", is_fifo=True)
    counted.send_in_order(25)
    sizes = counted.polled(25, batch_size=10)
    model = behind_queue(worker(50), QueueSettings("Queue", is_fifo=True), batch_size=10)
    simulation = LoadSimulation(model, QUEUE, LoadPattern(STEADY, 1e-9, 1), step=0.1)
    simulation.send("queue", [(0.0, 25)], 0)
    queue = simulation.run().queues["queue"]
    assert (len(sizes), sum(sizes)) == (queue.batches, queue.received) == (3, 25)
    assert queue.peak_batches <= 1


def test_a_stream_is_read_in_the_batches_and_attempts_that_the_simulation_makes(aws: BareAws) -> None:
    stream = Stream(aws, "simulated", reports=False)
    stream.put(*(f"{number:02}" for number in range(24)), "poison")
    with stream.read(BatchSize=10, MaximumRetryAttempts=2):
        eventually(lambda: len(stream.batches()) == 5, within=60)
    reader = StreamConsumer("Worker", "worker", batch_size=10, attempts_more=2)
    for seconds, batches in ((0.05, [10, 10, 5]), (5.0, [10] * 3 + [10] * 3 + [5] * 3)):
        simulation = LoadSimulation(
            replace(direct(worker(seconds * 1000, timeout=3)), streams={"stream": StreamSettings("S", (reader,), 1)}),
            Entry("stream", "S", "S", "stream"),
            LoadPattern(STEADY, 1e-9, 1),
            step=0.1,
        )
        simulation.send("stream", [(0.0, 25)], 0)
        (figures,) = simulation.run().streams["stream"]
        assert (figures.batches, figures.received) == (len(batches), sum(batches))
    # The first two batches once, and the one with poison three times.
    assert [len(one) for one in stream.batches()] == [10, 10, 5, 5, 5]


def test_a_window_gathers_as_many_messages_of_a_steady_load_as_in_the_simulation(aws: BareAws) -> None:
    counted = Counted(aws, "window")
    mapping = counted.poll(batch_size=100, window=1)
    began = time.monotonic()
    for number in range(25):
        counted.send(5)
        time.sleep(max(0.0, began + (number + 1) * 0.2 - time.monotonic()))
    seconds = time.monotonic() - began
    try:
        sizes = counted.batches(125)
    finally:
        aws.client("lambda").delete_event_source_mapping(UUID=mapping)
    simulated = run(behind_queue(worker(50), batch_size=100, window=1), 125 / seconds, seconds).queues["queue"]
    assert sum(sizes) == 125
    assert len(sizes) == pytest.approx(simulated.batches, abs=1)


def test_a_failing_event_has_as_many_attempts_as_in_the_simulation_and_is_then_kept(aws: BareAws) -> None:
    function = aws.function("fails", aws.role("fails", allow(LOGS), allow(["sqs:SendMessage"])), FAILS)
    url, arn = aws.queue("fails-failures")
    client = aws.client("lambda")
    client.put_function_event_invoke_config(
        FunctionName=function, MaximumRetryAttempts=2, DestinationConfig={"OnFailure": {"Destination": arn}}
    )
    for _ in range(5):
        client.invoke(FunctionName=function, InvocationType="Event", Payload=b"{}")
    eventually(lambda: len(aws.messages(url)) == 5, within=60)
    attempts = [json.loads(one["Body"])["requestContext"]["approximateInvokeCount"] for one in aws.messages(url)]
    # In the simulation, a run beyond the timeout fails each time.
    simulated = run(direct(worker(5_000, timeout=3, keeps_failures=True)), 5, 1)
    assert Counter(attempts) == {3: 5}
    assert simulated.functions["worker"].runs == 3 * simulated.kept == 3 * simulated.arrived


@pytest.fixture
def throttled(local_aws: LocalAws) -> Iterator[str]:
    """The URL of an API without functions whose stage takes 20 requests a second and a burst of 40."""
    api = local_aws.client("apigateway")
    id_ = api.create_rest_api(name=f"test-{uuid4().hex[:8]}")["id"]
    root = {"restApiId": id_, "resourceId": api.get_resources(restApiId=id_)["items"][0]["id"], "httpMethod": "GET"}
    api.put_method(**root, authorizationType="NONE")
    api.put_integration(**root, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    api.put_method_response(**root, statusCode="200")
    api.put_integration_response(**root, statusCode="200")
    api.create_deployment(restApiId=id_, stageName="live")
    limits = {"/*/*/throttling/rateLimit": "20", "/*/*/throttling/burstLimit": "40"}
    patches = [{"op": "replace", "path": path, "value": value} for path, value in limits.items()]
    api.update_stage(restApiId=id_, stageName="live", patchOperations=patches)
    running = local_aws.running()
    assert running
    yield f"{running.url}/_aws/execute-api/{id_}/live/"
    api.delete_rest_api(restApiId=id_)


def test_a_stage_refuses_as_many_requests_as_in_the_simulation(local_aws: LocalAws, throttled: str) -> None:
    began = time.monotonic()

    def ask(_: int) -> int:
        status, _answer = send(local_aws, "GET", throttled, b"", {})
        return status

    with ThreadPoolExecutor(8) as pool:
        statuses = Counter(pool.map(ask, range(300)))
    seconds = time.monotonic() - began
    simulated = run(behind_api(worker(1), rate=20, burst=40), 300 / seconds, seconds).apis["api"]
    assert set(statuses) <= {200, 429}
    admitted = simulated.requests - simulated.refused
    assert statuses[200] == pytest.approx(admitted, rel=0.1, abs=5)
