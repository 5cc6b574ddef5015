"""Who may do more than before: policies, and what is attached."""

from collections.abc import Iterator

from sluice_cli.text import clean

from ..hidden import is_hidden, revealed
from ..model import Danger, Finding
from ..policy import ParsedStatement
from ..policy_difference import StatementDifference, describe
from ..values import same
from .case import Case, Touched, texts

ADMINISTRATION = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")
# Policies of AWS that only refuse.
REFUSING = ("AWSDenyAll", "AWSCompromisedKeyQuarantine")
NOT_SHOWN = "Terraform marks the policy as sensitive: its statements are not shown."


def policies(case: Case) -> Iterator[Finding]:
    if case.policy_unclear:
        yield Finding(
            Danger.UNCLEAR,
            f"{case.subject}: its policy cannot be read: it is known only after apply, or is no valid policy",
            "What it will allow cannot be worked out from the configuration: read the code.",
        )
    # Of a queue or topic that is destroyed, nothing is left that its own argument `policy` could refuse.
    if case.owner_destroyed or (case.verb == "delete" and case.rules and case.rules.holds):
        return
    for one in case.policies:
        yield from _statement(case, one)


def _statement(case: Case, one: StatementDifference) -> Iterator[Finding]:
    name = f" ({one.sid})" if one.sid and not case.policy_hidden else ""
    if one.before is not None and not one.before.allows and one.wider:
        tls = one.before.is_tls_only
        means = "Content can be read on its way." if tls else f"No longer refused: {describe(one.before)}."
        yield Finding(
            Danger.PROTECTION,
            f"{case.subject}: {'requests without TLS are no longer refused' if tls else 'a refusal is lifted' + name}",
            NOT_SHOWN if case.policy_hidden else means,
        )
    if one.after is None or not one.wider or not one.after.allows:
        return
    if one.after.is_public:
        actions = (
            "more" if case.policy_hidden else ", ".join(sorted(one.after.actions) or ["everything but what it names"])
        )
        yield Finding(
            Danger.PUBLIC,
            f"{case.subject}: anybody is allowed {actions}{name}",
            NOT_SHOWN if case.policy_hidden else "No condition says who or from where.",
        )
    elif not case.new_owner or one.after.is_wide or _lets_strangers_in(case, one.after):
        means = NOT_SHOWN if case.policy_hidden else f"Allowed now: {describe(one.after)}."
        yield Finding(Danger.ACCESS, f"{case.subject}: more is allowed{name}", means)


def _lets_strangers_in(case: Case, statement: ParsedStatement) -> bool:
    """Whether it lets in another account: what is new is opened to others from the start."""
    principals = (who.partition(":") for who in statement.principals)
    return any(kind in ("AWS", "CanonicalUser") and _is_stranger(case, who) for kind, _, who in principals)


def _is_stranger(case: Case, who: str) -> bool:
    # What is no ARN is the id of a user, a role, or an owner of buckets.
    return case.context.is_foreign(who) if who.startswith("arn:") else "${" not in who


def attached(touched: Touched) -> Iterator[Finding]:
    """Managed policies that are attached, and to whom."""
    case = touched.case
    if case.type == "aws_iam_policy_attachment":
        yield from _attached_to_all(touched)
        return
    for one in touched.differences:
        if one.unknown:
            if one.before and case.context.refers_to_the_same(case.change, one.name, revealed(one.before)):
                continue
            if case.is_new and case.new_owner:
                continue  # a policy and a role of the same plan: what the policy allows is judged itself
            if case.context.is_written(case.change, one.name):
                yield from _attached(touched, ["a policy known after apply"])
            continue
        gained = sorted(texts(revealed(one.after)) - texts(revealed(one.before)))
        gained = [arn for arn in gained if not case.new_owner or _administers(arn)]
        gained = [arn for arn in gained if not arn.rpartition("/")[2].startswith(REFUSING)]
        if gained:
            yield from _attached(touched, ["a policy that Terraform hides"] if one.sensitive else gained)


def _attached_to_all(touched: Touched) -> Iterator[Finding]:
    case = touched.case
    policy = (
        "a policy that Terraform hides"
        if is_hidden(case.change.after)
        else str(case.after.get("policy_arn") or "a policy")
    )
    moved = not same(case.before.get("policy_arn"), case.after.get("policy_arn"))
    for kind in ("users", "groups", "roles"):
        gained = texts(case.after.get(kind)) - (set() if moved else texts(case.before.get(kind)))
        if gained or (case.is_unknown(kind) and case.context.is_written(case.change, kind)):
            shown = (
                kind
                if is_hidden(case.change.after) or not gained
                else f"{kind} {', '.join(map(clean, sorted(gained)))}"
            )
            yield from touched.findings(f"{clean(policy)} attached to {shown}", "They may do all that policy says.")


def _attached(touched: Touched, policies_: list[str]) -> Iterator[Finding]:
    for policy in policies_:
        yield from touched.findings(f"{clean(policy)} attached", "It may do all that policy says.")


def _administers(arn: str) -> bool:
    """Whether a managed policy allows much, or is the account's own: what that allows, the plan does not say."""
    name = arn.rpartition("/")[2]
    return name in ADMINISTRATION or name.endswith("FullAccess") or "::aws:policy/" not in arn
