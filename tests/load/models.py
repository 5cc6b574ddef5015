"""Small stacks for the load simulation, without Terraform."""

from typing import Any

from sluice_cli.load_model.arrivals import STEADY, LoadPattern
from sluice_cli.load_model.model import (
    ApiSettings,
    CapacitySettings,
    Entry,
    FunctionSettings,
    FunctionWork,
    LoadModel,
    MappingSettings,
    PlainPart,
    QueueSettings,
    TableSettings,
)
from sluice_cli.load_model.quotas import AccountLimits
from sluice_cli.load_model.simulation import LoadSimulation, SimulatedLoad

BUCKET = Entry("bucket", "Bucket", "Bucket", "bucket")
API = Entry("api", "Api", "API", "API")
QUEUE = Entry("queue", "Queue", "Queue", "queue")


def worker(duration_ms: float = 50, **settings: Any) -> FunctionSettings:
    work = {
        name: settings.pop(name) for name in ("calls", "busiest", "init_ms", "cpu_ms", "events") if name in settings
    }
    return FunctionSettings("Worker", FunctionWork(duration_ms, **work), **{"timeout": 30, **settings})


def direct(function: FunctionSettings, table: CapacitySettings | None = None, **quotas: float) -> LoadModel:
    """A bucket that invokes a function, which may write to a table."""
    return LoadModel(
        "stack",
        AccountLimits("us-east-1", quotas),
        functions={"worker": function},
        tables={"table": TableSettings("Table", {"": table})} if table else {},
        parts={"bucket": PlainPart("Bucket", "bucket")},
        routes={"bucket": ("worker",)},
        entries=(BUCKET,),
    )


def behind_api(function: FunctionSettings, rate: float | None = None, burst: float | None = None) -> LoadModel:
    return LoadModel(
        "stack",
        AccountLimits(),
        functions={"worker": function},
        apis={"api": ApiSettings("API", rate, burst)},
        routes={"api": ("worker",)},
        entries=(API,),
    )


def behind_queue(function: FunctionSettings, queue: QueueSettings | None = None, **mapping: Any) -> LoadModel:
    return LoadModel(
        "stack",
        AccountLimits(),
        functions={"worker": function},
        queues={"queue": queue or QueueSettings("Queue")},
        mappings={"mapping": MappingSettings("Queue to Worker", "queue", "worker", **mapping)},
        entries=(QUEUE,),
    )


def run(model: LoadModel, rate: float, seconds: float, pattern: str = STEADY, **settings: Any) -> SimulatedLoad:
    return LoadSimulation(model, model.entries[0], LoadPattern(pattern, rate, seconds), **settings).run()
