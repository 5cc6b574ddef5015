"""Variables of functions and of API stages: those that name other resources than before, or decide what code runs."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..hidden import revealed
from ..model import Danger, Finding
from ..text import SECRET_NAME
from ..values import Difference
from .case import Touched

# Variables that name what a function reads, writes or calls.
POINTER = re.compile(
    r"(^|_)(TABLE|BUCKET|QUEUE|TOPIC|STREAM|BUS|FUNCTION|STATE_MACHINE|URL|URI|ARN|ENDPOINT|HOST|HOSTNAME|DOMAIN|ADDRESS"
    r"|NAME|ID|PARAMETER|SECRET|DATABASE|DB|CLUSTER|INDEX|REGION|ACCOUNT|PREFIX|PATH|KEY|DSN|SERVER|BROKER|PORT)S?(_|$)",
    re.IGNORECASE,
)
POINTING_VALUE = re.compile(r"^(arn:|[a-z][a-z0-9+.-]*://)")
# Variables that decide what code runs, or where its calls go.
LOADERS = re.compile(
    r"^(AWS_LAMBDA_EXEC_WRAPPER|LD_PRELOAD|LD_LIBRARY_PATH|PYTHONPATH|PYTHONSTARTUP|NODE_OPTIONS|NODE_PATH|JAVA_TOOL_OPTIONS"
    r"|RUBYOPT|RUBYLIB|PERL5LIB|DOTNET_STARTUP_HOOKS|BASH_ENV|AWS_ENDPOINT_URL.*|(HTTPS?|ALL|NO)_PROXY|AWS_CA_BUNDLE"
    r"|REQUESTS_CA_BUNDLE|SSL_CERT_FILE|NODE_EXTRA_CA_CERTS|NODE_TLS_REJECT_UNAUTHORIZED)$",
    re.IGNORECASE,
)
# An integration's address may have any of a stage's variables in it.
OF_STAGES = ("aws_api_gateway_stage", "aws_api_gateway_deployment")
# An address of the machine itself: a local AWS, or an extension of the function.
LOOPBACK = re.compile(r"^https?://(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?(/|$)")


@dataclass(frozen=True)
class Variable:
    """A variable that differs. `called` is what it may be called: Terraform may hide the names, too."""

    name: str
    called: str
    before: str
    after: str
    one: Difference

    @property
    def points(self) -> bool:
        """Whether it names a resource. Secrets are renewed: that they change is no danger."""
        by_value = any(map(POINTING_VALUE.match, (self.before, self.after)))
        if SECRET_NAME.search(self.name) and not by_value:
            return False
        return by_value or bool(POINTER.search(self.name))


def environment(touched: Touched) -> Iterator[Finding]:
    for variable in (found for one in touched.differences for found in _variables(one)):
        if variable.after and LOOPBACK.match(variable.after):
            continue
        if LOADERS.match(variable.name) and variable.after:
            yield from touched.findings(
                f"{variable.called} set",
                "It decides what code runs, or where calls and their credentials go.",
                danger=Danger.ACCESS,
            )
        elif touched.case.stays and variable.before and (variable.points or touched.case.type in OF_STAGES):
            yield from _points_elsewhere(touched, variable)


def _points_elsewhere(touched: Touched, variable: Variable) -> Iterator[Finding]:
    case, one = touched.case, variable.one
    if one.unknown:
        if case.context.refers_to_the_same(case.change, one.name, variable.before):
            return
        shown = "is known only after apply"
    elif not variable.after:
        shown = "removed"
    else:
        shown = "changed" if one.sensitive else f"{one.shown_before} → {one.shown_after}"
    yield from touched.findings(
        f"{variable.called} {shown}",
        "The stage reaches something else than before."
        if case.type in OF_STAGES
        else "The function reads, writes or calls something else than before.",
        danger=Danger.EVENTS_CHANGE,
    )


def _variables(one: Difference) -> Iterator[Variable]:
    before, after = revealed(one.before), revealed(one.after)
    if not isinstance(before, Mapping) and not isinstance(after, Mapping):
        name = one.name.rpartition("variables.")[2]
        yield Variable(name, f"variable {name}", _text(before), _text(after), one)
        return
    # Hidden as a whole, with their names.
    sides = [side if isinstance(side, Mapping) else {} for side in (before, after)]
    for name in sorted({*sides[0], *sides[1]}):
        old, new = (_text(side.get(name)) for side in sides)
        if old != new:
            yield Variable(str(name), "a variable that Terraform hides", old, new, one)


def _text(value: Any) -> str:
    return "" if value is None else str(value)
