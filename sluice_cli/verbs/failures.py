"""What a system could not process: looking at it, and sending it through the function again."""

import argparse
import json
import sys
from typing import Any
from urllib.parse import unquote_plus

from sluice_cli.failure_queue import HELD_SECONDS, Failure, FailureQueue
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.systems import system_name
from sluice_cli.target import LOCAL, Account, account_of_caller, local_target
from sluice_cli.terraform.deployment import console
from sluice_cli.text import short

HELP = "list the events a system's failure queue keeps, and why; --replay sends them through the function again"

SHOWN = 50  # in a terminal; a pipe gets all, a line each


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("system", type=system_name, metavar="SYSTEM")
    parser.add_argument("--replay", nargs="+", metavar="ID", help="ids from the list, or `all`")
    parser.add_argument("--local", action="store_true", help="on the local AWS that `make up` started")


def run(arguments: argparse.Namespace) -> int:
    with _queue(arguments) as queue:
        with console.status("Reading the failure queue"):
            failures = queue.read()
        if not failures:
            console.print(f"{arguments.system}: nothing waits in the failure queue{_elsewhere(queue)}")
        elif not arguments.replay:
            _show(arguments.system, failures)
        unknown = set(arguments.replay or ()) - {"all"} - {one.id for one in failures}
        if unknown:
            print(
                f"not in the failure queue: {', '.join(sorted(unknown))}{_elsewhere(queue)}; nothing was replayed",
                file=sys.stderr,
            )
            return 2
        wanted = [one for one in failures if {"all", one.id} & set(arguments.replay or ())]
        queue.release(but=wanted)
        return _replay(queue, wanted) if wanted else 0


def _queue(arguments: argparse.Namespace) -> FailureQueue:
    if arguments.local:
        local = LocalAws(LOCAL)
        return FailureQueue(local_target(local), arguments.system, local.client)
    account: Account = account_of_caller()
    return FailureQueue(account, arguments.system, account.client)


def _replay(queue: FailureQueue, failures: list[Failure]) -> int:
    kept = 0
    for one in failures:
        reason = queue.replay(one)
        kept += reason is not None
        console.print(f"{one.id}: {'processed' if reason is None else f'kept: {short(reason)}'}", markup=False)
    console.print(f"{len(failures) - kept} of {len(failures)} processed and removed, {kept} kept")
    return 1 if kept else 0


def _elsewhere(queue: FailureQueue) -> str:
    held = queue.held_elsewhere()
    return f" (about {held} held by another list or replay, {HELD_SECONDS // 60} minutes at most)" if held else ""


def _show(system: str, failures: list[Failure]) -> None:
    if not console.is_terminal:
        for one in failures:
            print(one.id, one.since, short(one.reason), _summary(one.event), sep="\t")
        return
    console.print(f"{system}: {len(failures)} kept, oldest first")
    for one in failures[:SHOWN]:
        console.print(f"\n{one.id}  since {one.since}", markup=False, style="bold")
        console.print(f"  {short(one.reason)}\n  {_summary(one.event)}", markup=False)
    if len(failures) > SHOWN:
        console.print(f"\nand {len(failures) - SHOWN} more: piped, all are listed, a line each")


def _summary(event: Any) -> str:
    """The keys of an S3 event; of anything else its beginning."""
    try:
        keys = [unquote_plus(record["s3"]["object"]["key"]) for record in event["Records"]]
    except (KeyError, TypeError, AttributeError):
        return short(json.dumps(event, ensure_ascii=False))
    return short(f"{len(keys)} record{'' if len(keys) == 1 else 's'}: " + ", ".join(keys))
