"""Who may do less than before by a resource's policy: services whose events no longer arrive, keys nobody can use."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from sluice_cli.text import clean

from ..model import Danger, Finding
from ..policy import ParsedStatement, is_covered
from ..policy_difference import describe
from .case import Case

SERVICE = "Service:"


@dataclass(frozen=True)
class _Use:
    """What a policy lets others do, and what it means that they no longer may."""

    words: str
    danger: Danger
    means: str
    # Other accounts count, too; of a key, its own account.
    accounts: bool = False


_SEND = _Use("send to it", Danger.EVENTS_STOP, "Their events no longer arrive.", accounts=True)
_PUBLISH = replace(_SEND, words="publish to it")
_WRITE = replace(_SEND, words="write to it")
_KEY = _Use(
    "use or manage the key",
    Danger.UNREADABLE,
    "What it reads, writes or sends under the key fails.",
    accounts=True,
)
_CALL = _Use("call it", Danger.CALLERS, "Its requests are refused.", accounts=True)
_READ = _Use("use it", Danger.CALLERS, "Its requests are refused.", accounts=True)
USES: Mapping[str, _Use] = {
    "aws_sqs_queue": _SEND,
    "aws_sqs_queue_policy": _SEND,
    "aws_sns_topic": _PUBLISH,
    "aws_sns_topic_policy": _PUBLISH,
    "aws_cloudwatch_event_bus_policy": _SEND,
    "aws_cloudwatch_log_resource_policy": _WRITE,
    "aws_s3_bucket": _READ,
    "aws_s3_bucket_policy": _READ,
    "aws_kms_key": _KEY,
    "aws_kms_key_policy": _KEY,
    "aws_kms_replica_key": _KEY,
    "aws_api_gateway_rest_api": _CALL,
    "aws_api_gateway_rest_api_policy": _CALL,
    "aws_dynamodb_resource_policy": _READ,
    "aws_secretsmanager_secret": _READ,
    "aws_secretsmanager_secret_policy": _READ,
}


def revocations(case: Case) -> Iterator[Finding]:
    use = USES.get(case.type)
    if use is None or case.is_new or case.verb in ("delete", "forget", "unchanged", "read"):
        return
    for one in case.policies_whole:
        lost: dict[str, None] = {}
        for old in one.before:
            if old.allows:
                lost |= dict.fromkeys(who for who in _counted(case, use, old) if _loses(old, who, one.after))
        fully = [who for who in lost if not any(new.allows and _names(new, who) for new in one.after)]
        for names, how in ((fully, ""), ([who for who in lost if who not in fully], ", not as before")):
            if names:
                shown = "somebody" if one.hidden else ", ".join(sorted(_called(who) for who in names))
                yield case.finding(use.danger, f"{shown} may no longer {use.words}{how}", use.means)
        for new in one.after:
            if _refuses_everybody(new) and not is_covered(new, one.before):
                means = "Its statements are hidden." if one.hidden else f"Refused now: {describe(new)}."
                yield case.finding(use.danger, f"nobody may {use.words} any more", means)


def _counted(case: Case, use: _Use, statement: ParsedStatement) -> Iterator[str]:
    """The principals whose loss counts. A role or a user that loses something is what narrowing a policy is for."""
    for who in sorted(statement.principals):
        whole_account = who.startswith("AWS:") and (who.endswith(":root") or who == "*")
        if who.startswith(SERVICE) or (use.accounts and whole_account and _is_of(case, use, who)):
            yield who


def _is_of(case: Case, use: _Use, who: str) -> bool:
    return use is _KEY or case.context.is_foreign(who.removeprefix("AWS:"))


def _loses(old: ParsedStatement, who: str, after: tuple[ParsedStatement, ...]) -> bool:
    """Whether what a statement allows one principal is no longer allowed; a condition on another key, such as the
    source's account, hardens a policy and does not count."""
    keys = {key.lower() for _, key, _ in old.conditions}
    softened = [
        replace(one, conditions=frozenset(each for each in one.conditions if each[1].lower() in keys)) for one in after
    ]
    return not is_covered(replace(old, principals=frozenset({who})), softened)


def _names(statement: ParsedStatement, who: str) -> bool:
    return who in statement.principals or "*" in statement.principals


def _refuses_everybody(statement: ParsedStatement) -> bool:
    return not statement.allows and not statement.conditions and "*" in statement.principals


def _called(who: str) -> str:
    kind, _, name = who.partition(":")
    parts = name.split(":")
    return clean(f"account {parts[4]}" if kind == "AWS" and len(parts) > 5 else name or "anybody")
