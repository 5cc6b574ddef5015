"""The arguments of a change, each judged by its classification."""

from collections.abc import Callable, Iterator, Mapping

from sluice_cli.text import clean

from ..classification import EVERYWHERE, Classification, TypeRules
from ..hidden import revealed
from ..model import Danger, Finding
from ..values import Difference, same
from ..words import block_words, difference_words
from . import (
    access,
    callers,
    environment,
    events,
    exposure,
    functions,
    lifecycle,
    notification,
    observation,
    schedules,
    sources,
    storage,
)
from .case import Case, Touched
from .directions import listed, moved

# By the names that the classification gives them.
JUDGES: Mapping[str, Callable[[Touched], Iterator[Finding]]] = {
    "acl": exposure.acl,
    "addresses": exposure.addresses,
    "alarm_actions": observation.alarm_actions,
    "alarm_periods": observation.alarm_periods,
    "alarm_threshold": observation.alarm_threshold,
    "attached": access.attached,
    "billing": storage.billing,
    "cache_size": storage.cache_size,
    "capacity": storage.capacity,
    "concurrency": functions.concurrency,
    "concurrency_of_source": functions.source_concurrency,
    "cors": callers.cors,
    "dashboard": observation.dashboard,
    "default_endpoint": callers.default_endpoint,
    "endpoint": callers.endpoint,
    "environment": environment.environment,
    "event_permission": exposure.event_permission,
    "failure_destination": events.failure_destination,
    "filter": events.event_filter,
    "layer_permission": exposure.layer_permission,
    "layers": functions.layers,
    "lifecycle": lifecycle.lifecycle,
    "limit": callers.limit,
    "limit_gone": callers.limit_gone,
    "lock": storage.object_lock,
    "memory": functions.memory,
    "method": callers.method,
    "mutual_tls": callers.mutual_tls,
    "notification": notification.notification,
    "on_demand": storage.table_throughput,
    "openapi": callers.openapi,
    "password_age": exposure.password_age,
    "permission": exposure.permission,
    "provisioned": functions.provisioned_concurrency,
    "public_access_block": exposure.public_access_block,
    "queue_encryption": storage.queue_encryption,
    "redrive": events.redrive,
    "redrive_allow": events.redrive_allow,
    "rollout": functions.rollout,
    "runtime": functions.runtime,
    "schedule": schedules.schedule,
    "sse": storage.bucket_encryption,
    "starting_position": sources.starting_position,
    "subscription": events.subscription,
    "timeout": functions.timeout,
    "tls": callers.tls,
    "ttl": storage.items_expire,
    "url": callers.url,
    "validated_models": callers.validated_models,
    "validated_parameters": callers.validated_parameters,
    "visibility": events.visibility,
}
# A switch with such a danger is dangerous in a new resource, too.
IN_NEW_RESOURCES = (Danger.PUBLIC, Danger.AUTHORIZATION)


def arguments(case: Case) -> Iterator[Finding]:
    """What the arguments that differ mean; of a new resource, what opens it or costs."""
    if case.verb in ("unchanged", "read", "forget") or case.change.deposed:
        return
    if case.verb == "delete":
        rule = case.rules.destroyed if case.rules else None
        if rule and rule.direction == "whole" and case.gone:
            yield from JUDGES[rule.operand](Touched(case, rule, ()))
        return
    yield from _unclassified(case)
    if case.rules is None:
        return
    together: dict[Classification, list[Difference]] = {}
    blocks_gone: set[tuple[str, str]] = set()
    for one in case.differences:
        argument, rule = case.rules.rule(one.name)
        block = case.rules.arguments.get(one.block.name) if one.block and one.block.removed else None
        if one.block and block and block.direction == "block":
            if (one.block.name, one.block.label) not in blocks_gone:
                blocks_gone.add((one.block.name, one.block.label))
                what = f"{block_words(one.block.name)} {one.block.label}".strip()
                yield case.finding(block.danger, f"{what} removed", argument=one.block.name)
        elif rule is None and (one.sensitive or one.unknown):
            for inner in _inside(case.rules, one):
                if inner.direction == "whole":
                    together.setdefault(inner, []).append(one)
        elif rule is None or rule.kind == "harmless" or rule.direction == "policy":
            continue
        elif rule.direction == "whole":
            together.setdefault(rule, []).append(one)
        else:
            yield from _argument(case, rule, argument, one)
    if case.is_new or case.verb == "replace":
        for rule in dict.fromkeys(case.rules.arguments.values()):
            if rule.direction == "whole":
                together.setdefault(rule, [])
    for rule, touched in together.items():
        yield from JUDGES[rule.operand](Touched(case, rule, touched))


def _inside(rules: TypeRules, one: Difference) -> list[Classification]:
    """The rules of what is in a block that is hidden, or known only after apply, as a whole."""
    inside = (rule for name, rule in rules.arguments.items() if name.startswith(f"{one.name}."))
    return list(dict.fromkeys(rule for rule in inside if rule.kind != "harmless"))


def _is_set_anew(case: Case, rule: Classification) -> bool:
    """Whether it takes the place of AWS's own value, in something that is there already: a function's retries."""
    of_another = bool(case.rules and case.rules.feature and not case.new_owner)
    own_value = rule.direction in ("rank", "on") or (rule.direction in ("less", "more") and bool(rule.operand))
    return of_another and own_value


def _is_empty_block(one: Difference) -> bool:
    return "{}" in (one.shown_before, one.shown_after) and "none" in (one.shown_before, one.shown_after)


def _is_block(rules: TypeRules, name: str) -> bool:
    return any(known.startswith(f"{name}.") for known in (*rules.arguments, *rules.computed))


def _argument(case: Case, rule: Classification, argument: str, one: Difference) -> Iterator[Finding]:
    if case.is_new and not (rule.direction == "over" or rule.danger in IN_NEW_RESOURCES or _is_set_anew(case, rule)):
        return
    if one.unknown:
        yield from _unknown(case, rule, argument, one)
    elif rule.direction == "key":
        yield from _key(case, one)
    else:
        what = moved(rule, one, case.type)
        if what:
            yield case.finding(rule.danger, what, argument=argument)


def _unknown(case: Case, rule: Classification, argument: str, one: Difference) -> Iterator[Finding]:
    """A value that is known only after apply: harmless if it names what it names now, or if nobody sets it."""
    before = revealed(one.before)
    if case.is_new or not case.context.is_written(case.change, one.name):
        return
    if case.context.refers_to_the_same(case.change, one.name, before):
        return
    if rule.direction in ("changed", "removed", "key", "fewer") and same(before, None):
        return
    if rule.direction == "key":
        yield case.finding(Danger.KEY, "another encryption key, known after apply", argument=argument)
    else:
        what = f"{difference_words(one)} is known only after apply"
        yield case.finding(Danger.UNCLEAR, what, "Whether the change is dangerous is unknown.")


def _key(case: Case, one: Difference) -> Iterator[Finding]:
    if case.is_new or same(one.before, None):
        return
    if same(one.after, None):
        yield case.finding(
            Danger.ENCRYPTION,
            "no longer encrypted with its own key",
            "What is written from now on is not under that key's policy.",
        )
    else:
        yield case.finding(Danger.KEY, "another encryption key")


# Terraform's own type, which keeps a value in the state and nothing else. Its provisioners are judged by themselves.
# https://developer.hashicorp.com/terraform/language/resources/terraform-data
VALUES_OF_TERRAFORM = ("terraform_data",)


def _unclassified(case: Case) -> Iterator[Finding]:
    """What nobody has classified counts as dangerous: a type, or arguments of a type."""
    if case.type in VALUES_OF_TERRAFORM:
        return
    if case.rules is None or (case.rules.partial and case.is_new):
        names = {one.name.partition(".")[0] for one in case.differences} - EVERYWHERE
        if case.is_new or names:
            yield case.finding(
                Danger.UNCLEAR,
                f"{case.type} is a type that nobody has classified",
                "What it does to data, access and events is not known here: read the provider's documentation.",
            )
        return
    for one in case.differences:
        if case.rules.rule(one.name)[1] is None and (one.sensitive or one.unknown) and case.stays:
            written = one.sensitive or case.context.is_written(case.change, one.name)
            judged = ("whole", "policy")
            if written and any(rule.direction not in judged for rule in _inside(case.rules, one)):
                why = "Terraform hides it" if one.sensitive else "it is known only after apply"
                yield case.finding(
                    Danger.UNCLEAR,
                    f"{clean(one.name)}: {why}",
                    "Whether the change is dangerous is unknown.",
                )
    unknown = sorted(
        {
            one.name
            for one in case.differences
            if case.rules.rule(one.name)[1] is None
            and not ((one.sensitive or one.unknown or _is_empty_block(one)) and _is_block(case.rules, one.name))
            and not (one.unknown and not case.context.is_written(case.change, one.name))
            and not (case.is_new and (same(one.after, None) or one.after is False) and not one.unknown)
        }
    )
    if unknown:
        s = "s" * (len(unknown) != 1)
        yield case.finding(
            Danger.UNCLEAR,
            f"argument{s} {clean(listed(unknown))} of {case.type}: nobody has classified {'them' if s else 'it'}",
            "What this change does is not known here: read the provider's documentation.",
        )
