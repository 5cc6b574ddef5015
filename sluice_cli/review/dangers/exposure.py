"""Ways in for anybody, and authorization that is opened."""

from collections.abc import Iterator
from typing import Any

from ..model import Danger, Finding
from .case import Case, turned_off, turned_on

BLOCKS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
ANYWHERE = {"0.0.0.0/0", "::/0"}
PUBLIC_ACLS = {"public-read", "public-read-write", "authenticated-read"}
ANYBODY = "Anybody on the internet can get in."


def exposure(case: Case) -> Iterator[Finding]:
    if case.type == "aws_s3_bucket_public_access_block":
        yield from _public_access_block(case)
    if case.type == "aws_s3_bucket_ownership_controls" and (case.gone or _acls_are_on(case)):
        yield Finding(
            Danger.PUBLIC, f"{case.subject}: ACLs count again", "An object can be made public one by one, by its ACL."
        )
    if case.type == "aws_api_gateway_method":
        yield from _api_method(case)
    if case.type == "aws_lambda_function_url" and case.values.get("authorization_type") == "NONE":
        yield Finding(Danger.AUTHORIZATION, f"{case.subject} is called without authorization", ANYBODY)
    if case.type == "aws_apigatewayv2_route" and case.values.get("authorization_type") == "NONE":
        yield Finding(Danger.AUTHORIZATION, f"{case.subject} is called without authorization", ANYBODY)
    if case.type == "aws_lambda_permission":
        yield from _permission(case)
    if case.change.verb in ("delete", "unchanged", "forget"):
        return
    if case.values.get("acl") in PUBLIC_ACLS and (case.change.before or {}).get("acl") != case.values["acl"]:
        yield Finding(Danger.PUBLIC, f"{case.subject}: the ACL is {case.values['acl']}", ANYBODY)
    for one in case.differences:
        if one.name.rpartition(".")[2] == "publicly_accessible" and turned_on(one):
            yield Finding(Danger.PUBLIC, f"{case.subject} becomes publicly accessible", ANYBODY)
        opened = _texts(one.after) - _texts(one.before)
        if opened & ANYWHERE and "egress" not in f"{one.name}{case.type}" and case.values.get("type") != "egress":
            yield Finding(Danger.PUBLIC, f"{case.subject}: {one.name} lets every address in", ANYBODY)
        if one.name.endswith("allowed_origins") and "*" in opened:
            yield Finding(
                Danger.PUBLIC, f"{case.subject}: every web page may use it", "CORS no longer keeps other pages out."
            )


def _public_access_block(case: Case) -> Iterator[Finding]:
    means = "A policy or an ACL can now make objects public."
    if case.gone:
        yield Finding(Danger.PUBLIC, f"{case.subject}: public access is no longer blocked", means)
    elif case.change.verb == "create":
        off = [name for name in BLOCKS if case.values.get(name) is not True]
        if off:
            yield Finding(Danger.PUBLIC, f"{case.subject}: public access is not blocked ({', '.join(off)})", means)
    else:
        off = [one.name for one in case.judged if one.name in BLOCKS and turned_off(one)]
        if off:
            yield Finding(Danger.PUBLIC, f"{case.subject}: {', '.join(off)} turned off", means)


def _acls_are_on(case: Case) -> bool:
    one = case.difference("rule.object_ownership")
    return bool(one and one.before == "BucketOwnerEnforced")


def _api_method(case: Case) -> Iterator[Finding]:
    values, before = case.values, case.change.before or {}
    if case.change.verb == "delete" or values.get("http_method") == "OPTIONS":  # browsers ask it before they sign
        return
    open_now, open_before = _is_open(values), bool(before) and _is_open(before)
    if open_now and not open_before:
        yield Finding(
            Danger.AUTHORIZATION,
            f"{case.subject}: {values.get('http_method')} needs no authorization",
            "Anybody who knows the address can call it.",
        )
    elif before and values.get("authorization") == "NONE" and before.get("authorization") != "NONE":
        yield Finding(
            Danger.AUTHORIZATION,
            f"{case.subject}: {values.get('http_method')} no longer checks who calls, only for an API key",
            "An API key says which client it is, not who calls; it is no means of authorization.",
        )
    elif before and before.get("api_key_required") and not values.get("api_key_required"):
        yield Finding(
            Danger.AUTHORIZATION,
            f"{case.subject}: {values.get('http_method')} no longer needs an API key",
            "Usage plans no longer limit its callers.",
        )


def _is_open(values: Any) -> bool:
    return values.get("authorization") in (None, "NONE") and not values.get("api_key_required")


def _permission(case: Case) -> Iterator[Finding]:
    if case.change.verb in ("delete", "unchanged", "forget"):
        return
    values = case.values
    principal = str(values.get("principal", ""))
    # An ARN of something that the same plan makes is known later, and bounds the permission all the same.
    unknown = case.change.unknown if isinstance(case.change.unknown, dict) else {}
    bounded = any(
        values.get(name) or unknown.get(name) for name in ("source_arn", "source_account", "principal_org_id")
    )
    if principal == "*" and not bounded:
        yield Finding(Danger.PUBLIC, f"{case.owner} can be invoked by anybody", "Any AWS account may call it.")
    elif not bounded and principal.endswith(".amazonaws.com"):
        yield Finding(
            Danger.PUBLIC,
            f"{case.owner} can be invoked by {principal} on anybody's behalf",
            "Without a source ARN, other accounts' resources reach it through the service.",
        )
    elif not principal.endswith(".amazonaws.com") and not case.new_owner:
        yield Finding(Danger.ACCESS, f"{case.owner} can be invoked by {principal}", "A new caller is let in.")
    elif case.change.verb in ("update", "replace") and any(
        one.name in ("principal", "source_arn", "source_account", "action") and not one.unknown for one in case.judged
    ):
        yield Finding(Danger.ACCESS, f"{case.owner} can be invoked by another caller", "The permission moves.")


def _texts(value: Any) -> set[str]:
    if isinstance(value, list):
        return {one for one in value if isinstance(one, str)}
    return {value} if isinstance(value, str) else set()
