"""The description of a system for all checks. Each module of this package describes one system in `SYSTEM`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checks.demo.result import Result
from checks.least_privilege.uses import Uses
from checks.soak.inputs import SoakInputs
from checks.systems.load import EventLoad
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.target import Target

Event = dict[str, Any]


@dataclass(frozen=True)
class Api:
    """A REST API: its path below the stage, its methods, and the fields of accepted bodies.

    If requests store objects in the system's bucket, `stores` is the pattern of their keys.
    """

    path: str
    methods: Sequence[str]
    accepted: Mapping[str, Any]
    stores: str | None = None


@dataclass(frozen=True)
class Benchmarked:
    """The system's function in the benchmark: its table's keys, and its events. These are S3 events (of existing
    objects if `reads_objects`), or the requests that `request` creates from a number.
    """

    keys: tuple[str, str]
    reads_objects: bool = False
    request: Callable[[int], Event] | None = None


@dataclass(frozen=True)
class SystemUnderTest:
    """One system for demo, soak, proofs, fuzzing and benchmark: `tour` is its part of the demo, `inputs` its soak
    inputs, `uses` its least-privilege uses, `api` its fuzzed API, `benchmarked` and `load` its part of benchmark and
    scaling model.

    Unit tests that replace what the local AWS does not enforce have the same names in the test module of each system
    (checks/least_privilege/stand_ins.py).
    """

    name: str
    tour: Callable[[LocalAws, Target], Result]
    inputs: type[SoakInputs]
    uses: type[Uses]
    benchmarked: Benchmarked
    load: EventLoad
    api: Api | None = None

    @property
    def package(self) -> str:
        """The folder of the function's code below `lambda`."""
        return self.name.replace("-", "_")
