"""Minimal plans in the format of `terraform show -json`."""

import json
from typing import Any

from sluice_cli.review.configuration import Configuration
from sluice_cli.review.model import StackReview
from sluice_cli.review.plan import read_plan
from sluice_cli.review.reviewing import review_stack

Values = dict[str, Any]

ACCOUNT = "123456789012"


def change(
    address: str,
    before: Values | None,
    after: Values | None,
    *,
    actions: list[str] | None = None,
    unknown: Values | None = None,
    **more: Any,
) -> Values:
    """One entry of `resource_changes`; the action follows from before and after."""
    type_, _, name = address.removeprefix("data.").partition(".")
    same = ["no-op"] if before == after and not unknown else ["update"]
    found = ["create"] if before is None else ["delete"] if after is None else same
    return {
        "address": address,
        "mode": "data" if address.startswith("data.") else "managed",
        "type": type_,
        "name": name,
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "change": {
            "actions": actions or found,
            "before": before,
            "after": after,
            "after_unknown": unknown or {},
            "before_sensitive": more.pop("before_sensitive", {}),
            "after_sensitive": more.pop("after_sensitive", {}),
            **({"replace_paths": more.pop("replace_paths")} if "replace_paths" in more else {}),
        },
        **more,
    }


def document(*changes: Values, **more: Any) -> Values:
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {}},
        "resource_changes": list(changes),
        "configuration": {},
        "complete": True,
        "errored": False,
        **more,
    }


def review(*changes: Values, configuration: Values | None = None, **more: Any) -> StackReview:
    """The review of a plan with these changes, made from a synthesized configuration if one is given."""
    if "configuration_of_plan" in more:  # what the plan repeats of its configuration
        more["configuration"] = more.pop("configuration_of_plan")
    plan = read_plan(json.dumps(document(*changes, **more)))
    written = Configuration.synthesized(configuration) if configuration else Configuration.planned(plan.document)
    return review_stack("shop", plan, written)


def findings(*changes: Values, **more: Any) -> list[str]:
    """Every danger as "kind: what happens"."""
    return [
        f"{finding.danger.value}: {finding.what}"
        for one in review(*changes, **more).dangers
        for finding in one.findings
    ]


def headlines(*changes: Values, **more: Any) -> list[str]:
    return [f"{one.subject}: {one.headline}" for one in review(*changes, **more).changes]


def policy(*statements: Values) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions: Any, resources: Any, **more: Any) -> Values:
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def deny(actions: Any, resources: Any, **more: Any) -> Values:
    return {"Effect": "Deny", "Action": actions, "Resource": resources, **more}


TLS_ONLY = deny("s3:*", "*", Sid="Tls", Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}})
