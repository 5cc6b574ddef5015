"""The AWS calls of an event: those that the scaling model counts, and those that a proxy in front of AWS received."""

from collections import Counter
from collections.abc import Iterable
from urllib.parse import parse_qs

from checks.systems import SYSTEMS
from tests.support.faults import ProxiedRequest

S3_OPERATIONS = {"HEAD": "HeadObject", "GET": "GetObject", "PUT": "PutObject"}


def modelled_calls(system: str) -> Counter[str]:
    """The calls of one invocation, each with a reason in docs/benchmark.md."""
    load = SYSTEMS[system].load
    assert set(load.reasons) == set(load.calls)
    return Counter({name: round(number * load.batch) for name, number in load.calls.items()})


def received_calls(requests: Iterable[ProxiedRequest]) -> Counter[str]:
    return Counter(_operation(one) for one in requests)


def _operation(request: ProxiedRequest) -> str:
    if target := request.headers.get("X-Amz-Target"):
        return target.rpartition(".")[2]
    if action := parse_qs(request.body.decode(errors="replace")).get("Action"):
        return action[0]
    return S3_OPERATIONS[request.method]
