"""Changes made outside of Terraform that the plan does not revert, judged like planned changes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from .hidden import revealed
from .model import Change, Finding
from .plan import Plan, ResourceChange
from .values import differences, same


def drifted(plan: Plan, understand: Callable[[ResourceChange], Change | None]) -> Iterator[Change]:
    """The dangers of what changed outside Terraform and stays changed, each under an address of its own."""
    planned = {one.address: one for one in plan.changes if one.mode == "managed" and not one.deposed}
    owned = _owned(plan)
    attached = _attached(plan)
    for one in plan.drift:
        if one.mode != "managed" or one.verb not in ("update", "delete"):
            continue
        staying = _staying(_without_attached(_without_repeats(one, owned), attached), planned.get(one.address))
        change = understand(staying) if staying and differences(staying) else None
        if change and change.findings:
            yield replace(
                change,
                address=f"{change.address}.drift",
                headline=f"changed outside Terraform: {change.headline}",
                findings=tuple(_outside(finding) for finding in change.findings),
                notes=(*change.notes, "changed outside Terraform since the last apply; this plan leaves it so"),
            )


# What the provider repeats in a resource although another resource sets it: `{type: {attribute: (owner, its key)}}`.
REPEATS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "aws_s3_bucket": {
        "acl": ("aws_s3_bucket_acl", "bucket"),
        "grant": ("aws_s3_bucket_acl", "bucket"),
        "cors_rule": ("aws_s3_bucket_cors_configuration", "bucket"),
        "lifecycle_rule": ("aws_s3_bucket_lifecycle_configuration", "bucket"),
        "logging": ("aws_s3_bucket_logging", "bucket"),
        "object_lock_configuration": ("aws_s3_bucket_object_lock_configuration", "bucket"),
        "policy": ("aws_s3_bucket_policy", "bucket"),
        "replication_configuration": ("aws_s3_bucket_replication_configuration", "bucket"),
        "server_side_encryption_configuration": ("aws_s3_bucket_server_side_encryption_configuration", "bucket"),
        "versioning": ("aws_s3_bucket_versioning", "bucket"),
        "website": ("aws_s3_bucket_website_configuration", "bucket"),
    },
    "aws_sqs_queue": {
        "policy": ("aws_sqs_queue_policy", "queue_url"),
        "redrive_policy": ("aws_sqs_queue_redrive_policy", "queue_url"),
        "redrive_allow_policy": ("aws_sqs_queue_redrive_allow_policy", "queue_url"),
    },
    "aws_sns_topic": {"policy": ("aws_sns_topic_policy", "arn")},
    "aws_kms_key": {"policy": ("aws_kms_key_policy", "key_id")},
    "aws_api_gateway_rest_api": {"policy": ("aws_api_gateway_rest_api_policy", "rest_api_id")},
    "aws_secretsmanager_secret": {"policy": ("aws_secretsmanager_secret_policy", "secret_arn")},
}
IDENTITIES = ("id", "arn", "name", "bucket", "url", "key_id")


def _owned(plan: Plan) -> set[tuple[str, str]]:
    """Each resource that sets a part of another one, with what it names that by."""
    keys = {owner: key for repeats in REPEATS.values() for owner, key in repeats.values()}
    return {
        (one.type, str(revealed(values[keys[one.type]])))
        for one in plan.changes
        if one.type in keys
        for values in (one.before, one.after)
        if values and values.get(keys[one.type])
    }


def _without_repeats(drift: ResourceChange, owned: set[tuple[str, str]]) -> ResourceChange:
    """The drift without what is another resource's: changed by hand, it is drift of that one."""
    values = revealed(drift.before or drift.after or {})
    names = {str(values[name]) for name in IDENTITIES if values.get(name)}
    repeats = [
        name
        for name, (owner, _) in REPEATS.get(drift.type, {}).items()
        if any((owner, value) in owned for value in names)
    ]
    if not repeats:
        return drift
    sides = (
        {key: one for key, one in (side or {}).items() if key not in repeats} for side in (drift.before, drift.after)
    )
    before, after = sides
    return replace(drift, before=before if drift.before else None, after=after if drift.after else None)


def _attached(plan: Plan) -> set[tuple[str, str]]:
    """The managed policies that resources of their own attach, each with its role."""
    return {
        (str(revealed(values.get("role"))), str(revealed(values.get("policy_arn"))))
        for one in plan.changes
        if one.type == "aws_iam_role_policy_attachment"
        for values in (one.before, one.after)
        if values
    }


def _without_attached(drift: ResourceChange, attached: set[tuple[str, str]]) -> ResourceChange:
    """The drift of a role without the policies that other resources attach; what was attached by hand stays."""
    if drift.type != "aws_iam_role" or not drift.after:
        return drift
    arns = drift.after.get("managed_policy_arns")
    if not isinstance(arns, list):
        return drift
    role = str(revealed(drift.after.get("name")))
    left = [arn for arn in arns if (role, str(revealed(arn))) not in attached]
    return replace(drift, after={**drift.after, "managed_policy_arns": left})


def _staying(drift: ResourceChange, planned: ResourceChange | None) -> ResourceChange | None:
    """The drift without what the plan puts back. What is gone is made again by a plan that creates it."""
    if drift.verb == "delete":
        return None if planned is not None and planned.verb in ("create", "replace") else drift
    if planned is None or planned.verb in ("unchanged", "forget"):
        return drift
    if planned.verb in ("delete", "replace", "create"):
        return None
    before, after = dict(drift.before or {}), dict(drift.after or {})
    for name in {*before, *after}:
        will_be = (planned.after or {}).get(name)
        if not same(will_be, after.get(name)):
            before.pop(name, None)
            after.pop(name, None)
    return replace(drift, before=before, after=after)


def _outside(finding: Finding) -> Finding:
    return replace(finding, what=f"{finding.what} (changed outside Terraform)")
