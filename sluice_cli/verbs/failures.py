"""List, replay and discard failed events."""

import argparse
import json
import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from sluice_cli.arguments import add_json, add_local, add_project, one_stack, project_of
from sluice_cli.capturing.capture import Capture
from sluice_cli.deployed.readable import UnreadableStacks
from sluice_cli.deployed.resources import resources_of
from sluice_cli.errors import DeploymentError, InputError
from sluice_cli.exit_codes import ExitCode
from sluice_cli.failures.discarding import check_discard, discard_failures
from sluice_cli.failures.queue import HELD_SECONDS, Failure, FailureQueue, sources_of
from sluice_cli.stack import Stack, deployed_stacks
from sluice_cli.target import target_of
from sluice_cli.terminal import console
from sluice_cli.text import short

SHOWN = 50  # events listed in a terminal; a pipe gets all, one a line
ALL = "all"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stack", nargs="?", metavar="STACK", help="may be left out where there is only one")
    add_project(parser)
    add_local(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--replay", nargs="+", metavar="ID", help=f"ids from the list, or `{ALL}`")
    what.add_argument(
        "--discard", nargs="+", metavar="ID", help=f"ids from the list, or `{ALL}`: removed without being processed"
    )
    what.add_argument(
        "--capture",
        metavar="ID",
        help="write a test with its event, objects and rows, personal data masked; it stays in the queue",
    )
    add_json(what)
    parser.add_argument(
        "--to", type=Path, metavar="DIR", help="where --capture writes (default: the project's folder `tests`)"
    )
    parser.add_argument(
        "--include-binary",
        action="store_true",
        help="with --capture: objects that are not text as they are; nothing in them is masked",
    )
    parser.add_argument("--reason", metavar="TEXT", help="why these are discarded; kept in the function's log")


def run(arguments: argparse.Namespace) -> int:
    check_discard(arguments.discard, arguments.reason)
    if not arguments.capture and (arguments.to or arguments.include_binary):
        raise InputError("--to and --include-binary go with --capture")
    if arguments.capture == ALL:
        raise InputError(f"--capture: {ALL} is for --replay and --discard; give one id from the list")
    target = target_of(project_of(arguments), local=arguments.local, quiet=arguments.json)
    stack = one_stack(deployed_stacks(target), arguments.stack)
    stack.prepare_queries()
    wanted = set(arguments.replay or arguments.discard or ([arguments.capture] if arguments.capture else []))
    with ExitStack() as open_queues:
        queues = [open_queues.enter_context(queue) for queue in _queues(stack)]
        with console.status("Reading the failure queues"):
            read = [(queue, failure) for queue in queues for failure in queue.read()]
        failures = [failure for _, failure in read]
        if arguments.json:
            print(json.dumps([_as_json(queue, failure) for queue, failure in read], indent=2))
            return ExitCode.DONE
        if not failures:
            console.print(f"{stack.name}: the failure queue is empty{_elsewhere(queues)}", markup=False)
        elif not wanted:
            _show(stack.name, failures)
        unknown = wanted - {ALL} - {one.id for one in failures}
        if unknown:
            print(
                f"not in the failure queue: {', '.join(sorted(unknown))}{_elsewhere(queues)}; nothing was "
                f"{'discarded' if arguments.discard else 'captured' if arguments.capture else 'replayed'}",
                file=sys.stderr,
            )
            return ExitCode.WRONG_INPUT
        if arguments.capture:
            (failure,) = [one for one in failures if one.id == arguments.capture][:1]
            return _capture(stack, failure, arguments.to, include_binary=arguments.include_binary)
        chosen = [(queue, one) for queue, one in read if {ALL, one.id} & wanted]
        for queue in queues:
            queue.release(but=[one for _, one in chosen])
        if not chosen:
            return ExitCode.DONE
        return _discard(stack, chosen, arguments.reason) if arguments.discard else _replay(chosen)


def _queues(stack: Stack) -> list[FailureQueue]:
    sources = sources_of(stack.state())
    if not sources:
        raise DeploymentError(
            f"{stack.name} has no failure queue that is deployed: no function with an on-failure destination or "
            "dead-letter queue, and no queue with one"
        )
    return [FailureQueue(one, stack.target.client) for one in sources]


def _capture(stack: Stack, failure: Failure, to: Path | None, *, include_binary: bool) -> int:
    project = stack.target.project.folder
    resources = resources_of(deployed_stacks(stack.target), UnreadableStacks())
    account = stack.target.client("sts").get_caller_identity()["Account"]
    capture = Capture(stack.name, resources, stack.target.client, account)
    written = capture.write(failure, (to or project / "tests").resolve(), include_binary=include_binary)
    for note in written.notes:
        console.print(f"note: {note}", markup=False)
    masked = ", ".join(f"{count} {kind}" for kind, count in written.masked.items()) or "nothing was recognized"
    console.print(f"{written.file}: {written.objects} objects and {written.rows} rows; masked: {masked}", markup=False)
    console.print(f"Read it before you commit it, and run it: pytest {written.file}", markup=False)
    return ExitCode.DONE


def _replay(chosen: list[tuple[FailureQueue, Failure]]) -> int:
    kept = 0
    for queue, one in chosen:
        reason = queue.replay(one)
        kept += reason is not None
        console.print(f"{one.id}: {'processed' if reason is None else f'kept: {short(reason)}'}", markup=False)
    console.print(f"{len(chosen) - kept} of {len(chosen)} processed and removed, {kept} kept")
    return ExitCode.FAILED if kept else ExitCode.DONE


def _discard(stack: Stack, chosen: list[tuple[FailureQueue, Failure]], reason: str) -> int:
    said = set()
    for one, log_group in discard_failures(stack.target.client, chosen, reason):
        if log_group not in said:
            said.add(log_group)
            unlogged = "No function sends to this queue: the reason is in no log but this one"
            console.print(f"Logged in {log_group}" if log_group else unlogged, markup=False)
        console.print(f"{one.id}: discarded: {short(reason)}", markup=False)
    console.print(f"{len(chosen)} discarded")
    return ExitCode.DONE


def _elsewhere(queues: list[FailureQueue]) -> str:
    held = sum(queue.held_elsewhere() for queue in queues)
    return f" (about {held} held by another list or replay, {HELD_SECONDS // 60} minutes at most)" if held else ""


def _as_json(queue: FailureQueue, failure: Failure) -> dict[str, Any]:
    shown = asdict(failure)
    return {"queue": queue.sources.arn, **{name: shown[name] for name in ("id", "since", "reason", "origin", "event")}}


def _show(name: str, failures: list[Failure]) -> None:
    if not console.is_terminal:
        for one in failures:
            print(one.id, one.since, short(one.reason), _summary(one.event), sep="\t")
        return
    console.print(f"{name}: {len(failures)} kept, oldest first", markup=False)
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
