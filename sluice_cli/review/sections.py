"""Parts of a plan other than changes of resources: actions, checks, deferred changes, and unknown parts."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sluice_cli.text import clean

from .commands import commands
from .model import Change, Danger, Finding
from .plan import Plan
from .reasons import deferred_words

# https://developer.hashicorp.com/terraform/internals/json-format#plan-representation
KNOWN = {
    *("format_version", "terraform_version", "variables", "planned_values", "proposed_unknown", "resource_drift"),
    *("resource_changes", "deferred_changes", "deferred_action_invocations", "action_invocations", "output_changes"),
    *("prior_state", "configuration", "relevant_attributes", "checks", "timestamp", "applyable", "complete", "errored"),
}
# Parts that belong to the plan, not to a construct.
GROUP = "Plan"
TRIGGERS = {
    "BeforeCreate": "before it is created",
    "AfterCreate": "after it is created",
    "BeforeUpdate": "before it is changed",
    "AfterUpdate": "after it is changed",
    "BeforeDestroy": "before it is destroyed",
    "AfterDestroy": "after it is destroyed",
}


def sections(plan: Plan) -> Iterator[Change]:
    document = plan.document
    for one in _rows(document.get("action_invocations")):
        yield _action(one, "runs", "")
    for one in _rows(document.get("deferred_action_invocations")):
        inner = one.get("action_invocation")
        action = inner if isinstance(inner, Mapping) else one
        yield _action(action, "is deferred", f" Deferred: {deferred_words(str(one.get('reason', '')))}.")
    yield from _commands(plan)
    yield from _checks(document.get("checks"))
    for reason, change in plan.deferred:
        yield _of_plan(
            clean(change.address),
            "deferred",
            f"{clean(change.type)}: {clean(change.verb)}, deferred to a later plan",
            Finding(
                Danger.UNCLEAR,
                f"{clean(change.address)} is decided in a later plan",
                f"Terraform deferred it: {deferred_words(reason)}.",
            ),
        )
    for name in sorted(set(document) - KNOWN):
        if document[name] not in (None, False, "", [], {}):
            yield _of_plan(
                f"plan.{clean(name)}",
                "unknown",
                f"{clean(name)}: a part of the plan that this review does not know",
                Finding(
                    Danger.UNCLEAR,
                    f"the plan has a part {clean(name)}",
                    "A later Terraform wrote it: what it means is not known here.",
                ),
            )


def _action(action: Mapping[str, Any], what: str, more: str) -> Change:
    address = clean(str(action.get("address") or f"action.{action.get('type')}.{action.get('name')}"))
    trigger = action.get("lifecycle_action_trigger")
    when = ""
    if isinstance(trigger, Mapping):
        event = str(trigger.get("action_trigger_event") or "")
        resource = clean(str(trigger.get("triggering_resource_address") or "a resource"))
        when = f" for {resource}, {TRIGGERS.get(event, clean(event) or 'at an unknown time')}"
    kind = clean(str(action.get("type") or "of an unknown kind"))
    text = f"{kind} {what}{when}"
    means = f"It acts on AWS without changing a resource, and cannot be judged from the plan.{more}"
    return _of_plan(address, "action", text, Finding(Danger.ACTION, f"action {address}: {text}", means))


def _commands(plan: Plan) -> Iterator[Change]:
    for change, text in commands(plan):
        address = clean(change.address)
        means = (
            "It runs on the machine that applies the plan, with its credentials, and cannot be judged from the plan."
        )
        finding = Finding(Danger.ACTION, f"{address} {clean(text)}", means)
        yield _of_plan(f"{address}.command", "command", f"{address} {clean(text)}", finding)


def _checks(checks: Any) -> Iterator[Change]:
    for check in _rows(checks):
        instances = [one for one in _rows(check.get("instances")) if one.get("status") not in ("pass", "unknown", None)]
        status = check.get("status")
        if not instances and status in ("pass", "unknown", None):
            continue
        address = _display(check)
        for one in instances or [check]:
            problems = [clean(str(problem.get("message", "")))[:400] for problem in _rows(one.get("problems"))]
            shown = _display(one) or address
            state = "cannot be evaluated" if one.get("status") == "error" else "does not hold"
            if one.get("status") not in ("fail", "error"):
                state = f"has the status {clean(str(one.get('status')))}"
            finding = Finding(
                Danger.CHECK, f"{shown} {state}", " ".join(filter(None, problems)) or "Terraform gives no message."
            )
            yield _of_plan(
                f"check:{shown}" if not shown.startswith("check.") else shown, "check", f"{shown} {state}", finding
            )


def _display(check: Mapping[str, Any]) -> str:
    address = check.get("address")
    return clean(str(address.get("to_display") or address.get("name") or "")) if isinstance(address, Mapping) else ""


def _of_plan(address: str, verb: str, headline: str, *findings: Finding) -> Change:
    return Change(
        address=address,
        type=verb,
        verb=verb,
        subject=GROUP,
        headline=headline,
        construct=GROUP,
        findings=findings,
    )


def _rows(value: Any) -> Iterable[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
