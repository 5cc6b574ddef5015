"""A plan as `terraform show -json` writes it: https://developer.hashicorp.com/terraform/internals/json-format"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sluice_cli.text import error_text

from .hidden import hide, hide_attributes, hide_secrets
from .plan_text import PlanError, parse

__all__ = ["NO_PLAN", "Plan", "PlanError", "ResourceChange", "read_plan"]

FORMAT = "1"  # the major version; Terraform adds to a format within one

# Shorter values of sensitive variables are too likely to be part of something else.
SHORTEST_SECRET = 6

# Terraform's actions, and our word for them. Both orders of a replacement have the same word.
VERBS = {
    ("no-op",): "unchanged",
    ("create",): "create",
    ("read",): "read",
    ("update",): "update",
    ("delete",): "delete",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    ("forget",): "forget",
    ("create", "forget"): "create beside",
    ("forget", "create"): "create beside",
}

ENTRY = {
    *(
        "address",
        "previous_address",
        "module_address",
        "mode",
        "type",
        "name",
        "index",
        "provider_name",
        "deposed",
        "index_unknown",
    ),
    *("change", "action_reason"),
}
CHANGE = {
    *("actions", "before", "after", "after_unknown", "before_sensitive", "after_sensitive", "replace_paths"),
    *("importing", "generated_config", "before_identity", "after_identity"),
}


@dataclass(frozen=True)
class ResourceChange:
    """What Terraform does with one resource."""

    # Deposed objects have an address of their own: `aws_x.y.deposed.8b3f0c1d`.
    address: str
    type: str
    name: str
    mode: str
    verb: str
    # Values that Terraform marks as sensitive are `Hidden`.
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    # A tree of the same structure, with `true` where a value is known only after apply.
    unknown: Any
    # Paths of the attributes that make a replacement necessary.
    replaces: tuple[tuple[str | int, ...], ...]
    previous_address: str | None
    imported: bool
    import_id: str = ""
    # A leftover of an earlier replacement with `create_before_destroy`.
    deposed: bool = False
    # Terraform's code of the reason: `replace_because_tainted`.
    reason: str = ""
    # The provider's source address: `registry.terraform.io/hashicorp/aws`.
    provider: str = ""
    # Fields of this entry that this review does not know.
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    terraform_version: str
    changes: tuple[ResourceChange, ...]
    drift: tuple[ResourceChange, ...]
    outputs: Mapping[str, Mapping[str, Any]]
    # False: a partial plan (-target, or deferred changes).
    complete: bool
    document: Mapping[str, Any]
    # Changes that Terraform defers to a later plan, each with its reason.
    deferred: tuple[tuple[str, ResourceChange], ...] = ()
    # Values in the prior state, by address: data sources have them nowhere else.
    prior: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


# For functions that need a configuration only.
NO_PLAN = Plan(terraform_version="", changes=(), drift=(), outputs={}, complete=True, document={})


def read_plan(text: str) -> Plan:
    """Read the output of `terraform show -json PLANFILE`. Raises `PlanError`."""
    document = parse(text)
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
        document = without_secrets(document)
        deferred = [
            (str(one.get("reason", "")), _change(one["resource_change"]))
            for one in document.get("deferred_changes") or []
        ]
        return Plan(
            terraform_version=str(document.get("terraform_version", "unknown")),
            changes=tuple(map(_change, document.get("resource_changes") or [])),
            drift=tuple(map(_change, document.get("resource_drift") or [])),
            outputs={name: _output(one) for name, one in (document.get("output_changes") or {}).items()},
            complete=document.get("complete", True) is True and not deferred,
            document=document,
            deferred=tuple(deferred),
            prior=_prior(document),
        )
    except KeyError as error:
        raise PlanError(f"the plan is damaged: a part of it has no {error}; make it again") from error
    except (TypeError, AttributeError, ValueError) as error:
        raise PlanError(f"the plan is damaged: {error_text(error)}; make it again") from error


def without_secrets(document: dict[str, Any]) -> dict[str, Any]:
    """The plan with the values of sensitive variables wrapped wherever resources and outputs repeat them.

    Terraform marks what it computes from such a variable. This is for what lost its mark on the way: a state that an
    earlier configuration wrote, or a provider that gives a value back in another attribute.
    """
    declared = ((document.get("configuration") or {}).get("root_module") or {}).get("variables") or {}
    given = document.get("variables") or {}
    values = [
        (given.get(name) or {}).get("value")
        for name, one in declared.items()
        if isinstance(one, dict) and one.get("sensitive")
    ]
    # The longest first: one may be a part of another.
    found = {text for value in values for text in _texts(value) if len(text) >= SHORTEST_SECRET}
    secrets = sorted(found, key=lambda text: (-len(text), text))
    if not secrets:
        return document
    # The configuration refers to the secret as a variable, whose mark it carries.
    kept = ("variables", "configuration", "format_version", "terraform_version")
    return {name: part if name in kept else hide_secrets(part, secrets) for name, part in document.items()}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


def _change(entry: dict[str, Any]) -> ResourceChange:
    change = entry["change"]
    actions = tuple(change["actions"])
    deposed = entry.get("deposed")
    marks = change.get("before_sensitive"), change.get("after_sensitive")
    importing = change.get("importing")
    return ResourceChange(
        address=f"{entry['address']}.deposed.{deposed}" if deposed else str(entry["address"]),
        type=str(entry["type"]),
        name=str(entry["name"]),
        mode=str(entry.get("mode", "managed")),
        # Unknown actions of later versions of Terraform are shown as they are.
        verb=VERBS.get(actions, "+".join(map(str, actions))),
        before=hide_attributes(_values(change.get("before")), *marks),
        after=hide_attributes(_values(change.get("after")), *marks),
        unknown=change.get("after_unknown") or {},
        replaces=tuple(tuple(path) for path in change.get("replace_paths") or []),
        previous_address=entry.get("previous_address"),
        imported=bool(importing),
        import_id=_import_id(importing),
        deposed=bool(deposed),
        reason=str(entry.get("action_reason") or ""),
        provider=str(entry.get("provider_name") or ""),
        unread=tuple(sorted({*_filled(entry)} - ENTRY) + sorted({*_filled(change)} - CHANGE)),
    )


def _import_id(importing: Any) -> str:
    if not isinstance(importing, dict):
        return ""
    identity = importing.get("identity")
    parts = [f"{key} {value}" for key, value in identity.items()] if isinstance(identity, dict) else []
    return str(importing.get("id") or ", ".join(parts))


def _values(given: Any) -> Mapping[str, Any] | None:
    if given is not None and not isinstance(given, dict):
        raise TypeError(f"a resource's values are {given!r:.40}")
    return given


def _output(change: Mapping[str, Any]) -> dict[str, Any]:
    marks = change.get("before_sensitive"), change.get("after_sensitive")
    return {**change, "before": hide(change.get("before"), *marks), "after": hide(change.get("after"), *marks)}


def _prior(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    modules = [((document.get("prior_state") or {}).get("values") or {}).get("root_module") or {}]
    while modules:
        module = modules.pop()
        for one in module.get("resources") or []:
            found[str(one["address"])] = hide_attributes(one.get("values") or {}, one.get("sensitive_values")) or {}
        modules += module.get("child_modules") or []
    return found


def _filled(document: Mapping[str, Any]) -> list[str]:
    return [key for key, value in document.items() if value not in (None, False, "", [], {})]
