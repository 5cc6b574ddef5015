"""Recover from a deployment that was interrupted or killed, and from a lost state. See docs/recovery.md."""

import argparse
import json
import sys
from collections.abc import Sequence

from sluice_cli.arguments import add_json, add_local, add_project, one_stack, project_of
from sluice_cli.errors import DeploymentError, InputError
from sluice_cli.exit_codes import ExitCode
from sluice_cli.recovery.orphans import Findings, Recovery
from sluice_cli.recovery.state_store import StateStore
from sluice_cli.recovery.terminal import as_json, show_findings, show_versions
from sluice_cli.stack import Stack, synthesize
from sluice_cli.target import target_of
from sluice_cli.terminal import console
from sluice_cli.text import short

NEWEST = "newest"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stack", nargs="?", metavar="STACK", help="may be left out where there is only one")
    add_project(parser)
    add_local(parser)
    parser.add_argument("--unlock", action="store_true", help="release the lock without asking")
    parser.add_argument(
        "--restore", metavar="VERSION", help=f"the state's version to restore, or `{NEWEST}` that is good"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--adopt", action="store_true", help="take what exists into the state, without asking")
    what.add_argument("--remove", action="store_true", help="destroy what exists outside the state, without asking")
    add_json(what)


def run(arguments: argparse.Namespace) -> int:
    target = target_of(project_of(arguments), local=arguments.local, quiet=arguments.json)
    stack = one_stack(synthesize(target, quiet=arguments.json), arguments.stack)
    store = StateStore.of(stack)
    if store is None:
        print(
            f"State: in a backend ({stack.backend[0]}) whose locks and versions only its own tools show",
            file=sys.stderr,
        )
    elif not (_release(store, arguments) and _restore(store, arguments)):
        return ExitCode.NEEDS_DECISION
    stack.init()
    return _mend(stack, arguments)


def _release(store: StateStore, arguments: argparse.Namespace) -> bool:
    """Whether the state is unlocked, now or after the release."""
    lock = store.lock()
    if lock is None:
        _say("Lock: free", arguments)
        return True
    held = f"Lock: held by {short(lock.who)} since {short(lock.created)} for {short(lock.operation)}"
    print(held, file=sys.stderr) if arguments.json else console.print(held, markup=False)
    if not arguments.unlock and not _confirmed("Release it? Only if nothing runs there any more.", "--unlock"):
        return False
    store.release(lock)
    _say("Lock: released", arguments)
    return True


def _restore(store: StateStore, arguments: argparse.Namespace) -> bool:
    """Whether there is a valid state. A state that was never written counts as empty."""
    wanted: str | None = arguments.restore
    versions = store.versions()
    good = [one for one in versions if not one.problem]
    current = versions[0] if versions else None
    if wanted is None and (current is None or not current.problem):
        state = f"serial {current.serial}, {current.resources} resources" if current else "none was written yet"
        _say(f"State: {state}", arguments)
        return True
    show_versions(versions)
    if not good:
        raise DeploymentError(f"no version of {store.key} in {store.bucket} can be restored")
    if wanted is None:
        print(f"State: {current.problem if current else 'none'}", file=sys.stderr)
        wanted = _answer("Restore which version? (empty: none)", [one.id for one in good], f"--restore {NEWEST}")
        if not wanted:
            return False
    chosen = good[0] if wanted == NEWEST else next((one for one in good if one.id == wanted), None)
    if chosen is None:
        raise InputError(f"--restore {wanted}: it is not in the list above, or has a problem; give an id without one")
    store.restore(chosen)
    _say(f"State: restored serial {chosen.serial} with {chosen.resources} resources", arguments)
    return True


def _mend(stack: Stack, arguments: argparse.Namespace) -> int:
    recovery = Recovery(stack)
    findings = recovery.look()
    if arguments.json:
        print(json.dumps(as_json(stack.name, findings), indent=2))
        return ExitCode.NEEDS_DECISION if findings.orphans or findings.tainted else ExitCode.DONE
    show_findings(findings)
    if not findings.ours and not findings.tainted:
        _say_next(stack.name, findings)
        return ExitCode.NEEDS_DECISION if findings.refused else ExitCode.DONE
    choice = "adopt" if arguments.adopt else "remove" if arguments.remove else None
    choice = choice or _answer("adopt, remove or leave them?", ["adopt", "remove", "leave"], "--adopt or --remove")
    if choice == "adopt":
        recovery.adopt(findings)
        console.print(f"Adopted: {len(findings.ours) + len(findings.tainted)}")
        _say_next(stack.name, findings)
    elif choice == "remove":
        console.print(f"Removed: {recovery.remove(findings)}")
        console.print(f"Now run the deployment again: it makes {stack.name} anew", markup=False)
    else:
        console.print("Left as they are")
        return ExitCode.NEEDS_DECISION
    return ExitCode.NEEDS_DECISION if findings.refused else ExitCode.DONE


def _say(text: str, arguments: argparse.Namespace) -> None:
    if not arguments.json:
        console.print(text, markup=False)


def _say_next(name: str, findings: Findings) -> None:
    if any((findings.add, findings.change, findings.destroy)):
        console.print(
            f"Left for the next deployment of {name}: {findings.add} to add, {findings.change} to change, "
            f"{findings.destroy} to destroy",
            markup=False,
        )
    else:
        console.print(f"{name}: state and resources agree with the configuration", markup=False)


def _confirmed(question: str, option: str) -> bool:
    return _answer(question, ["yes", "no"], option) == "yes"


def _answer(question: str, choices: Sequence[str], option: str) -> str:
    """The person's answer; empty without a terminal."""
    if not sys.stdin.isatty():
        print(f"{question} Standard input is not a terminal: give {option}", file=sys.stderr)
        return ""
    while True:
        answer = console.input(f"{question} ({', '.join(choices)}) ").strip()
        if answer in choices or not answer:
            return answer
