"""The scanned files of one stack."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

POLICY_DOCUMENT = "aws_iam_policy_document"
REFERENCE = re.compile(rf"\$\{{data\.{POLICY_DOCUMENT}\.(\w+)\.json\}}")


class NotApplied(RuntimeError):
    """The plan is not of the deployed stack: some policies are not known yet."""


@dataclass(frozen=True)
class Acceptance:
    """A check that a resource accepts, for itself and for its policy documents."""

    stack: str
    covers: frozenset[str]
    resource: str
    check: str
    reason: str


@dataclass(frozen=True)
class ScannedStack:
    """A stack's synthesized Terraform (`cdk.tf.json`), and a plan made after the apply (`terraform show -json`), in
    which policies are text.
    """

    name: str
    synthesized: Mapping[str, Any]
    plan: Mapping[str, Any]

    @property
    def policies(self) -> dict[str, str]:
        """Every rendered policy document by name. Raises `NotApplied` if one is missing."""
        resources = self.plan["prior_state"]["values"]["root_module"]["resources"]
        rendered = {one["name"]: one["values"]["json"] for one in resources if one["type"] == POLICY_DOCUMENT}
        missing = set(self.synthesized.get("data", {}).get(POLICY_DOCUMENT, {})) - set(rendered)
        if missing:
            raise NotApplied(f"{self.name}: not rendered: {', '.join(sorted(missing))}; plan it after it is applied")
        return rendered

    @cached_property
    def acceptances(self) -> list[Acceptance]:
        """See modules/accepted.py."""
        return [
            Acceptance(self.name, frozenset({name, *REFERENCE.findall(json.dumps(block))}), name, check, reason)
            for names in self.synthesized.get("resource", {}).values()
            for name, block in names.items()
            for check, reason in block.get("//", {}).get("accepted", {}).items()
        ]


def read(name: str, synthesized: str, plan: str) -> ScannedStack:
    return ScannedStack(name, json.loads(synthesized), json.loads(plan))
