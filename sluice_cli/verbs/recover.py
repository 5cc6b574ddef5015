"""Recover from a deployment that was interrupted or killed, and from a lost state. docs/recovery.md tells the story."""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

from rich.table import Table

from sluice_cli import target as targets
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.recovery.orphans import Findings, Orphan, Recovery
from sluice_cli.recovery.state_store import StateStore, Version
from sluice_cli.systems import system_name
from sluice_cli.terraform import planning
from sluice_cli.terraform.deployment import DeploymentError, Target, console
from sluice_cli.text import short

HELP = "after an interrupted or killed deployment: release the lock, restore the state, adopt or remove what is left"

LEFT = 3  # exit code: something was found and left as it is
NEWEST = "newest"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("system", type=system_name, metavar="SYSTEM")
    parser.add_argument("--local", action="store_true", help="on the local AWS that `make up` started")
    parser.add_argument("--unlock", action="store_true", help="release the lock without asking")
    parser.add_argument(
        "--restore", metavar="VERSION", help=f"the state's version to restore, or `{NEWEST}` that is good"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--adopt", action="store_true", help="take what exists into the state, without asking")
    what.add_argument("--remove", action="store_true", help="destroy what exists outside the state, without asking")


def run(arguments: argparse.Namespace) -> int:
    system: str = arguments.system
    target, client = _reach(local=arguments.local)
    planning.synthesize(target, [system])
    store = StateStore.of(planning.stack_folder(system, target), client)
    if not (_release(store, unlock=arguments.unlock) and _restore(store, arguments.restore)):
        return LEFT
    planning.run_terraform(system, target, "init", "-input=false")
    return _mend(Recovery(system, target, client), arguments)


def _reach(*, local: bool) -> tuple[Target, Callable[..., Any]]:
    if local:
        running = LocalAws(targets.LOCAL)
        return targets.local_target(running), running.client
    account = targets.account_of_caller()
    console.print(f"Account {account.account_id}, state in {account.state_bucket}", markup=False)
    return account, account.client


def _release(store: StateStore, *, unlock: bool) -> bool:
    """Whether the way is free."""
    lock = store.lock()
    if lock is None:
        console.print("Lock: free")
        return True
    console.print(
        f"Lock: held by {short(lock.who)} since {short(lock.created)} for {short(lock.operation)}", markup=False
    )
    if not unlock and not _confirmed("Release it? Only if nothing runs there any more.", "UNLOCK=yes"):
        return False
    store.release(lock)
    console.print("Lock: released")
    return True


def _restore(store: StateStore, wanted: str | None) -> bool:
    """Whether there is a state to go on with. That none was ever written is one, too: the empty one."""
    versions = store.versions()
    good = [one for one in versions if not one.problem]
    current = versions[0] if versions else None
    if wanted is None and (current is None or not current.problem):
        said = f"serial {current.serial}, {current.resources} resources" if current else "none was written yet"
        console.print(f"State: {said}")
        return True
    _show_versions(versions)
    if not good:
        raise DeploymentError(f"no version of {store.key} in {store.bucket} can be restored")
    if wanted is None:
        print(f"State: {current.problem if current else 'none'}", file=sys.stderr)
        wanted = _answer("Restore which version? (empty: none)", [one.id for one in good], f"RESTORE={NEWEST}")
        if not wanted:
            return False
    chosen = good[0] if wanted == NEWEST else next((one for one in good if one.id == wanted), None)
    if chosen is None:
        raise DeploymentError(f"{wanted} is not a version that can be restored; those without a problem are: see above")
    store.restore(chosen)
    console.print(f"State: restored serial {chosen.serial} with {chosen.resources} resources", markup=False)
    return True


def _mend(recovery: Recovery, arguments: argparse.Namespace) -> int:
    findings = recovery.look()
    _show_findings(findings)
    if not findings.ours and not findings.tainted:
        _say_next(arguments.system, findings)
        return LEFT if findings.refused else 0
    choice = "adopt" if arguments.adopt else "remove" if arguments.remove else None
    choice = choice or _answer("adopt, remove or leave them?", ["adopt", "remove", "leave"], "ADOPT=yes or REMOVE=yes")
    if choice == "adopt":
        recovery.adopt(findings)
        console.print(f"Adopted: {len(findings.ours) + len(findings.tainted)}")
        _say_next(arguments.system, findings)
    elif choice == "remove":
        console.print(f"Removed: {recovery.remove(findings)}")
        console.print(f"Now run the deployment again: it makes {arguments.system} anew")
    else:
        console.print("Left as they are")
        return LEFT
    return LEFT if findings.refused else 0


def _say_next(system: str, findings: Findings) -> None:
    left = (findings.add, findings.change, findings.destroy)
    if any(left):
        add, change, destroy = left
        console.print(
            f"Left for the next deployment of {system}: {add} to add, {change} to change, {destroy} to destroy"
        )
    else:
        console.print(f"{system}: state and resources agree with the configuration")


def _show_versions(versions: Sequence[Version]) -> None:
    columns = ("version", "written", "bytes", "serial", "resources", "lineage", "problem")
    table = Table(*columns, title="State, newest first")
    for one in versions:
        when = one.modified.isoformat(" ", "seconds")
        row = (one.id, when, *map(str, (one.size, one.serial, one.resources)), one.lineage, one.problem)
        if console.is_terminal:
            table.add_row(*row)
        else:
            print(*row, sep="\t")
    if console.is_terminal:
        console.print(table)


def _show_findings(findings: Findings) -> None:
    if not findings.orphans and not findings.tainted:
        console.print("Nothing exists that the state does not know")
        return
    rows: list[Orphan] = [
        *findings.orphans,
        *(Orphan(one, one.split(".")[0], "", "half-made: a deployment would replace it") for one in findings.tainted),
    ]
    if not console.is_terminal:
        for one in rows:
            print(one.address, one.id, one.problem or "exists, not in the state", sep="\t")
        return
    table = Table("resource", "id", "what", title="Not in the state, or half-made")
    for one in rows:
        table.add_row(one.address, one.id, one.problem or "exists, not in the state")
    console.print(table)


def _confirmed(question: str, flag: str) -> bool:
    return _answer(question, ["yes", "no"], flag) == "yes"


def _answer(question: str, choices: Sequence[str], flag: str) -> str:
    """What the person says; nothing where there is no person."""
    if not sys.stdin.isatty():
        print(f"{question} Nobody to ask: give {flag}", file=sys.stderr)
        return ""
    while True:
        answer = console.input(f"{question} ({', '.join(choices)}) ").strip()
        if answer in choices or not answer:
            return answer
