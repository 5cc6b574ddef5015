"""Lints policies in the scanners' environment. Input: [[stack, name, policy], ...]; output: [[[check, text], ...],
...].
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from cloudsplaining.scan.policy_document import PolicyDocument
from parliament import analyze_policy_string, enhance_finding

# cloudsplaining's findings on a policy as a whole, with their meanings.
# https://cloudsplaining.readthedocs.io/en/latest/glossary/glossary/
JUDGEMENTS = {
    "allows_privilege_escalation": "lets its holder get more rights",
    "allows_data_exfiltration_actions": "reads data anywhere",
    "credentials_exposure": "gives out credentials",
    "permissions_management_without_constraints": "changes permissions anywhere",
    "infrastructure_modification": "changes infrastructure anywhere",
    "service_wildcard": "allows all of a service",
}


def complaints(policy: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for finding in analyze_policy_string(json.dumps(_with_resources(policy))).findings:
        named = enhance_finding(finding)
        yield named.issue, f"{named.title}: {named.detail}" if named.detail else str(named.title)
    # Identity policies only: in a resource policy, `*` is that resource.
    if any("Principal" in one or one["Effect"] != "Allow" for one in _statements(policy)):
        return
    document = PolicyDocument(policy)
    for judgement, says in JUDGEMENTS.items():
        found = getattr(document, judgement)
        if found:
            yield judgement, f"{says}: {found}"


def _statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    statements = policy["Statement"]
    return statements if isinstance(statements, list) else [statements]


def _with_resources(policy: dict[str, Any]) -> dict[str, Any]:
    """parliament does not know trust policies, which have no resource: it gets a role as the resource."""
    role = {"Resource": "arn:aws:iam::123456789012:role/itself"}
    return {
        **policy,
        "Statement": [
            one if "Resource" in one or "NotResource" in one else {**one, **role} for one in _statements(policy)
        ],
    }


if __name__ == "__main__":
    print(json.dumps([list(complaints(json.loads(text))) for _, _, text in json.load(sys.stdin)]))
