"""What it means that a resource comes, goes, is replaced or is left behind."""

from collections.abc import Iterator

from sluice_cli.text import clean

from ..model import Danger, Finding
from .case import Case
from .meanings import meaning

# Whose types are classified, from whatever registry.
PROVIDER = "hashicorp/aws"
KNOWN_VERBS = ("create", "update", "delete", "replace", "forget", "read", "unchanged", "create beside")


def existence(case: Case) -> Iterator[Finding]:
    verb = case.verb
    if case.change.deposed:
        yield from _leftover(case)
    elif verb in ("delete", "replace"):
        yield from _lost(case)
    elif verb in ("forget", "create beside"):
        yield Finding(
            Danger.PROTECTION,
            f"{case.subject} is left in AWS, unmanaged",
            "Terraform forgets it: nothing watches, updates or removes it any more.",
        )
    elif verb not in KNOWN_VERBS:
        yield Finding(
            Danger.UNCLEAR, f"{case.subject}: {verb}", "Terraform plans an action that this review does not know."
        )
    created = case.rules.created.danger if case.rules else None
    if verb in ("create", "create beside") and case.rules and created and not case.change.imported:
        yield case.finding(created, f"{case.rules.noun} created")
    provider = case.change.provider
    if provider and case.type.startswith("aws_") and not provider.endswith(PROVIDER):
        yield case.finding(
            Danger.UNCLEAR,
            f"it is made by the provider {clean(provider)}",
            f"What its arguments do is known of {PROVIDER} only.",
        )
    if case.change.unread:
        yield case.finding(
            Danger.UNCLEAR,
            f"the plan says {', '.join(case.change.unread)} of it",
            "This review does not know that part of the plan's format.",
        )


def _lost(case: Case) -> Iterator[Finding]:
    how = "destroyed" if case.verb == "delete" else "destroyed and made anew, empty"
    rules = case.rules
    if rules is None or (rules.partial and not rules.holds):
        means = f"{case.type} is not a type of the module classes: whether it holds data is unknown."
        if rules is None:
            yield Finding(Danger.DATA_LOSS, f"{case.subject} is {how}", means)
    elif rules.holds:
        topics = case.subscriptions
        more = f" ({topics} in this stack, others may exist)" if topics else ""
        if case.type == "aws_sqs_queue" and case.context.is_notified(case.change):
            more = ", and what its bucket still sends to it. Send events elsewhere first; destroy it once it is empty"
        yield Finding(Danger.DATA_LOSS, f"{case.subject} is {how}", f"Lost with it: {rules.holds}{more}.")
        return
    if rules is None or (case.verb == "delete" and rules.destroyed.direction == "whole"):
        return
    rule = rules.destroyed if case.verb == "delete" else rules.replaced
    if rule.danger is Danger.DATA_LOSS or (rule.danger and rules.primary and case.gone):
        yield Finding(rule.danger, f"{case.subject} is {how}", meaning(rule.danger, case.type))
    elif rule.danger and rules.primary and case.verb == "replace":
        what = f"{case.subject} is replaced: for a moment there is none"
        yield Finding(rule.danger, what, meaning(rule.danger, case.type))
    elif rule.danger and (case.gone or case.verb == "replace"):
        yield case.finding(rule.danger, _gone_words(case, rule.danger))


def _gone_words(case: Case, danger: Danger) -> str:
    if case.verb == "replace":
        return f"{case.rules.noun if case.rules else case.type} replaced: for a moment there is none"
    special = {
        "aws_s3_bucket_versioning": "versioning turned off",
        "aws_s3_bucket_public_access_block": "public access is no longer blocked",
        "aws_s3_bucket_ownership_controls": "ACLs count again",
        "aws_s3_bucket_server_side_encryption_configuration": "encryption settings removed",
        "aws_lambda_function_event_invoke_config": "failed events are no longer kept",
        "aws_wafv2_web_acl_association": "no web ACL stands before it",
        "aws_sqs_queue_redrive_policy": "no dead-letter queue any more",
    }
    if case.type in special:
        return special[case.type]
    return (
        "an alarm is removed" if danger is Danger.ALARM else f"{case.rules.noun if case.rules else case.type} destroyed"
    )


def _leftover(case: Case) -> Iterator[Finding]:
    what = "leftover of an earlier replacement is destroyed"
    rules = case.rules
    if rules is None:
        yield case.finding(Danger.UNCLEAR, what, f"Whether a leftover {case.type} holds data is not known here.")
    elif rules.holds:
        means = f"The one in use stays. Lost with the leftover: {rules.holds}, if it still has any."
        yield case.finding(Danger.DATA_LOSS, what, means)
    elif rules.destroyed.danger is Danger.DATA_LOSS:
        yield case.finding(Danger.CALLERS, what, "The one in use stays. Callers of the leftover's address fail.")
