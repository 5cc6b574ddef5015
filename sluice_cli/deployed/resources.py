"""Reads the deployed resources of a project's stacks from Terraform's state, with their constructs."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sluice_cli.deployed.readable import UnreadableStacks
from sluice_cli.stack import Stack


@dataclass(frozen=True)
class Resource:
    """A managed resource in a stack's state."""

    stack: str
    type: str
    name: str
    # The construct path that CDKTF writes beside each resource (`stack/Orders/Table`); empty in other Terraform JSON.
    path: str
    attributes: dict[str, Any] = field(repr=False)

    @property
    def address(self) -> str:
        return f"{self.type}.{self.name}"

    @property
    def construct(self) -> str:
        """The path of the construct that the resource belongs to: `stack/Orders` of `stack/Orders/Table`."""
        return self.path.rpartition("/")[0]

    @property
    def arn(self) -> str:
        return str(self.attributes.get("arn") or "")

    @property
    def region(self) -> str:
        """The region in its ARN; empty where the service names none in it."""
        return self.arn.split(":")[3] if self.arn.startswith("arn:") else ""


@dataclass(frozen=True)
class Function:
    """A deployed Lambda function."""

    resource: Resource

    @property
    def name(self) -> str:
        return str(self.resource.attributes["function_name"])

    @property
    def arn(self) -> str:
        return self.resource.arn

    @property
    def region(self) -> str:
        return self.resource.region

    @property
    def timeout_seconds(self) -> int:
        return int(self.resource.attributes.get("timeout") or 3)

    @property
    def role_name(self) -> str:
        return str(self.resource.attributes.get("role") or "").rpartition("/")[2]

    @property
    def log_group(self) -> str:
        configured = self.resource.attributes.get("logging_config") or [{}]
        return str(configured[0].get("log_group") or f"/aws/lambda/{self.name}")

    @property
    def names(self) -> tuple[str, ...]:
        """The names by which the function can be selected on the command line."""
        path = self.resource.path.split("/")[1:]
        construct = path[-2] if len(path) > 1 and path[-1] in ("Function", "Resource") else path[-1] if path else ""
        return tuple(filter(None, (self.name, construct, "/".join(path), self.resource.address, self.arn)))


def resources_of(stacks: Sequence[Stack], unreadable: UnreadableStacks | None = None) -> list[Resource]:
    """The managed resources of the deployed stacks.

    Raises `SluiceError` if a stack cannot be read, unless the caller takes `unreadable` ones.
    """
    unreadable = unreadable or UnreadableStacks(tolerated=False)
    return [one for found in unreadable.read(stacks, _resources).values() for one in found]


def _resources(stack: Stack) -> list[Resource]:
    return list(in_state(stack, stack.state())) if stack.initialized else []


def in_state(stack: Stack, state: dict[str, Any]) -> Iterator[Resource]:
    """The managed resources of a state."""
    return read_resources(stack.name, stack.configuration, state)


def read_resources(stack: str, configuration: dict[str, Any], state: dict[str, Any]) -> Iterator[Resource]:
    """The managed resources of a state, with the construct paths of the synthesized Terraform."""
    written = configuration.get("resource", {})
    for one in state.get("resources", []):
        if one.get("mode") != "managed":
            continue
        block = written.get(one["type"], {}).get(one["name"], {})
        metadata = block.get("//") if isinstance(block, dict) else None
        path = metadata.get("metadata", {}).get("path", "") if isinstance(metadata, dict) else ""
        for instance in one.get("instances", []):
            yield Resource(stack, one["type"], one["name"], str(path), instance.get("attributes") or {})


def functions_in(resources: Iterable[Resource]) -> list[Function]:
    """The Lambda functions, sorted by name."""
    return sorted((Function(one) for one in resources if one.type == "aws_lambda_function"), key=lambda one: one.name)


def mentions(resource: Resource, text: str) -> bool:
    """Whether an attribute of the resource contains the text."""
    return text in json.dumps(resource.attributes, default=str)
