"""The rules of one project, read from its `review_rules.py`, and their verdict on a change."""

import contextlib
import copy
import hashlib
import inspect
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from sluice_cli.text import clean, error_text, short

from .model import Change, Danger, Finding, Level
from .plan import ResourceChange
from .rules import DECLARED, Adjustment, Declared, PlannedChange, Rule, RulesError
from .text import SECRET, SECRET_VALUE, SHORTEST_NAMED_SECRET, is_secret

FILE = "review_rules.py"
# A module name, which dataclasses look up.
MODULE = "sluice_review_rules"


@dataclass(frozen=True)
class Ruleset:
    """`digest` is the SHA-256 of the file; empty where a project has none."""

    rules: tuple[Rule, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    digest: str = ""

    @classmethod
    def read(cls, folder: Path) -> "Ruleset":
        """The rules of the project in a folder; none where it has no `review_rules.py`. Raises `RulesError`.

        The file is Python and is run. What it prints goes to standard error.
        """
        path = folder / FILE
        try:
            source = path.read_bytes()
        except FileNotFoundError as error:
            if path.is_symlink():
                raise RulesError(f"{path} is a link to nothing") from error
            return cls()
        except OSError as error:
            raise RulesError(f"{path} cannot be read: {error.strerror}") from error
        declared = _run(source, path)
        if not declared:
            raise RulesError(f"{path} has no rule: put @rule before a function, or call silence, lower or raise_")
        return cls(
            tuple(one for one in declared if not isinstance(one, Adjustment)),
            tuple(one for one in declared if isinstance(one, Adjustment)),
            hashlib.sha256(source).hexdigest(),
        )

    def findings(
        self, stack: str, change: ResourceChange, construct: str, found: Iterable[Finding], *, drifted: bool = False
    ) -> Iterator[Finding]:
        """The findings of the project's rules. If a rule fails, the change counts as one that cannot be judged."""
        if not self.rules:
            return
        planned = PlannedChange(
            stack=stack,
            address=change.address,
            type=change.type,
            action="replace" if change.verb == "create beside" else change.verb,
            construct=construct,
            before=dict(change.before or {}),
            after=dict(change.after or {}),
            unknown=_unknown(change),
            findings=tuple(found),
            drifted=drifted,
        )
        secrets = {one for values in (change.before, change.after) for one in _secrets(values, "")}
        for rule in self.rules:
            # Copies, so that a rule cannot change what the review or other rules see.
            finding = _ask(rule, copy.deepcopy(planned))
            if finding:
                yield replace(
                    finding, what=_shown(finding.what, secrets), means=_shown(finding.means, secrets), rule=_name(rule)
                )

    def adjust(self, change: Change) -> Change:
        """The change with its findings at the levels that the project set."""
        if not (self.adjustments and change.findings):
            return change
        every = [self._adjusted(one, change) for one in change.findings]
        return replace(
            change,
            findings=tuple(one for one in every if one.level.is_dangerous),
            noted=tuple(one for one in every if not one.level.is_dangerous),
        )

    def _adjusted(self, finding: Finding, change: Change) -> Finding:
        if finding.failed_rule:
            return finding  # if it could be silenced, a bug in a rule would stay unnoticed
        matching = [one for one in self.adjustments if one.matches(finding, change.address, change.construct)]
        strictest = min(matching, key=lambda one: list(Level).index(one.level), default=None)
        return replace(finding, level=strictest.level, reason=clean(strictest.reason)) if strictest else finding


NO_RULES = Ruleset()


def _run(source: bytes, path: Path) -> Declared:
    """The rules and adjustments of a rules file."""
    module = ModuleType(MODULE)
    module.__file__ = str(path)
    declared: Declared = []
    token = DECLARED.set(declared)
    before = sys.modules.get(MODULE)
    sys.modules[MODULE] = module
    try:
        with contextlib.redirect_stdout(sys.stderr):
            exec(compile(source, str(path), "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - the project's own code
    except (Exception, SystemExit) as error:  # any error of the file is reported, and no plan passes
        if before is None:
            sys.modules.pop(MODULE, None)
        raise RulesError(f"{path}{_line(error, path)}: {_said(error)}") from error
    finally:
        DECLARED.reset(token)
    for one in declared:
        if not isinstance(one, Adjustment):
            _check(one, path)
    return declared


def _check(rule: Rule, path: Path) -> None:
    wrong = ""
    if not callable(rule):
        wrong = "@rule stands before a function"
    elif inspect.iscoroutinefunction(rule) or inspect.isgeneratorfunction(rule):
        wrong = "a rule returns a finding or None: it is no `async def` and does not yield"
    else:
        try:
            inspect.signature(rule).bind(object())
        except TypeError:
            wrong = "a rule takes one argument, the change"
    if wrong:
        raise RulesError(f"{path}: {_name(rule)}: {wrong}")


def _ask(rule: Rule, planned: PlannedChange) -> Finding | None:
    try:
        with contextlib.redirect_stdout(sys.stderr):
            # A rule may ignore its annotation.
            found: object = rule(planned)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a rule raises, its change cannot be judged
        path = Path(sys.modules[MODULE].__file__ or FILE) if MODULE in sys.modules else Path(FILE)
        return _failed(rule, planned, f"it failed in {FILE}{_line(error, path)}: {_said(error)}")
    if found is None:
        return None
    if not isinstance(found, Finding):
        returned = short(repr(found)) if isinstance(found, str | bool | int | float) else "an object of another kind"
        return _failed(rule, planned, f"it returned {returned}; a finding or None is expected")
    if not isinstance(found.danger, Danger):
        return _failed(rule, planned, f"its finding's danger is {short(repr(found.danger))}; give one of Danger's")
    if not all(isinstance(one, str) and one.strip() for one in (found.what, found.means)):
        return _failed(rule, planned, "its finding has no text: what happens and what that means")
    # Only adjustments set levels and reasons.
    return Finding(found.danger, found.what, found.means)


def _failed(rule: Rule, planned: PlannedChange, why: str) -> Finding:
    what = f"{planned.construct}: the project's rule {_name(rule)} could not judge it"
    return Finding(Danger.UNCLEAR, what, f"{why[:1].upper()}{why[1:]}.", failed_rule=True)


def _name(rule: Rule) -> str:
    return clean(getattr(rule, "__name__", str(rule)))


def _line(error: BaseException, path: Path) -> str:
    """The last line of the file in the error's traceback."""
    if isinstance(error, SyntaxError) and error.filename == str(path) and error.lineno:
        return f" line {error.lineno}"
    lines = [one.lineno for one in traceback.extract_tb(error.__traceback__) if one.filename == str(path)]
    return f" line {lines[-1]}" if lines else ""


def _said(error: BaseException) -> str:
    """The error's message, for the author of the rule."""
    if isinstance(error, SystemExit):
        return "it ends the program (sys.exit)"
    return error_text(error)


def _unknown(change: ResourceChange) -> frozenset[str]:
    return (
        frozenset(key for key, one in change.unknown.items() if one)
        if isinstance(change.unknown, Mapping)
        else (frozenset())
    )


def _shown(text: str, secrets: Iterable[str]) -> str:
    """A rule's text without values that look like secrets: a rule may repeat an attribute."""
    for one in sorted(secrets, key=len, reverse=True):
        text = text.replace(one, SECRET)
    return clean(SECRET_VALUE.sub(SECRET, text))


def _secrets(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _secrets(one, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for one in value:
            yield from _secrets(one, name)
    elif (
        isinstance(value, str)
        and len(value) >= SHORTEST_NAMED_SECRET
        and is_secret(value, name, variable=name.startswith("environment."))
    ):
        yield value
