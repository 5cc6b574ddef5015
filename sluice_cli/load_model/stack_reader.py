"""The values of a stack's synthesized Terraform, with defaults for what only Terraform knows."""

import math
from collections.abc import Mapping
from typing import Any

from sluice_cli.review.configuration import Configuration
from sluice_cli.review.cost.prices import Untold
from sluice_cli.review.cost.sides import Side, blocks
from sluice_cli.review.plan import NO_PLAN
from sluice_cli.review.words import ConstructNames, words_of
from sluice_cli.text import clean

from .quotas import DEFAULT_REGION

SCHEDULE = "aws_scheduler_schedule"


class StackReader:
    """Reads the settings of one stack; a value known only to Terraform has its default, and a remark says so."""

    def __init__(self, document: Mapping[str, Any], stack: str) -> None:
        configuration = Configuration.synthesized(document)
        managed = {key: one for key, one in configuration.resources.items() if not key.startswith("data.")}
        self.stack = stack
        self.region = _region(document)
        self.side = Side(
            {key: one.values for key, one in managed.items()},
            {key: one.type for key, one in managed.items()},
            {},
            configuration,
            configured=True,
        )
        self.names = ConstructNames(NO_PLAN, configuration)
        self.remarks: list[str] = []

    def label(self, address: str) -> str:
        if self.side.types[address] == SCHEDULE:
            # Its construct is named after the role that it has.
            return clean(f"{words_of(self.names.construct(address)[-1])} schedule")
        return clean(self.names.label(self.names.owner(address)))

    def path(self, address: str) -> str:
        """The construct path, which names a part in review_load.toml and in `--entry`."""
        return "/".join(self.names.construct(address))

    def number(self, values: Mapping[str, Any], name: str, default: float, least: float = 0) -> float:
        """A number, at least `least`; the default where it is not set, known only to Terraform, or impossible."""
        value = values.get(name)
        if value is None:
            return default
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if math.isfinite(number) and number >= least:
            return number
        self.remarks.append(clean(f"{name} is {str(value)[:60]}, which is no number here; {default:g} is assumed"))
        return default

    def whole(self, values: Mapping[str, Any], name: str) -> int | None:
        """A whole number, or None where it is not set."""
        found = self.number(values, name, math.inf)
        return None if math.isinf(found) else int(found)

    def first_block(self, value: Any) -> Mapping[str, Any]:
        try:
            return next(iter(blocks(value)), {})
        except Untold:
            return {}


def _region(document: Mapping[str, Any]) -> str:
    for provider in document.get("provider", {}).get("aws", []) if isinstance(document.get("provider"), dict) else []:
        if isinstance(provider, dict) and isinstance(provider.get("region"), str) and "${" not in provider["region"]:
            return str(provider["region"])
    return DEFAULT_REGION
