"""The resources of a stack before and after a change: their values, and what each refers to."""

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..configuration import Configuration, references, without_index
from ..hidden import Hidden
from ..plan import Plan
from .prices import Untold

# By which attributes others name a resource. Names alone are told apart by type, where they are asked for.
IDENTIFIERS = ("arn", "invoke_arn", "qualified_arn", "id", "bucket", "name", "function_name")


class Side:
    """All managed resources on one side of a plan."""

    def __init__(
        self,
        values: Mapping[str, Mapping[str, Any]],
        types: Mapping[str, str],
        unknown: Mapping[str, Any],
        configuration: Configuration,
        *,
        configured: bool,
    ) -> None:
        self.values = values
        self.types = types
        self._unknown = unknown
        self._configuration = configuration
        self._configured = configured
        self._named: dict[str, set[str]] = defaultdict(set)
        self._instances: dict[str, list[str]] = defaultdict(list)
        for address, one in values.items():
            self._instances[without_index(address)].append(address)
            for name in IDENTIFIERS:
                if isinstance(one.get(name), str):
                    self._named[one[name]].add(address)

    def of(self, *types: str) -> Iterator[str]:
        return (address for address in self.values if self.types[address] in types)

    def linked(self, address: str, *attributes: str, types: Sequence[str]) -> set[str]:
        """The resources of these types that the attributes of one refer to."""
        values = self.values[address]
        found = {one for name in attributes for one in self._called(values.get(name))}
        written = self._configuration.resources.get(without_index(address)) if self._configured else None
        if written:
            found |= {one for name in attributes for one in self._referred(written.values.get(name))}
        return {one for one in found if self.types[one] in types}

    def named_in(self, value: Any, *types: str) -> set[str]:
        """The resources of these types that a value names, such as a block of one."""
        return {one for one in self._called(value) | self._referred(value) if self.types[one] in types}

    def statements(self, address: str) -> Iterator[tuple[list[str], set[str]]]:
        """What a role's inline policy allows: actions, and the resources they are allowed on. Raises `Untold`."""
        policy = self.values[address].get("policy")
        if isinstance(policy, Hidden):
            raise Untold("its policy is sensitive")
        if isinstance(policy, str) and not policy.startswith("${"):
            try:
                found = json.loads(policy).get("Statement", [])
            except (ValueError, AttributeError, RecursionError) as error:
                raise Untold("its policy cannot be read") from error
            for one in _dicts(found):
                if one.get("Effect") == "Allow":
                    yield _texts(one.get("Action")), self._called(one.get("Resource"))
            return
        written = self._configuration.resources.get(without_index(address)) if self._configured else None
        for document, _ in references(written.values.get("policy")) if written else ():
            source = self._configuration.resources.get(document)
            for one in _dicts(source.values.get("statement") if source else None):
                if one.get("effect", "Allow") == "Allow":
                    yield _texts(one.get("actions")), self._referred(one.get("resources"))

    def number(self, address: str, name: str, default: float | None = None) -> float:
        """A number of 0 or more. Raises `Untold`."""
        return read_number(self.values[address], name, default, unknown=self.unknown(address, name))

    def text(self, address: str, name: str, default: str = "") -> str:
        """A text. Raises `Untold` where it is not known yet, or sensitive."""
        value = self.values[address].get(name)
        if value is None and self.unknown(address, name):
            raise Untold(f"{name} is known only after apply")
        if isinstance(value, Hidden):
            raise Untold(f"{name} is sensitive")
        return value if isinstance(value, str) and value else default

    def unknown(self, address: str, name: str) -> bool:
        marks = self._unknown.get(address)
        return isinstance(marks, Mapping) and marks.get(name) is True

    def _called(self, value: Any) -> set[str]:
        found: set[str] = set()
        for text in _texts(value):
            plain = text.partition("/*")[0].partition("/index/")[0].removesuffix(":*")
            found |= self._named.get(text, set()) | self._named.get(plain, set())
            # A role by its ARN, a function by its version's.
            if text.startswith("arn:"):
                found |= self._named.get(text.rpartition("/")[2], set()) if ":role/" in text else set()
                found |= self._named.get(text.rpartition(":")[0], set())
        return found

    def _referred(self, value: Any) -> set[str]:
        return {one for base, _ in references(value) for one in self._instances.get(base, ())}


def sides(plan: Plan, configuration: Configuration) -> tuple[Side, Side]:
    """A stack before and after. What Terraform only forgets stays in AWS, and goes on costing."""
    managed = [one for one in plan.changes if one.mode != "data"]
    types = {one.address: one.type for one in managed}
    before = {one.address: one.before for one in managed if one.before is not None}
    after = {
        one.address: values
        for one in managed
        if (values := one.before if one.verb == "forget" else one.after) is not None
    }
    unknown = {one.address: one.unknown for one in managed}
    return (
        Side(before, types, {}, configuration, configured=False),
        Side(after, types, unknown, configuration, configured=True),
    )


def read_number(values: Mapping[str, Any], name: str, default: float | None = None, *, unknown: bool = False) -> float:
    """A number of 0 or more among a resource's or a block's values. Raises `Untold`."""
    value = values.get(name)
    if isinstance(value, Hidden):
        raise Untold(f"{name} is sensitive")
    if value is None and unknown:
        raise Untold(f"{name} is known only after apply")
    if value is None:
        if default is None:
            raise Untold(f"{name} is not set")
        return default
    try:
        number = float(value) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not (math.isfinite(number) and number >= 0):
        raise Untold(f"{name} is not a number of 0 or more")
    return number


def blocks(value: Any) -> list[Mapping[str, Any]]:
    """Nested blocks. Raises `Untold` where they are sensitive."""
    if isinstance(value, Hidden):
        raise Untold("a block of it is sensitive")
    return list(_dicts(value))


def _dicts(value: Any) -> Iterator[Mapping[str, Any]]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, Mapping):
            yield one


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for one in value.values() for text in _texts(one)]
    return [text for one in value for text in _texts(one)] if isinstance(value, list) else []
