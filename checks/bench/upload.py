"""The highest rate of POST /upload without an error on the local AWS, and its limit."""

import random
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from uuid import uuid4

from checks.deployed import repository
from checks.soak.sender import Sender
from checks.systems.upload_api import NAME, product
from sluice_cli.deployment.applying import deploy
from sluice_cli.local_aws.server import REGION, LocalAws
from sluice_cli.stack import Stack
from sluice_cli.target import local_target
from sluice_cli.terraform.state_bucket import ensure_local_state_bucket

from .busy import single_file
from .laptop import EMPTY
from .measure import TRIAL, say
from .table import Comparison, compare

OURS = "ours"
BEHIND = f"{EMPTY} behind the same API"

CREATED = 201
CONNECTIONS = (1, 2, 4, 8)

# Templates with which the API answers 201 like the real one.
ANSWERS = f"def lambda_handler(event, context):\n    return {{'statusCode': {CREATED}, 'body': '{{}}'}}\n"


@dataclass(frozen=True)
class LoadResult:
    """Requests over a number of connections: time of each, and how many failed."""

    milliseconds: float  # for each request
    errors: int


def highest_rate(folder: Path, runs: int) -> Iterator[Comparison]:
    """The deployed system, compared with an empty function, which is the local AWS's own limit."""
    local = LocalAws(folder / "local-aws")
    local.start()
    try:
        deployed = {name: _deployed(local, folder, suffix) for name, suffix in ((OURS, "ours"), (BEHIND, "empty"))}
        functions = local.client("lambda")
        name = deployed[BEHIND]["FunctionName"]
        functions.update_function_configuration(FunctionName=name, Handler="index.lambda_handler")
        functions.update_function_code(FunctionName=name, ZipFile=single_file(ANSWERS))
        functions.get_waiter("function_updated_v2").wait(FunctionName=name)
        yield from compare_loads(local, {name: one["ApiUrl"] for name, one in deployed.items()}, runs)
    finally:
        local.stop()


def compare_loads(local: LocalAws, urls: Mapping[str, str], runs: int) -> Iterator[Comparison]:
    requests = {number: number if runs == TRIAL else 160 for number in CONNECTIONS}
    found: dict[str, list[dict[int, LoadResult]]] = {name: [] for name in urls}
    for name, url in urls.items():
        for connections in CONNECTIONS:
            _load(local, url, connections, requests[connections])  # starts the local AWS's workers
        say(f"warmed up: {name}")
    for number in range(runs):
        say(f"round {number + 1} of {runs}")
        rounds: dict[str, dict[int, LoadResult]] = {name: {} for name in urls}
        for connections in CONNECTIONS:
            for name in random.sample(list(urls), len(urls)):
                rounds[name][connections] = _load(local, urls[name], connections, requests[connections])
        for name in urls:
            found[name].append(rounds[name])
    quickest = {name: [_quickest(one) for one in loads] for name, loads in found.items()}
    over = f"over {', '.join(map(str, CONNECTIONS))} connections"
    note = f"{_rates(found[OURS])} a second {over}; {BEHIND}: {_rates(found[BEHIND])}"
    yield compare("upload", "POST /upload", BEHIND, "ms", quickest[OURS], quickest[BEHIND], None, note)


def _quickest(loads: Mapping[int, LoadResult]) -> float:
    """Milliseconds for a request, at the highest rate without failures."""
    fine = [one.milliseconds for one in loads.values() if not one.errors]
    if not fine:
        raise RuntimeError(f"POST /upload: no load was answered {CREATED} throughout: {loads}")
    return min(fine)


def _rates(rounds: list[dict[int, LoadResult]]) -> str:
    def rate(connections: int) -> str:
        errors = sum(one[connections].errors for one in rounds)
        failed = f" ({errors} errors)" if errors else ""
        return f"{1e3 / median(one[connections].milliseconds for one in rounds):.0f}{failed}"

    return ", ".join(map(rate, CONNECTIONS))


def _load(local: LocalAws, url: str, connections: int, requests: int) -> LoadResult:
    sender = Sender(local)

    def send(body: dict[str, Any]) -> int:
        return sender.post(url, body, {"Idempotency-Key": uuid4().hex}, REGION)

    bodies = [product(uuid4().hex) for _ in range(requests)]
    begun = perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        statuses = list(pool.map(send, bodies))
    seconds = perf_counter() - begun
    return LoadResult(seconds / requests * 1e3, sum(status != CREATED for status in statuses))


def _deployed(local: LocalAws, folder: Path, suffix: str) -> dict[str, str]:
    known = local_target(repository(), local)
    settings = {**known.environment, "ENVIRONMENT_SUFFIX": suffix}
    target = replace(known, environment=settings, folder=folder / suffix)
    ensure_local_state_bucket(local, settings["STATE_BUCKET"])
    say(f"deploying {NAME}, {suffix}")
    deploy([NAME], target)
    return Stack(NAME, target).outputs()
