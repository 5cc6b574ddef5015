"""Show the segments of a request: functions and AWS calls."""

import argparse
import json

from sluice_cli.arguments import add_json, add_local, add_project, project_of
from sluice_cli.deployed.choosing import answering
from sluice_cli.errors import DeploymentError, InputError
from sluice_cli.exit_codes import ExitCode
from sluice_cli.function_logs.moments import moment
from sluice_cli.target import DEFAULT_STATE_REGION, target_of
from sluice_cli.terminal import console
from sluice_cli.text import clean
from sluice_cli.traces.model import Trace
from sluice_cli.traces.reading import Summary, read_trace, summaries, trace_id_in
from sluice_cli.traces.waterfall import waterfall

LISTED = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", nargs="?", metavar="ID", help="a trace id (default: the latest traces are listed)")
    add_project(parser)
    add_local(parser)
    parser.add_argument("--last", action="store_true", help="the newest trace")
    parser.add_argument("--function", metavar="NAME", help="only traces of the function with this name")
    parser.add_argument("--since", default="1h", metavar="TIME", help="30s, 10m, 2h ago, or an ISO time (default: 1h)")
    parser.add_argument(
        "--region", metavar="REGION", help="the region of the functions (default: that of the settings)"
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    if arguments.id and (arguments.last or arguments.function):
        raise InputError("a trace id goes without --last and --function")
    id_ = trace_id_in(arguments.id) if arguments.id else None
    since = moment(arguments.since)
    target = target_of(project_of(arguments), local=arguments.local, quiet=arguments.json)
    # The local AWS keeps the traces of all regions together.
    xray = target.client("xray", region_name=arguments.region or (DEFAULT_STATE_REGION if target.local else None))
    with answering(target):
        if id_ is None:
            found = summaries(xray, since, [arguments.function] if arguments.function else [])
            if not arguments.last:
                return _list(found, as_json=arguments.json)
            if not found:
                raise DeploymentError(f"no trace since {arguments.since}; traced are functions with active tracing")
            id_ = found[0].id
        trace = read_trace(xray, id_)
    if trace is None:
        raise DeploymentError(f"X-Ray has no trace {id_}; it keeps traces for 30 days, the local AWS the last 1,000")
    if arguments.json:
        print(json.dumps(trace.as_json(), indent=2))
    else:
        _show(trace)
    return ExitCode.DONE


def _list(found: list[Summary], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps([one.as_json() for one in found], indent=2))
        return ExitCode.DONE
    if not found:
        console.print("No traces; --since looks further back")
    for one in found[:LISTED] if console.is_terminal else found:
        when = f"{one.start.astimezone():%H:%M:%S}"
        names = ", ".join(one.services)
        console.print(
            clean(f"{one.id}  {when}  {one.seconds * 1000:>8,.0f} ms  {one.status or 'ok':<8}  {names}"), markup=False
        )
    if console.is_terminal and len(found) > LISTED:
        console.print(f"and {len(found) - LISTED} older: piped, all are listed")
    return ExitCode.DONE


def _show(trace: Trace) -> None:
    parts = sum(1 for _ in trace.spans())
    words = "1 part" if parts == 1 else f"{parts:,} parts"
    console.print(f"Trace {trace.id}: {(trace.end - trace.start) * 1000:,.0f} ms, {words}", markup=False, style="bold")
    for line in waterfall(trace, console.width):
        console.print(line)
