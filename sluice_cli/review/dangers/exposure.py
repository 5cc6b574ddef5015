"""Ways in: public access, ACLs, addresses, and who may invoke."""

from collections.abc import Iterator, Mapping
from typing import Any

from sluice_cli.text import clean

from ..conditions import names_an_owner
from ..hidden import is_hidden, revealed
from ..model import Danger, Finding
from ..words import attribute_words
from .case import Touched, blocks, number, texts

BLOCKS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
ANYWHERE = {"0.0.0.0/0", "::/0"}
PUBLIC_ACLS = {"public-read", "public-read-write", "authenticated-read"}
GROUPS = ("global/AllUsers", "global/AuthenticatedUsers")
INVOKES = ("lambda:InvokeFunction", "lambda:InvokeFunctionUrl", "lambda:InvokeAsync")
BOUNDS = ("source_arn", "source_account", "principal_org_id")


def public_access_block(touched: Touched) -> Iterator[Finding]:
    case = touched.case
    means = "A policy or an ACL can now make objects public."
    if case.is_new:
        off = [name for name in BLOCKS if case.after.get(name) is not True]
        if off:
            yield case.finding(Danger.PUBLIC, f"public access is not blocked ({', '.join(off)})", means)
    else:
        off = [one.name for one in touched.differences if revealed(one.before) is True and not one.unknown]
        if off:
            yield case.finding(Danger.PUBLIC, f"{', '.join(off)} turned off", means)


def acl(touched: Touched) -> Iterator[Finding]:
    """Canned ACLs, and grants one by one."""
    case = touched.case
    canned = case.after.get("acl")
    if canned in PUBLIC_ACLS and case.before.get("acl") != canned:
        shown = "one for everybody" if is_hidden(case.change.after) else canned
        yield case.finding(Danger.PUBLIC, f"the ACL is {shown}")
    elif canned and case.before.get("acl") and canned != case.before.get("acl") and canned != "private":
        yield from touched.findings("another ACL", "Others may read or write it.")
    known = _grants(case.before)
    for who, permission in sorted(_grants(case.after) - known):
        if who.endswith(GROUPS):
            whom = "everybody" if who.endswith(GROUPS[0]) else "everybody with an AWS account"
            yield case.finding(Danger.PUBLIC, f"the ACL gives {whom} {clean(permission)}")
        elif not (case.is_new and case.new_owner):
            whom = "somebody that Terraform hides" if is_hidden(case.change.after) else clean(who)
            yield from touched.findings(
                f"the ACL gives {whom} {clean(permission)}", "A new reader or writer is let in."
            )


def _grants(values: Mapping[str, Any]) -> set[tuple[str, str]]:
    rows = [*blocks(values.get("grant")), *blocks(values.get("target_grant"))]
    for one in blocks(values.get("access_control_policy")):
        rows += blocks(one.get("grant"))
    found = set()
    for row in rows:
        for grantee in blocks(row.get("grantee")) or [row]:
            who = str(grantee.get("uri") or grantee.get("id") or grantee.get("email_address") or "")
            permissions = row.get("permissions") or [row.get("permission")]
            found |= {(who, str(one)) for one in permissions if who and one}
    return found


def addresses(touched: Touched) -> Iterator[Finding]:
    case = touched.case
    if case.after.get("type") == "egress":
        return
    for one in touched.differences:
        if (texts(revealed(one.after)) - texts(revealed(one.before))) & ANYWHERE:
            yield case.finding(Danger.PUBLIC, f"{attribute_words(one.name)} lets every address in")


def permission(touched: Touched) -> Iterator[Finding]:
    """A statement of a function's policy: https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html"""
    case = touched.case
    values, before = case.after, case.before
    principal = (
        "somebody that Terraform hides" if is_hidden(case.change.after) else clean(str(values.get("principal", "")))
    )
    # An ARN of something that the same plan makes is known later, and bounds the permission all the same.
    bounded = any(_bounds(name, values.get(name)) or case.is_unknown(name) for name in BOUNDS)
    is_service = str(values.get("principal", "")).endswith(".amazonaws.com")
    action = str(values.get("action") or "")
    if action and action not in INVOKES and action != before.get("action"):
        shown = "more than invoking it" if is_hidden(case.change.after) else clean(action)
        yield Finding(
            Danger.ACCESS, f"{case.owner}: {principal} is allowed {shown}", "More than invoking it is allowed."
        )
    if values.get("function_url_auth_type") == "NONE" and before.get("function_url_auth_type") != "NONE":
        yield case.finding(Danger.PUBLIC, "its URL is called without authorization")
    elif values.get("principal") == "*" and not bounded:
        yield Finding(Danger.PUBLIC, f"{case.owner} can be invoked by anybody", "Any AWS account may call it.")
    elif not bounded and is_service:
        yield Finding(
            Danger.PUBLIC,
            f"{case.owner} can be invoked by {principal} on anybody's behalf",
            "Without a source ARN, other accounts' resources reach it through the service.",
        )
    elif not is_service and not case.new_owner:
        yield Finding(Danger.ACCESS, f"{case.owner} can be invoked by {principal}", "A new caller is let in.")
    elif case.stays:
        moved = [
            one
            for one in touched.differences
            if not (one.unknown and case.context.refers_to_the_same(case.change, one.name, revealed(one.before)))
            and not (one.name in BOUNDS and not one.before)  # one bound more
        ]
        if moved:
            yield Finding(
                Danger.ACCESS,
                f"{case.owner} can be invoked by another caller",
                "The permission moves: who had it is refused, and its events stop.",
            )


def _bounds(name: str, value: Any) -> bool:
    """Whether it says whose resources, or who, may invoke."""
    return bool(value) and (name != "source_arn" or names_an_owner(str(value)))


def layer_permission(touched: Touched) -> Iterator[Finding]:
    """Who may use a layer's version."""
    case = touched.case
    principal, organization = case.after.get("principal"), case.after.get("organization_id")
    if principal == "*" and not organization:
        yield case.finding(Danger.PUBLIC, "every account may use the layer", "Anybody can read what is in it.")
    elif case.is_new or touched.differences:
        yield from touched.findings("another account or organization may use the layer")


def event_permission(touched: Touched) -> Iterator[Finding]:
    """Which accounts may send events to a bus."""
    case = touched.case
    principal = case.after.get("principal")
    if principal == "*" and not blocks(case.after.get("condition")):
        yield case.finding(Danger.PUBLIC, "every account may send events", "Rules are started by anybody.")
    elif case.is_new or any(one.name == "principal" or one.before for one in touched.differences):
        shown = (
            "an account that Terraform hides" if is_hidden(case.change.after) else f"account {clean(str(principal))}"
        )
        yield from touched.findings(f"{shown} may send events", "Rules are started by others.")


def password_age(touched: Touched) -> Iterator[Finding]:
    """After how many days a password has to be changed; 0: never."""
    for one in touched.differences:
        before, after = number(one.before, "0"), number(one.after, "0")
        if touched.case.stays and before and after is not None and (after == 0 or after > before):
            yield from touched.findings(f"passwords are valid for longer ({one.shown_before} → {one.shown_after})")
