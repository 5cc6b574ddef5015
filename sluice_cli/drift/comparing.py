"""From a plan, for which Terraform refreshes all resources, to the differences between state and reality."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sluice_cli.drift.model import Drift, StackDrift
from sluice_cli.review.classification import classified
from sluice_cli.review.configuration import Configuration
from sluice_cli.review.hidden import SENSITIVE, Hidden
from sluice_cli.review.model import Change, StackReview
from sluice_cli.review.plan import Plan, ResourceChange
from sluice_cli.review.reviewing import review_stack
from sluice_cli.review.ruleset import NO_RULES, Ruleset
from sluice_cli.review.values import same
from sluice_cli.text import clean

# Policies of a role, and the resource types that manage them. The provider also shows them as attributes of the role.
INLINE, ATTACHED = "inline_policy", "managed_policy_arns"
OF_ROLES = {INLINE: "aws_iam_role_policy", ATTACHED: "aws_iam_role_policy_attachment"}

# Attributes that the provider reads although resources of other types manage them. If the stack has such a resource,
# that resource reports the drift.
MANAGED_BESIDE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "aws_api_gateway_rest_api": {"policy": ("aws_api_gateway_rest_api_policy",)},
    "aws_api_gateway_stage": {"web_acl_arn": ("aws_wafv2_web_acl_association",)},
    "aws_iam_role": {name: (type_,) for name, type_ in OF_ROLES.items()},
    "aws_kms_key": {"policy": ("aws_kms_key_policy",)},
    "aws_s3_bucket": {
        "acceleration_status": ("aws_s3_bucket_accelerate_configuration",),
        "acl": ("aws_s3_bucket_acl",),
        "cors_rule": ("aws_s3_bucket_cors_configuration",),
        "grant": ("aws_s3_bucket_acl",),
        "lifecycle_rule": ("aws_s3_bucket_lifecycle_configuration",),
        "logging": ("aws_s3_bucket_logging",),
        "object_lock_configuration": ("aws_s3_bucket_object_lock_configuration",),
        "policy": ("aws_s3_bucket_policy",),
        "replication_configuration": ("aws_s3_bucket_replication_configuration",),
        "request_payer": ("aws_s3_bucket_request_payment_configuration",),
        "server_side_encryption_configuration": ("aws_s3_bucket_server_side_encryption_configuration",),
        "versioning": ("aws_s3_bucket_versioning",),
        "website": ("aws_s3_bucket_website_configuration",),
        "website_domain": ("aws_s3_bucket_website_configuration",),
        "website_endpoint": ("aws_s3_bucket_website_configuration",),
    },
    "aws_secretsmanager_secret": {"policy": ("aws_secretsmanager_secret_policy",)},
    "aws_sns_topic": {"policy": ("aws_sns_topic_policy",)},
    "aws_sqs_queue": {
        "policy": ("aws_sqs_queue_policy",),
        "redrive_allow_policy": ("aws_sqs_queue_redrive_allow_policy",),
        "redrive_policy": ("aws_sqs_queue_redrive_policy",),
    },
}


def compare(name: str, plan: Plan, configuration: Configuration, deploy: str, rules: Ruleset = NO_RULES) -> StackDrift:
    """The drift in a plan. `deploy` is the command that deploys the stack; `rules` are the project's own."""
    moved = [*_moved(plan), *_policies_by_hand(plan)]
    review = _judged(name, plan, configuration, moved, rules)
    planned = {one.address: one for one in plan.changes if one.mode == "managed" and not one.deposed}
    by_address = {clean(one.address): one for one in moved}
    drifts = [
        _with_ways_out(change, by_address[change.address], planned.get(by_address[change.address].address), deploy)
        for change in review.changes
        if change.address in by_address
    ]
    return StackDrift(name, tuple(sorted(drifts, key=lambda one: one.change.rank)))


def _moved(plan: Plan) -> Iterator[ResourceChange]:
    types = {address.split(".")[-2] for address in plan.prior if "." in address} - {"data"}
    for one in plan.drift:
        if one.mode != "managed" or one.verb not in ("update", "delete"):
            continue
        made = one if one.verb == "delete" else _without_sameness(one, types)
        if made is not None:
            yield made


def _without_sameness(one: ResourceChange, types: Collection[str]) -> ResourceChange | None:
    """The drift without apparent differences: empty and unset are equal, and resources of other types report their own
    drift.
    """
    before, after = dict(one.before or {}), dict(one.after or {})
    beside = MANAGED_BESIDE.get(one.type, {})
    # Policies of a role are compared separately.
    managed = {name for name, makers in beside.items() if one.type == "aws_iam_role" or {*makers} & {*types}}
    compared = {*before, *after} - managed - {"tags_all"}
    differing = [
        name for name in compared if _can_be_set(one.type, name) and not same(before.get(name), after.get(name))
    ]
    if not differing:
        return None
    for name in {*before, *after} - set(differing):
        after[name] = before.get(name)
    return replace(one, before=before, after=after)


def _can_be_set(type_: str, name: str) -> bool:
    """False for attributes that AWS computes, such as a time of modification: they cannot be reverted."""
    rules = classified().get(type_)
    return rules is None or name not in rules.computed


def _policies_by_hand(plan: Plan) -> Iterator[ResourceChange]:
    """Inline and attached policies of the stack's roles that no resource of the stack manages, as if they were
    resources.
    """
    for address, role in plan.prior.items():
        if not address.rpartition(".")[0].endswith("aws_iam_role"):
            continue
        own = {
            str(values.get("name") or values.get("policy_arn"))
            for other, values in plan.prior.items()
            if other.rpartition(".")[0].endswith(tuple(OF_ROLES.values())) and values.get("role") == role.get("name")
        }
        for policy in role.get(INLINE) or []:
            if policy.get("name") and policy["name"] not in own:
                values = {"name": policy["name"], "role": role.get("name"), "policy": policy.get("policy")}
                yield _beside(address, OF_ROLES[INLINE], str(policy["name"]), values)
        for arn in role.get(ATTACHED) or []:
            if arn not in own:
                yield _beside(address, OF_ROLES[ATTACHED], str(arn), {"role": role.get("name"), "policy_arn": arn})


def _beside(role: str, type_: str, name: str, values: Mapping[str, Any]) -> ResourceChange:
    return ResourceChange(
        address=f"{role}.{name}",
        type=type_,
        name=name,
        mode="managed",
        verb="create",
        before=None,
        after=values,
        unknown={},
        replaces=(),
        previous_address=None,
        imported=False,
    )


def _judged(
    name: str, plan: Plan, configuration: Configuration, moved: list[ResourceChange], rules: Ruleset
) -> StackReview:
    """The drift, reviewed as if it were a planned change."""
    alone = replace(plan, changes=tuple(moved), drift=(), outputs={}, complete=True, deferred=(), document={})
    return review_stack(name, alone, configuration, rules=rules, drifted=True)


def _with_ways_out(change: Change, moved: ResourceChange, planned: ResourceChange | None, deploy: str) -> Drift:
    where = change.construct or change.address
    if moved.verb == "create":  # a policy that was added by hand
        return Drift(change, _detach(moved), f"grant it in the code (a `grant_...` verb, or `allow`), then `{deploy}`")
    if moved.verb == "delete":
        again = planned is not None and planned.verb in ("create", "replace")
        return Drift(
            change,
            f"`{deploy}` makes it again, empty" if again else "the code does not ask for it any more: nothing to do",
            f"take {where} out of the code",
        )
    names = [name for name, value in (moved.after or {}).items() if not same((moved.before or {}).get(name), value)]
    if planned is not None and planned.verb == "replace":
        return Drift(change, f"`{deploy}` replaces it; what it holds is lost", _write(where, moved, names))
    after = (planned.after or {}) if planned is not None and planned.verb == "update" else (moved.after or {})
    back = [name for name in names if not same(after.get(name), (moved.after or {}).get(name))]
    stays = [name for name in names if name not in back]
    said = [f"`{deploy}` sets {', '.join(back)} back"] if back else []
    if stays:
        said.append(f"a deployment leaves {', '.join(stays)}, which the code does not set: change it back by hand")
    return Drift(change, "; ".join(said), _write(where, moved, names))


def _write(where: str, moved: ResourceChange, names: list[str]) -> str:
    values = {name: (moved.after or {}).get(name) for name in names}
    lines = [f'resource.add_override("{name}", {_literal(value)})' for name, value in values.items()]
    return f"in {where}, by its own argument or: {'; '.join(lines)}"


def _literal(value: Any) -> str:
    """A value as a Python literal; sensitive values are not shown."""
    if isinstance(value, Hidden) or '"' + SENSITIVE in (text := json.dumps(value, default=str)):
        return SENSITIVE
    return repr(json.loads(text)) if len(text) <= 200 else "its value of now"


def _detach(moved: ResourceChange) -> str:
    values = moved.after or {}
    if moved.type == OF_ROLES[INLINE]:
        command = f"aws iam delete-role-policy --role-name {values.get('role')} --policy-name {values.get('name')}"
    else:
        command = f"aws iam detach-role-policy --role-name {values.get('role')} --policy-arn {values.get('policy_arn')}"
    return f"no deployment touches it: `{command}`"
