"""Writes sluice_cli/denials/grants.json: the statements of each `grant_...` verb of the module classes.

Run it after changing a grant (`python -m scripts.grant_table`); tests/unit/test_grant_table.py compares the file with
the classes. The tool reads the file, because it must not import the classes.
"""

import inspect
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from modules import Bucket, Key, Parameter, Queue, Role, Secret, Statement, Table, Topic  # first

# isort: split
from cdktf import DefaultTokenResolver, StringConcat, TerraformElement, TerraformStack, Testing, Tokenization
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from modules import Index

FILE = Path(__file__).parent.parent / "sluice_cli" / "denials" / "grants.json"

NAME = "sluice-name"
OF_AWS = "arn:aws:{}:us-east-1:123456789012:{}"
INDEX = "sluice-index"
# The values of a verb's options in the recorded call, and their placeholders in the table.
OPTIONS = {"prefix": ("sluice-prefix/", "{prefix}"), "index": (INDEX, "{index}")}

Make = Callable[[Construct, Any], Any]

NEW: dict[str, Make] = {
    "Table": lambda scope, key: Table(
        scope,
        "Thing",
        name=NAME,
        partition_key="id",
        indexes=[Index(INDEX, partition_key="id", sort_key="at")],
        stream="NEW_IMAGE",
        key=key,
    ),
    "Bucket": lambda scope, key: Bucket(scope, "Thing", name=NAME, key=key),
    "Queue": lambda scope, key: Queue(scope, "Thing", name=NAME, key=key),
    "Topic": lambda scope, key: Topic(scope, "Thing", name=NAME, key=key),
    "Secret": lambda scope, key: Secret(scope, "Thing", name=NAME, key=key),
}
# The call that refers to an existing resource, with {arn} and {name}.
EXISTING: dict[str, tuple[str, Make]] = {
    "Table": (
        'Table.from_arn(self, "{id}", "{arn}")',
        lambda scope, key: Table.from_arn(
            scope,
            "Thing",
            OF_AWS.format("dynamodb", f"table/{NAME}"),
            indexes=[INDEX],
            stream_arn=OF_AWS.format("dynamodb", f"table/{NAME}/stream/sluice-label"),
            key=key,
        ),
    ),
    "Bucket": (
        'Bucket.from_name(self, "{id}", "{name}")',
        lambda scope, key: Bucket.from_name(scope, "Thing", NAME, key=key),
    ),
    "Queue": (
        'Queue.from_arn(self, "{id}", "{arn}")',
        lambda scope, key: Queue.from_arn(scope, "Thing", OF_AWS.format("sqs", NAME), key=key),
    ),
    "Topic": (
        'Topic.from_arn(self, "{id}", "{arn}")',
        lambda scope, key: Topic.from_arn(scope, "Thing", OF_AWS.format("sns", NAME), key=key),
    ),
    "Secret": (
        'Secret.from_arn(self, "{id}", "{arn}")',
        lambda scope, key: Secret.from_arn(
            scope, "Thing", OF_AWS.format("secretsmanager", f"secret:{NAME}-abcdef"), key=key
        ),
    ),
    "Parameter": (
        'Parameter(self, "{id}", name="{name}")',
        lambda scope, key: Parameter(scope, "Thing", name=NAME, key=key),
    ),
}


class Recorder(Role):
    """A role that records the statements that it is given."""

    def __init__(self, scope: Construct) -> None:
        super().__init__(scope, "Recorder", name="role", arn="arn:aws:iam::123456789012:role/role")
        self.statements: list[Statement] = []

    def allow(self, resource: Construct, verb: str, *statements: Statement) -> IamRolePolicy:
        self.statements += [one for one in statements if one not in self.statements]
        return super().allow(resource, verb, *statements)


def table() -> dict[str, Any]:
    """The content of grants.json."""
    return {
        name: {
            **({"resource": _resource(NEW[name])} if name in NEW else {}),
            "existing": {"call": call, "arn": _parametrized(_arn_of_existing(make))},
            "verbs": [*_verbs(NEW.get(name, make))],
        }
        for name, (call, make) in EXISTING.items()
    }


def _resource(make: Make) -> dict[str, str]:
    """The type of the resource whose ARN the construct has, and the id of its child."""
    thing, _ = _made(make)
    found = re.fullmatch(r"\$\{(\w+)\.(\w+)\.arn\}", str(_resolved(thing, thing.arn)))
    if found is None:
        raise LookupError(f"{type(thing).__name__}.arn is not the ARN of a resource: {thing.arn}")
    (element,) = [
        one for one in thing.node.find_all() if isinstance(one, TerraformElement) and one.friendly_unique_id == found[2]
    ]
    return {"type": found[1], "child": element.node.path.removeprefix(f"{thing.node.path}/")}


def _verbs(make: Make) -> Iterator[dict[str, Any]]:
    thing, _ = _made(make)
    for name, method in inspect.getmembers(type(thing), inspect.isfunction):
        if name.startswith("grant_"):
            options = [one for one in inspect.signature(method).parameters.values() if one.kind is one.KEYWORD_ONLY]
            if all(one.default is not one.empty for one in options):
                yield {"verb": name, "options": [], "statements": _statements(make, name, {})}
            if options:
                given = {one.name: OPTIONS[one.name][0] for one in options}
                yield {"verb": name, "options": sorted(given), "statements": _statements(make, name, given)}


def _statements(make: Make, verb: str, options: dict[str, str]) -> list[dict[str, Any]]:
    thing, key = _made(make)
    recorder = Recorder(TerraformStack.of(thing))
    getattr(thing, verb)(recorder, **options)
    own = {
        str(_resolved(thing, thing.arn)): "{arn}",
        str(_resolved(thing, key.arn)): "{key}",
        **dict(OPTIONS.values()),
    }
    return [
        {
            "actions": list(one.actions),
            "resources": [_replaced(str(_resolved(thing, text)), own) for text in one.resources],
            **(
                {
                    "conditions": [
                        [
                            condition.test,
                            condition.variable,
                            [_replaced(str(_resolved(thing, v)), own) for v in condition.values],
                        ]
                        for condition in one.conditions
                    ]
                }
                if one.conditions
                else {}
            ),
        }
        for one in recorder.statements
    ]


def _replaced(text: str, names: dict[str, str]) -> str:
    for value, placeholder in names.items():
        text = text.replace(value, placeholder)
    # another attribute of the resource, such as a table's stream
    return re.sub(r"\$\{\w+\.\w+\.(\w+)\}", r"{\1}", text)


def _arn_of_existing(make: Make) -> str:
    thing, _ = _made(make)
    return str(_resolved(thing, thing.arn))


def _parametrized(arn: str) -> str:
    """The ARN with placeholders for partition, region, account and names."""
    for pattern, placeholder in (
        (r"\$\{data\.aws_partition\.\w+\.partition\}|(?<=arn:)aws(?=:)", "{partition}"),
        (r"\$\{data\.aws_region\.\w+\.(name|region)\}|us-east-1", "{region}"),
        (r"\$\{data\.aws_caller_identity\.\w+\.account_id\}|123456789012", "{account}"),
        (rf"{NAME}(-abcdef)?", "{name}"),
    ):
        arn = re.sub(pattern, placeholder, arn)
    return arn


def _made(make: Make) -> tuple[Any, Any]:
    stack = TerraformStack(Testing.app(), "stack")
    key = Key(stack, "Key", alias="alias/sluice", description="For the table of grants", account_id="123456789012")
    return make(stack, key), key


def _resolved(thing: Construct, value: str) -> Any:
    return Tokenization.resolve(value, scope=thing, resolver=DefaultTokenResolver(StringConcat()), preparing=False)


if __name__ == "__main__":
    FILE.write_text(json.dumps(table(), indent=1) + "\n")
