"""Who may do more than before."""

from collections.abc import Iterator

from ..model import Danger, Finding
from ..policy_difference import StatementDifference, describe
from .case import Case

ADMINISTRATION = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")


def access(case: Case) -> Iterator[Finding]:
    if case.policy_unclear:
        yield Finding(
            Danger.UNCLEAR,
            f"{case.subject}: its policy is known only after apply",
            "What it will allow cannot be worked out from the configuration: read the code.",
        )
    if case.type == "aws_iam_role_policy_attachment" and case.change.verb in ("create", "replace", "update"):
        policy = str(case.values.get("policy_arn", "a policy known after apply"))
        if not case.new_owner or policy.rpartition("/")[2] in ADMINISTRATION:
            yield Finding(Danger.ACCESS, f"{case.subject}: {policy} attached", "The role may do all that policy says.")
    if case.owner_destroyed:
        return
    for one in case.policies:
        yield from _statement(case, one)


def _statement(case: Case, one: StatementDifference) -> Iterator[Finding]:
    name = f" ({one.sid})" if one.sid else ""
    if one.before is not None and not one.before.allows and one.wider:
        tls = one.before.is_tls_only
        yield Finding(
            Danger.PROTECTION,
            f"{case.subject}: {'requests without TLS are no longer refused' if tls else 'a refusal is lifted' + name}",
            "Content can be read on its way." if tls else f"No longer refused: {describe(one.before)}.",
        )
    if one.after is None or not one.wider or not one.after.allows:
        return
    if one.after.is_public:
        yield Finding(
            Danger.PUBLIC,
            f"{case.subject}: anybody is allowed {', '.join(sorted(one.after.actions))}{name}",
            "No condition says who or from where.",
        )
    elif not case.new_owner or one.after.is_wide:
        yield Finding(Danger.ACCESS, f"{case.subject}: more is allowed{name}", f"Allowed now: {describe(one.after)}.")
