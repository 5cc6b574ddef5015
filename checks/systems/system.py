"""What the checks know about a system. Each module of this package describes one system in its `SYSTEM`."""

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
    """A REST API: its path below the stage, the methods that it answers, and the fields of a body that it accepts.

    Where requests store objects in the system's bucket, `stores` is the pattern of their keys.
    """

    path: str
    methods: Sequence[str]
    accepted: Mapping[str, Any]
    stores: str | None = None


@dataclass(frozen=True)
class Benchmarked:
    """The system's function in the benchmark: its table's keys, and what it handles.

    That is an event of S3 (whose object exists where `reads_objects`), or the request that `request` makes of a number.
    """

    keys: tuple[str, str]
    reads_objects: bool = False
    request: Callable[[int], Event] | None = None


@dataclass(frozen=True)
class SystemUnderTest:
    """One system: `tour` shows it in the demo, `inputs` are sent by the soak, `uses` prove its policies, `api` is
    fuzzed, `benchmarked` and `load` are its part of the benchmark and of the scaling model.

    The unit tests that stand in for what the local AWS does not enforce have the same names in each system's test
    module (checks/least_privilege/stand_ins.py).
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
