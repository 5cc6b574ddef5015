"""The configuration that a plan was made from: resources by address, their construct paths, what they refer to."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sluice_cli.text import error_text

from .hidden import SENSITIVE
from .plan_text import PlanError

# In an expression: aws_s3_bucket.Objects_Bucket_80F6A514.arn, data.aws_caller_identity.Account.account_id
REFERENCE = re.compile(
    r"\b((?:module\.[\w-]+\.)*(?:data\.)?[a-z][a-z0-9]*_[a-z0-9_]+\.[A-Za-z_][\w-]*)(?:\.([a-z_]+))?"
)
TEMPLATE = re.compile(r"\$\{([^{}]*)\}")
INDEX = re.compile(r'\[(?:"(?:[^"\\]|\\.)*"|\d+)\]')
# What a review adds to an address, where two things of a plan have the same.
BESIDE = re.compile(r"\.(deposed\.[0-9a-f]+|drift)$")
# cdktf ends a resource's name with a hash of its construct path.
HASH = re.compile(r"_?[0-9A-F]{8}$")


@dataclass(frozen=True)
class ConfiguredResource:
    """One resource or data source as it was written down."""

    address: str
    type: str
    # Below the stack: ("Objects", "Bucket")
    path: tuple[str, ...]
    values: Mapping[str, Any]

    @property
    def references(self) -> set[str]:
        return {address for address, _ in references(self.values)}


class Configuration:
    """All resources of a stack, from cdktf's `cdk.tf.json`, or from what a plan repeats of its configuration."""

    def __init__(self, resources: Mapping[str, ConfiguredResource]) -> None:
        self.resources = resources

    @classmethod
    def synthesized(cls, document: Mapping[str, Any]) -> "Configuration":
        found = {}
        for section, prefix in (("resource", ""), ("data", "data.")):
            for type_, named in (document.get(section) or {}).items():
                for name, values in named.items():
                    path = values.get("//", {}).get("metadata", {}).get("path")
                    address = f"{prefix}{type_}.{name}"
                    below = tuple(path.split("/")[1:]) if path else path_of(address)
                    shown = {key: without_secrets(value) for key, value in values.items() if key != "//"}
                    found[address] = ConfiguredResource(address, type_, below, shown)
        return cls(found)

    @classmethod
    def planned(cls, plan: Mapping[str, Any]) -> "Configuration":
        """For plans without cdktf's file: another program's, or a plan file by itself. Raises `PlanError`."""
        try:
            root = (plan.get("configuration") or {}).get("root_module") or {}
            return cls({one.address: one for one in _of_module(root, "")})
        except (KeyError, TypeError, AttributeError) as error:
            raise PlanError(f"the plan's configuration is damaged: {error_text(error)}; make it again") from error

    def path(self, address: str) -> tuple[str, ...]:
        """The construct path; that of a resource which is no longer configured is read from its address."""
        known = self.resources.get(without_index(address))
        return known.path if known else path_of(address)


def references(value: Any) -> Iterator[tuple[str, str]]:
    """The addresses a configured value refers to, each with the attribute it takes."""
    if isinstance(value, str):
        for expression in TEMPLATE.findall(value) if "${" in value else []:
            yield from REFERENCE.findall(expression)
    elif isinstance(value, Mapping):
        for key, one in value.items():
            if key != "depends_on":
                yield from references(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from references(one)


def without_secrets(value: Any) -> Any:
    """A configured value without what it marks as sensitive itself: `${sensitive("...")}`."""
    if isinstance(value, Mapping):
        return {key: without_secrets(one) for key, one in value.items()}
    if isinstance(value, list):
        return [without_secrets(one) for one in value]
    return SENSITIVE if isinstance(value, str) and "sensitive(" in value.replace("nonsensitive(", "") else value


def path_of(address: str) -> tuple[str, ...]:
    """The construct path as far as a resource's name tells it: cdktf joins it with underscores and adds a hash."""
    name = without_index(address).rpartition(".")[2]
    if not HASH.search(name):
        return (name,)
    return tuple(part for part in HASH.sub("", name).split("_") if part) or (name,)


def without_index(address: str) -> str:
    """The address of the block that made an instance: `aws_x.y[0]` and `aws_x.y["key"]` come from `aws_x.y`."""
    return INDEX.sub("", BESIDE.sub("", address))


def _of_module(module: Mapping[str, Any], prefix: str) -> Iterator[ConfiguredResource]:
    for one in module.get("resources") or []:
        address = prefix + one["address"]
        values = {key: _written(value, prefix) for key, value in (one.get("expressions") or {}).items()}
        yield ConfiguredResource(address, one["type"], path_of(address), values)
    for name, call in (module.get("module_calls") or {}).items():
        yield from _of_module(call.get("module") or {}, f"{prefix}module.{name}.")


def _written(expression: Any, prefix: str) -> Any:
    """An expression as somebody may have written it: constants as they are, the rest by what it refers to."""
    if isinstance(expression, list):
        return [_written(one, prefix) for one in expression]
    if not isinstance(expression, dict):
        return expression
    if "constant_value" in expression:
        return expression["constant_value"]
    if "references" in expression:
        # Terraform lists an attribute and the resource it belongs to; the first is the one that was written.
        # Within a module, addresses are relative to it.
        return "".join(f"${{{prefix if REFERENCE.match(one) else ''}{one}}}" for one in expression["references"][:1])
    return {key: _written(value, prefix) for key, value in expression.items()}
