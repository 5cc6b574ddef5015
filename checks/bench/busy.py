"""Cost of an event in our own code and in AWS calls, and the rate of events."""

import io
import json
import random
import statistics
import time
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from checks.systems import SYSTEMS
from modules._packaging import build_archive

from .laptop import EMPTY, HANDLERS, PLAIN, Event, Laptop, laptop
from .measure import TRIAL, Program, rounds_after_warming_up, run, say
from .places import FUNCTIONS, LIBRARIES, OF_THE_WHEEL, PEERS, PYTHON, ROOT, TOOLKIT
from .table import Comparison, compare

SENDERS = 4
BATCH, WARM_UP = 10, 5
MANY_READINGS = 10_000
SINGLE_WRITES = 500

# AWS calls of an event by function and operation; filled by `compare_handlers`.
CALLS: dict[str, dict[str, float]] = {}


def compare_handlers(folder: Path, runs: int) -> Iterator[Comparison]:
    """The cost of an event in the function's process, without the local AWS: the handler's own time without its AWS
    calls, and the processor time with them.
    """
    number = WARM_UP + 3 if runs == TRIAL else 100
    with laptop(folder) as aws:
        own: dict[str, list[float]] = {name: [] for name in HANDLERS}
        processor: dict[str, list[float]] = {name: [] for name in HANDLERS}
        for _ in range(runs):
            for name in HANDLERS:
                result = handled(folder, aws, name, aws.events(name, number))
                own[name].append(result["own_microseconds"])
                processor[name].append(result["processor_milliseconds"])
                CALLS[name] = result["calls"]
        for name in HANDLERS:
            if name != PLAIN:
                yield compare("functions", f"own time an event, {name}", PLAIN, "us", own[name], own[PLAIN])
        for name in HANDLERS:
            if name != PLAIN:
                what, most = f"processor time an event, {name}", _most(name)
                yield compare("functions", what, PLAIN, "ms", processor[name], processor[PLAIN], most)
        yield from _many_readings(folder, aws, runs)


def compare_several(folder: Path, runs: int) -> Iterator[Comparison]:
    """Events of ten records: one AWS call for each record (the plain handler) or one for all. And batches of ten
    events in messages of a queue."""
    took: dict[str, list[float]] = {PLAIN: [], "invocation_log": []}
    with laptop(folder) as aws:
        for _ in range(runs):
            for name, each in took.items():
                events = aws.events(name, WARM_UP + 1 if runs == TRIAL else 20, 10)
                each.append(handled(folder, aws, name, events)["milliseconds"])
        what = "an event of ten records, invocation_log"
        yield compare("functions", what, PLAIN, "ms", took["invocation_log"], took[PLAIN], 0.67)
        yield from _buffered(folder, aws, runs)


def _buffered(folder: Path, aws: Laptop, runs: int) -> Iterator[Comparison]:
    """Processor time of an event that comes in a batch of ten messages of a queue, and of one that S3 delivers."""
    number, warm_up = (BATCH, 1) if runs == TRIAL else (100, WARM_UP)
    names = [one.package for one in SYSTEMS.values() if not one.benchmarked.request]
    took: dict[tuple[str, int], list[float]] = {}
    for _ in range(runs):
        for name in names:
            single, events = aws.events(name, number + warm_up), aws.events(name, number + warm_up * BATCH)
            batches = [in_messages(events[at : at + BATCH]) for at in range(0, len(events), BATCH)]
            results = handled_series(folder, aws, name, [(single, warm_up), (batches, warm_up)])
            for size, result in zip((1, BATCH), results, strict=True):
                took.setdefault((name, size), []).append(result["processor_milliseconds"] / size)
    for name in names:
        what = f"processor time an event in a batch of {BATCH} messages, {name}"
        yield compare("functions", what, "an event of its own", "ms", took[name, BATCH], took[name, 1])


def in_messages(events: list[Event]) -> Event:
    """A batch of SQS messages with an event of S3 in each."""
    return {
        "Records": [
            {
                "messageId": f"m{number}",
                "body": json.dumps(event),
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:buffer",
            }
            for number, event in enumerate(events)
        ]
    }


def _many_readings(folder: Path, aws: Laptop, runs: int) -> Iterator[Comparison]:
    many, writes = (MANY_READINGS, SINGLE_WRITES) if runs != TRIAL else (100, 10)
    whole, peaks, small, single = [], [], [], []
    for _ in range(runs):
        small.append(handled(folder, aws, "sensor_pipeline", [aws.readings(10)], warm_up=0)["peak_mib"])
        result = handled(folder, aws, "sensor_pipeline", [aws.readings(many)], warm_up=0)
        whole.append(result["milliseconds"] / many)
        peaks.append(result["peak_mib"])
        single.append(_one_write_each(aws, writes))
    yield compare("functions", f"a reading of {many:,} in an object", "one write a reading", "ms", whole, single)
    yield compare("functions", f"memory for {many:,} readings in an object", "for 10 readings", "MiB", peaks, small)


def _one_write_each(aws: Laptop, number: int) -> float:
    begun = time.perf_counter()
    for one in range(number):
        aws.dynamodb.put_item(
            TableName="sensor-pipeline",
            Item={"deviceId": {"S": "single"}, "readingTime": {"S": f"{begun}-{one}"}, "value": {"N": "20.1"}},
        )
    return (time.perf_counter() - begun) / number * 1e3


def handled(folder: Path, aws: Laptop, name: str, events: list[Event], warm_up: int = WARM_UP) -> dict[str, Any]:
    return handled_series(folder, aws, name, [(events, warm_up)])[0]


def handled_series(
    folder: Path, aws: Laptop, name: str, series: Sequence[tuple[list[Event], int]]
) -> list[dict[str, Any]]:
    """The costs of each series of events, of which the given number is not measured, in one process of the handler."""
    module, function = HANDLERS[name]
    job, result = folder / "job.json", folder / "result.json"
    job.write_text(json.dumps({"module": module, "function": function, "series": series}))
    paths = [PEERS / "plain_handler"] if name == PLAIN else [FUNCTIONS, TOOLKIT.parent, LIBRARIES]
    variables = {
        **aws.local.environment(),
        **aws.variables(name),
        "AWS_REGION": "us-east-1",
        "PYTHONPATH": ":".join(map(str, paths)),
    }
    run(Program([PYTHON, str(ROOT / "checks" / "bench" / "handler_run.py"), str(job), str(result)], folder, variables))
    return list(json.loads(result.read_text()))


def compare_rates(folder: Path, runs: int) -> Iterator[Comparison]:
    """Time of an event on the local AWS, invoked by a few threads; includes all of the local AWS."""
    number, first, slices = (2, 1, 1) if runs == TRIAL else (50, 3 * SENDERS, 8)
    with laptop(folder) as aws:
        names = [EMPTY, *HANDLERS]
        arns = {name: _deployed(aws, name) for name in names}
        took: dict[str, list[float]] = {name: [] for name in names}
        for one in rounds_after_warming_up(runs):
            say(f"round {one} of {runs}")
            # Slices with a shuffled order of the handlers, because the machine's speed varies and the local AWS cleans
            # up after one handler while the next runs. The first events of a slice open new connections.
            milliseconds = dict.fromkeys(names, 0.0)
            for part in range(slices):
                for name in random.Random(one * slices + part).sample(names, len(names)):  # noqa: S311 - no secret
                    _invoked(aws, arns[name], aws.events(name, first))
                    milliseconds[name] += _invoked(aws, arns[name], aws.events(name, number)) / slices
            for name in names if one else ():  # the first round starts the local AWS's workers
                took[name].append(milliseconds[name])
        for name in names:
            if name != PLAIN:
                ours, plain = (1e3 / statistics.median(took[of]) for of in (name, PLAIN))
                note = f"{ours:.0f} events a second from {SENDERS} senders; {PLAIN}: {plain:.0f}"
                what, most = f"an event through {name}", _most(name)
                yield compare("functions", what, PLAIN, "ms", took[name], took[PLAIN], most, note)


def _most(name: str) -> float | None:
    """The limit for the handler that does the plain handler's work: no more time than that."""
    return 1.0 if name == "invocation_log" else None


def _invoked(aws: Laptop, arn: str, events: list[Event]) -> float:
    """Milliseconds for an event."""

    def send(event: Event) -> None:
        answer = client.invoke(FunctionName=arn, Payload=json.dumps(event))
        said = answer["Payload"].read()
        if "FunctionError" in answer:
            raise RuntimeError(said.decode())

    client = aws.local.client("lambda")
    begun = time.perf_counter()
    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(send, events))
    return (time.perf_counter() - begun) / len(events) * 1e3


def _deployed(aws: Laptop, name: str) -> str:
    iam, functions = aws.local.client("iam"), aws.local.client("lambda")
    role_name = "bench-" + "".join(one if one.isalnum() else "-" for one in name)
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(
        RoleName=role_name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam.put_role_policy(
        RoleName=role_name,
        PolicyName="all",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [everything]}),
    )
    code, handler = _code(name)
    variables = {} if name == EMPTY else aws.variables(name)
    arn = functions.create_function(
        FunctionName=role_name,
        Runtime="python3.13",
        Handler=handler,
        Role=role,
        Timeout=30,
        MemorySize=256,
        Code={"ZipFile": code},
        Environment={"Variables": {**variables, "AWS_ENDPOINT_URL": aws.local.environment()["AWS_ENDPOINT_URL"]}},
    )["FunctionArn"]
    functions.get_waiter("function_active_v2").wait(FunctionName=role_name)
    return str(arn)


def _code(name: str) -> tuple[bytes, str]:
    if name not in (EMPTY, PLAIN):
        archive = build_archive([FUNCTIONS / name, TOOLKIT], LIBRARIES, exclude=OF_THE_WHEEL)
        return archive.read_bytes(), ".".join(HANDLERS[name])
    plain = (PEERS / "plain_handler" / "index.py").read_text()
    return single_file(LOGGING + plain if name == PLAIN else EMPTY_HANDLER), "index.lambda_handler"


def single_file(source: str) -> bytes:
    """A function of one file, `index.py`."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as out:
        out.writestr("index.py", source)
    return made.getvalue()


# Lambda's runtime adds a handler to the root logger; the local AWS does not.
LOGGING = "import logging\nlogging.basicConfig(level=logging.INFO)\n"
EMPTY_HANDLER = "def lambda_handler(event, context):\n    pass\n"
