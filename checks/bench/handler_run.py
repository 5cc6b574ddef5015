"""Runs one handler on series of events and writes their costs: `python handler_run.py JOB RESULT`, both JSON files.

In a process of its own, so that each handler is loaded as Lambda loads it.
"""

import contextlib
import importlib
import io
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.client
import botocore.response


@dataclass(frozen=True)
class LambdaContext:
    function_name: str = "bench"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:bench"
    aws_request_id: str = "00000000-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


class Calls:
    """Times AWS calls including the bodies of answers, which do not count as the handler's time."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.made: Counter[str] = Counter()
        make = botocore.client.BaseClient._make_api_call
        read = botocore.response.StreamingBody.read

        def timed_call(client: Any, operation: str, parameters: Any) -> Any:
            self.made[operation] += 1
            return self._timed(make, client, operation, parameters)

        def timed_read(body: Any, amt: int | None = None) -> Any:
            return self._timed(read, body, amt)

        botocore.client.BaseClient._make_api_call = timed_call
        botocore.response.StreamingBody.read = timed_read

    def _timed(self, function: Any, *arguments: Any) -> Any:
        begun = time.perf_counter()
        try:
            return function(*arguments)
        finally:
            self.seconds += time.perf_counter() - begun


def cost(handle: Callable[[Any, LambdaContext], Any], events: list[Any], warm_up: int, calls: Calls) -> dict[str, Any]:
    """`warm_up` events are not measured."""
    with contextlib.redirect_stdout(io.StringIO()):
        for event in events[:warm_up]:
            handle(event, LambdaContext())
        measured = events[warm_up:]
        calls.seconds = 0.0
        calls.made.clear()
        begun, processor_begun = time.perf_counter(), time.process_time()
        answers = [handle(event, LambdaContext()) for event in measured]
        seconds, processor_seconds = time.perf_counter() - begun, time.process_time() - processor_begun
    failed = [one for one in answers if isinstance(one, dict) and one.get("batchItemFailures")]
    if failed:
        raise RuntimeError(f"{len(failed)} of {len(answers)} batches have failures: {failed[0]}")
    return {
        "own_microseconds": (seconds - calls.seconds) / len(measured) * 1e6,
        "processor_milliseconds": processor_seconds / len(measured) * 1e3,
        "milliseconds": seconds / len(measured) * 1e3,
        "calls": {name: count / len(measured) for name, count in calls.made.items()},
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text())
    calls = Calls()
    handle = getattr(importlib.import_module(job["module"]), job["function"])
    costs = [cost(handle, events, warm_up, calls) for events, warm_up in job["series"]]
    Path(sys.argv[2]).write_text(json.dumps(costs))


if __name__ == "__main__":
    main()
