"""What the review says of the systems' changes between direct and buffered delivery (docs/operating.md)."""

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from cdktf import App, Testing

from settings import Settings
from stacks import SYSTEMS
from tests.review.plans import ACCOUNT, Values, change, findings

REFERENCE = re.compile(r"\$\{aws_(\w+?)\.(\w+)\.\w+\}")
# What a mode changes; policies are asserted in tests/unit/test_delivery_modes.py.
TYPES = (
    *("aws_s3_bucket_notification", "aws_sqs_queue", "aws_lambda_event_source_mapping", "aws_lambda_permission"),
    *("aws_cloudwatch_metric_alarm", "aws_lambda_function"),
)
META = ("//", "depends_on", "lifecycle", "provider")
SETTINGS = [one for one in Settings.__dataclass_fields__ if one.endswith("_delivery")]

Planned = Callable[[type, str, str], list[str]]


def values(synthesized: dict[str, Any]) -> dict[str, Values]:
    """The resources by address, with names in place of references; blocks are lists, as in a plan."""
    text = REFERENCE.sub(rf"arn:aws:\1:us-east-1:{ACCOUNT}:\2", json.dumps(synthesized["resource"]))
    return {
        f"{type_}.{name}": {
            "arn": f"arn:aws:{type_.removeprefix('aws_')}:us-east-1:{ACCOUNT}:{name}",
            **{key: one for key, one in resource.items() if key not in META},
        }
        for type_, resources in json.loads(text).items()
        if type_ in TYPES
        for name, resource in resources.items()
    }


@pytest.fixture(scope="module")
def planned() -> Planned:
    """The dangers of a change of a system's mode."""

    @cache
    def synthesize(system: type, mode: str) -> str:
        chosen: dict[str, Any] = dict.fromkeys(SETTINGS, mode)
        return str(Testing.synth(system(App(outdir="unused"), Settings(**chosen))))

    def found(system: type, before: str, after: str) -> list[str]:
        synthesized = [json.loads(synthesize(system, mode)) for mode in (before, after)]
        old, new = map(values, synthesized)
        changes = [change(one, old.get(one), new.get(one)) for one in {**old, **new}]
        assert old != new
        return findings(*changes, configuration=synthesized[1])

    return found


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda one: one.__name__)
@pytest.mark.parametrize(
    ("before", "after"), [("direct", "buffered"), ("buffered", "draining"), ("draining", "buffered")]
)
def test_the_documented_steps_are_not_dangerous(planned: Planned, system: type, before: str, after: str) -> None:
    assert planned(system, before, after) == []


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda one: one.__name__)
def test_direct_right_after_buffered_loses_what_waits(planned: Planned, system: type) -> None:
    assert planned(system, "buffered", "direct") == [
        "Data is lost: Buffer queue, Dead letters queue is destroyed",
        "Data is lost: Buffer queue is destroyed",
        "Alarm removed: Buffer alarms, alarm Backlog: an alarm is removed",
    ]
