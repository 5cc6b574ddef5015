"""A refused call and its explanation."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# AWS's message: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
MESSAGE = re.compile(
    r"User: (?P<principal>arn:\S+) is not authorized to perform: (?P<action>[\w-]+:\w+)"
    r"(?: on resource: \"?(?P<resource>[^\s\"]+)\"?)?"
    r"(?: (?P<why>because no [\w-]+ policy allows|with an explicit deny)[^\n]*)?"
)
SESSION = re.compile(r"arn:[\w-]+:sts::(\d{12}):assumed-role/(?P<role>[^/]+)/(?P<session>.+)")


@dataclass(frozen=True)
class Denial:
    """A call that IAM refused."""

    principal: str
    action: str
    resource: str  # its ARN; `*` if AWS names none
    explicit: bool = False
    sid: str = ""  # of the denying statement
    policy: str = "identity"  # or `resource`: the kind of policy that lacks the permission or denies the call
    context: Mapping[str, str] = field(default_factory=dict)  # condition keys of the call
    function: str = ""  # the name of the calling function; empty if unknown
    request_id: str = ""
    time: float = 0

    @property
    def role(self) -> str:
        """The name of the calling role; empty for users."""
        found = SESSION.fullmatch(self.principal)
        return found["role"] if found else ""

    @property
    def account(self) -> str:
        return self.principal.split(":")[4] if self.principal.count(":") >= 5 else ""

    @classmethod
    def recorded(cls, record: Mapping[str, Any]) -> "Denial":
        """The denial of a record of the local AWS."""
        return cls(**{name: record[name] for name in cls.__dataclass_fields__ if name in record})

    @classmethod
    def in_text(cls, text: str) -> "Denial | None":
        """The denial in AWS's message, which a function's error or log line may contain; None
        without such a message.
        """
        found = MESSAGE.search(text) if "is not authorized to perform" in text else None
        if found is None:
            return None
        session = SESSION.fullmatch(found["principal"])
        why = found["why"] or ""
        rest = text[found.start() : found.start() + 1_000]
        return cls(
            principal=found["principal"],
            action=_in_iams_case(found["action"]),
            resource=(found["resource"] or "*").rstrip(".,;)"),
            explicit=why.startswith("with an explicit"),
            policy="resource" if "resource-based" in rest else "identity",
            function=session["session"] if session else "",
        )


# Services spell some actions differently in their messages.
SPELLINGS = {"SNS:": "sns:", "sqs:sendmessage": "sqs:SendMessage", "sqs:receivemessage": "sqs:ReceiveMessage"}


def _in_iams_case(action: str) -> str:
    for spelled, iams in SPELLINGS.items():
        if action.startswith(spelled):
            return iams + action.removeprefix(spelled)
    return action


@dataclass(frozen=True)
class Explanation:
    """The missing permission of a call, and the code that grants it."""

    denial: Denial
    who: str
    # Code that grants exactly this, best first; empty if no verb of the module classes does.
    grants: tuple[str, ...] = ()
    # Where that code's constructs are declared.
    where: tuple[str, ...] = ()
    # The smallest statement that allows the call; None if a statement denies it.
    statement: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()
    # The permission is in Terraform's state, but not on AWS.
    in_terraform: bool = False

    def as_json(self) -> dict[str, Any]:
        denial = self.denial
        return {
            "who": self.who,
            "principal": denial.principal,
            "action": denial.action,
            "resource": denial.resource,
            "explicit_deny": denial.explicit,
            "function": denial.function,
            "request_id": denial.request_id,
            "grants": list(self.grants),
            "constructs": list(self.where),
            "missing_statement": self.statement,
            "in_terraform": self.in_terraform,
            "notes": list(self.notes),
        }
