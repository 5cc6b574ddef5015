"""A plan as `terraform show -json` writes it: https://developer.hashicorp.com/terraform/internals/json-format"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FORMAT = "1"  # the major version; Terraform adds to a format within one

# What Terraform says it does, and the word for it here. Both orders of a replacement are one to a reader.
VERBS = {
    ("no-op",): "unchanged",
    ("create",): "create",
    ("read",): "read",
    ("update",): "update",
    ("delete",): "delete",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    ("forget",): "forget",
}


class PlanError(ValueError):
    """What was given is no plan that can be reviewed; the message says why."""


@dataclass(frozen=True)
class ResourceChange:
    """What Terraform does with one resource."""

    address: str
    type: str
    name: str
    mode: str
    verb: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    # Trees of the same form, `true` where a value is known only after apply, or is sensitive.
    unknown: Any
    sensitive_before: Any
    sensitive_after: Any
    # Paths of the attributes that make a replacement necessary.
    replaces: tuple[tuple[str | int, ...], ...]
    previous_address: str | None
    imported: bool


@dataclass(frozen=True)
class Plan:
    terraform_version: str
    changes: tuple[ResourceChange, ...]
    drift: tuple[ResourceChange, ...]
    outputs: Mapping[str, Mapping[str, Any]]
    # False: Terraform planned a part only (-target, or it deferred something).
    complete: bool
    document: Mapping[str, Any]


# For what needs a configuration only.
NO_PLAN = Plan(terraform_version="", changes=(), drift=(), outputs={}, complete=True, document={})


def read_plan(text: str) -> Plan:
    """Read the output of `terraform show -json PLANFILE`. Raises `PlanError`."""
    document = _document(text)
    version = document.get("format_version")
    if not isinstance(version, str):
        raise PlanError("this is JSON but no Terraform plan: it has no format_version")
    if version.partition(".")[0] != FORMAT:
        raise PlanError(f"the plan has format version {version!r}; this review reads version {FORMAT}.x only")
    if document.get("errored"):
        raise PlanError(
            "Terraform could not finish this plan: it ended with errors, so what it would do is not known; "
            "run `terraform plan` again and resolve what it reports"
        )
    if not isinstance(document.get("planned_values"), dict):
        raise PlanError("this is Terraform's JSON but no plan: was it made from a state instead of a plan file?")
    try:
        return Plan(
            terraform_version=str(document.get("terraform_version", "unknown")),
            changes=tuple(map(_change, document.get("resource_changes") or [])),
            drift=tuple(map(_change, document.get("resource_drift") or [])),
            outputs=dict(document.get("output_changes") or {}),
            complete=document.get("complete", True) is True and not document.get("deferred_changes"),
            document=document,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise PlanError(f"the plan is damaged: {type(error).__name__}: {error}") from error


def _document(text: str) -> dict[str, Any]:
    if text.startswith("PK"):
        raise PlanError("this is the binary plan file; give the output of `terraform show -json PLANFILE`")
    if not text.strip():
        raise PlanError("the plan is empty")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PlanError(f"this is no plan, or a part of one: not complete JSON ({error})") from error
    if not isinstance(document, dict):
        raise PlanError("this is JSON but no Terraform plan")
    return document


def _change(entry: dict[str, Any]) -> ResourceChange:
    change = entry["change"]
    actions = tuple(change["actions"])
    return ResourceChange(
        address=str(entry["address"]),
        type=str(entry["type"]),
        name=str(entry["name"]),
        mode=str(entry.get("mode", "managed")),
        # Actions of a later Terraform are shown as they are, never taken for one of these.
        verb=VERBS.get(actions, "+".join(map(str, actions))),
        before=_values(change.get("before")),
        after=_values(change.get("after")),
        unknown=change.get("after_unknown") or {},
        sensitive_before=change.get("before_sensitive") or {},
        sensitive_after=change.get("after_sensitive") or {},
        replaces=tuple(tuple(path) for path in change.get("replace_paths") or []),
        previous_address=entry.get("previous_address"),
        imported=bool(change.get("importing")),
    )


def _values(given: Any) -> Mapping[str, Any] | None:
    if given is not None and not isinstance(given, dict):
        raise TypeError(f"a resource's values are {type(given).__name__}")
    return given
