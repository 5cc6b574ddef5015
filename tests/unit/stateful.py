"""Addresses of stateful resources in people's state, and the `moved` blocks to write when they change."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LIST = Path(__file__).parent / "stateful_resources.json"

# Resource types with data that no deployment can restore, and their identifying attribute. Failure queues and log
# groups are included although they may be destroyed: their content expires.
NAMES = {
    "aws_cloudwatch_log_group": "name",
    "aws_dynamodb_table": "name",
    "aws_kms_key": "description",
    "aws_s3_bucket": "bucket",
    "aws_sqs_queue": "name",
}
# Resource types without data of that kind.
GUARDED = ("aws_dynamodb_table", "aws_kms_key", "aws_s3_bucket")

Addresses = Mapping[str, str]


def stateful(synthesized: Mapping[str, Any]) -> dict[str, str]:
    """The physical name of each stateful resource, by address."""
    return {
        f"{kind}.{id_}": _plain(resource[attribute])
        for kind, attribute in sorted(NAMES.items())
        for id_, resource in sorted(synthesized["resource"].get(kind, {}).items())
    }


def changed(stack: str, listed: Addresses, found: Addresses) -> str:
    """Advice about addresses that differ from the listed ones; empty if all are as listed."""
    said = []
    gone = {address: name for address, name in listed.items() if address not in found}
    new = {address: name for address, name in found.items() if address not in listed}
    for old, name in gone.items():
        to = next((address for address in new if new[address] == name and _kind(address) == _kind(old)), None)
        if to is None:
            lost = f"{old} ({name}) is gone: a deployment destroys it with what it holds."
            said.append(f"{lost} If that is meant, {_renew(stack)}")
            continue
        del new[to]
        said.append(
            f"{old} is {to} now: a deployment would destroy {name} and make an empty one.\n"
            f'Where the construct is made, add\n    thing.resource.move_from_id("{old}")\n'
            f"which synthesizes to\n    moved {{\n      from = {old}\n      to   = {to}\n    }}\nand {_renew(stack)}"
        )
    said += [f"{address} ({name}) is new: {_renew(stack)}" for address, name in new.items()]
    said += [
        f"{address} was {listed[address]} and is {name}: a deployment would destroy the old one. "
        f"Give it back its name or, if that is meant, {_renew(stack)}"
        for address, name in found.items()
        if listed.get(address, name) != name
    ]
    if not said:
        return ""
    renewed = json.dumps({stack: dict(found)}, indent=2)
    return "\n\n".join([*said, f"{LIST.name} for {stack}:\n{renewed}"])


def _renew(stack: str) -> str:
    return f"renew {stack} in tests/unit/{LIST.name} with what is printed below."


def _kind(address: str) -> str:
    return address.partition(".")[0]


def _plain(name: str) -> str:
    return re.sub(r"\$\{data\.aws_caller_identity\.\w+\.account_id\}", "ACCOUNT", name)
