"""Ends of arrows: boxes of the stack, and foreign resources."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sluice_cli.text import clean

from ..configuration import Configuration, references
from ..plan import Plan

# Services whose foreign resources are drawn, with the part of the ARN before the name.
SERVICES = {
    ("s3", ""): "aws_s3_bucket",
    ("sqs", ""): "aws_sqs_queue",
    ("sns", ""): "aws_sns_topic",
    ("lambda", "function:"): "aws_lambda_function",
    ("dynamodb", "table/"): "aws_dynamodb_table",
    ("events", "event-bus/"): "aws_cloudwatch_event_bus",
}
_PART = r"(?:\$\{[^}]*\}|[^:$\s\"])*"
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
ARN = re.compile(
    rf"arn:{_PART}:(s3|sqs|sns|lambda|dynamodb|events):{_PART}:{_PART}:(function:|table/|event-bus/|)([\w.-]+)"
)
# A secret's name may have slashes, and ends in the ARN with six characters, or with `??????` for any.
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/getting-started.html#term_secret
SECRET = re.compile(rf"arn:{_PART}:secretsmanager:{_PART}:{_PART}:secret:([\w/+=.@-]+?)-(?:\?{{6}}|[A-Za-z0-9]{{6}})$")
NAMES = ("bucket", "function_name", "name")
IDENTITIES = ("id", "arn", "url", "invoke_arn", "stream_arn", *NAMES)
FOREIGN = "foreign:"


class Ends:
    """Finds the resources that a value names: by reference, by ARN, or by current values."""

    def __init__(self, configuration: Configuration, plan: Plan, drawn: Iterable[str]) -> None:
        self._drawn = frozenset(drawn)
        self._names: dict[tuple[str, str], str] = {}
        self._identities: dict[str, str] = {}
        # Paths of REST APIs by resource id: after a removal only values have them.
        self.paths: dict[str, str] = {}
        # What the aliases of functions say of their function, by the alias's address.
        self._aliases: dict[str, Any] = {}
        written = ((one.address, one.type, one.values) for one in configuration.resources.values())
        planned = (
            (one.address, one.type, values)
            for one in plan.changes
            if one.mode != "data" and not one.deposed
            for values in (one.after, one.before)
            if values
        )
        for address, type_, values in (*written, *planned):
            self._add(address, type_, values)

    def _add(self, address: str, type_: str, values: Mapping[str, Any]) -> None:
        if type_ == "aws_api_gateway_resource":
            self.paths |= {str(values.get("id")): clean(str(values.get("path")))} if values.get("path") else {}
        if type_ == "aws_lambda_alias":
            self._aliases.setdefault(address, values.get("function_name"))
        if type_ not in self._drawn or address.startswith("data."):
            return
        for key in IDENTITIES:
            value = values.get(key)
            if isinstance(value, str) and value and "${" not in value:
                if key != "name":
                    self._identities.setdefault(value, address)
                if key in NAMES:
                    self._names.setdefault((type_, value), address)

    def named(self, type_: str, name: Any) -> str | None:
        """The stack's resource of a type that has this name."""
        return self._names.get((type_, name)) if isinstance(name, str) else None

    def of(self, value: Any) -> list[tuple[str, str, str]]:
        """Each resource with its type and, for foreign resources, its name."""
        return list(dict.fromkeys((*self._referenced(value), *self._literal(value))))

    def _referenced(self, value: Any) -> Iterator[tuple[str, str, str]]:
        for address, _ in references(value):
            type_ = address.removeprefix("data.").partition(".")[0]
            if address.startswith("data.") and type_ in SERVICES.values():
                yield FOREIGN + address, type_, ""
            elif address in self._aliases:
                yield from self._referenced(self._aliases[address])
            else:
                yield address, type_, ""

    def _literal(self, value: Any) -> Iterator[tuple[str, str, str]]:
        for text in _texts(value):
            if text in self._identities:
                yield self._identities[text], "", ""
                continue
            if secret := SECRET.search(text):
                own = self._names.get(("aws_secretsmanager_secret", secret[1]))
                type_ = "aws_secretsmanager_secret"
                yield (own, type_, "") if own else (f"{FOREIGN}{type_}:{secret[1]}", type_, clean(secret[1]))
            for service, before, name in ARN.findall(text):
                type_ = SERVICES.get((service, before), "")
                # A name that continues with an expression is a reference; "name-*" is not a resource.
                if not type_ or not name.strip("-.") or re.search(re.escape(f":{before}{name}") + r"[$*{]", text):
                    continue
                own = self._names.get((type_, name))
                yield (own, type_, "") if own else (f"{FOREIGN}{type_}:{name}", type_, clean(name))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            if key != "depends_on":
                yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


def blocks(value: Any) -> Iterator[Mapping[str, Any]]:
    """The blocks of an argument: Terraform's JSON has an object for a single block."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, Mapping):
            yield one
