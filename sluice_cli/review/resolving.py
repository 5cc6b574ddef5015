"""Resolves references in the configuration to values, as far as the plan knows them."""

import re
from collections.abc import Mapping
from typing import Any

from .configuration import REFERENCE, TEMPLATE, Configuration, references, without_index
from .plan import Plan
from .policy import ParsedStatement, PolicyError, from_blocks
from .words import ConstructNames

ARN = re.compile(r"arn:aws[\w-]*:[^\s,\"]*[^\s,\".]")


class Resolver:
    """Known values of a plan by address, and readable names for ARNs."""

    def __init__(self, plan: Plan, configuration: Configuration, names: ConstructNames) -> None:
        self._configuration = configuration
        self._names = names
        self._values: dict[str, list[Mapping[str, Any]]] = {}
        self._arns: dict[str, str] = {}
        for one in plan.changes:
            # For replacements the value after comes first, the value before second.
            self._values[one.address] = [values for values in (one.after, one.before) if values]
            for values in self._values[one.address]:
                arn = values.get("arn")
                if isinstance(arn, str) and one.mode == "managed":
                    self._arns[arn] = self._name_of(one.address)
        for address, values in plan.prior.items():
            self._values.setdefault(address, []).append(values)

    def policy(self, address: str, attribute: str) -> tuple[ParsedStatement, ...] | None:
        """The future statements of a resource's policy that the plan knows only after apply."""
        resource = self._configuration.resources.get(without_index(address))
        if resource is None:
            return None
        found: list[ParsedStatement] = []
        for document, _ in references(resource.values.get(attribute)):
            source = self._configuration.resources.get(document)
            if source is None or source.type != "aws_iam_policy_document" or set(source.values) - {"statement"}:
                return None
            blocks = source.values.get("statement") or []
            try:
                found += from_blocks(self.resolve([blocks] if isinstance(blocks, dict) else blocks))
            except PolicyError:
                return None
        return tuple(found) or None

    def writes(self, address: str, attribute: str) -> bool:
        """Whether the configuration sets an attribute; true if the resource is unknown."""
        resource = self._configuration.resources.get(without_index(address))
        return resource is None or attribute in resource.values

    def resolve(self, value: Any) -> Any:
        if isinstance(value, str):
            return TEMPLATE.sub(self._resolved, value)
        if isinstance(value, Mapping):
            return {key: self.resolve(one) for key, one in value.items()}
        return [self.resolve(one) for one in value] if isinstance(value, list) else value

    def named(self, text: str) -> str:
        """The text with ARNs of the stack's resources replaced by readable names."""
        return ARN.sub(lambda found: self._named(found.group()), text) if "arn:" in text else text

    def _resolved(self, template: re.Match[str]) -> str:
        written = template.group(1)
        found = REFERENCE.fullmatch(written.strip())
        if not found:
            return template.group()
        address, attribute = found.groups()
        for values in self._values.get(address, []):
            known = values.get(attribute)
            if isinstance(known, str | int) and not isinstance(known, bool):
                return str(known)
        called = self._name_of(address)
        return f"[{called}]" if attribute == "arn" else f"[{called}: {attribute}]"

    def _named(self, arn: str) -> str:
        end = len(arn)
        while end > 0:
            if arn[:end] in self._arns:
                return f"[{self._arns[arn[:end]]}]{arn[end:]}"
            end = max(arn.rfind("/", 0, end), arn.rfind(":", 0, end))
        return arn

    def _name_of(self, address: str) -> str:
        # By the construct of the address itself, so that both sides of a comparison have the same name.
        return self._names.label(self._names.construct(address))
