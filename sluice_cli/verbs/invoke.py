"""Invoke a deployed function with an event from a file, an example event, or a failed event."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from sluice_cli.arguments import add_json, add_local, add_project, one_stack, project_of
from sluice_cli.denials.explaining import Explainer
from sluice_cli.denials.model import Denial, Explanation
from sluice_cli.denials.reading import DenialReader
from sluice_cli.denials.showing import all_lines
from sluice_cli.deployed.choosing import answering, chosen_function
from sluice_cli.deployed.readable import UnreadableStacks
from sluice_cli.deployed.resources import Function, Resource, functions_in, resources_of
from sluice_cli.errors import DeploymentError, InputError
from sluice_cli.example_events.examples import ExampleEvents
from sluice_cli.example_events.triggers import KINDS
from sluice_cli.exit_codes import ExitCode
from sluice_cli.failures.queue import FailureQueue, sources_of
from sluice_cli.function_logs.showing import LogPrinter
from sluice_cli.invoking import Invocation, event_in, invoke, read_event
from sluice_cli.stack import Stack, deployed_stacks
from sluice_cli.target import target_of
from sluice_cli.terminal import console
from sluice_cli.text import clean

LONGEST_ANSWER = 20_000  # characters, in a terminal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "function",
        metavar="STACK/FUNCTION",
        help="the function by its name or its construct's id; STACK alone where it has one function",
    )
    add_project(parser)
    add_local(parser)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--event", metavar="FILE", help="the event, as JSON; `-` is standard input")
    what.add_argument("--example", metavar="KIND", help=f"an event as AWS sends it: {', '.join(KINDS)}")
    what.add_argument("--kept", metavar="ID", help="an event of the failure queue, which stays there")
    parser.add_argument("--key", metavar="KEY", help="the object of --example s3 (default: the newest that fits)")
    parser.add_argument("--body", metavar="TEXT", help="the body of --example sqs, sns or api")
    parser.add_argument("--print-event", action="store_true", help="print the event and invoke nothing")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    if arguments.example is None and (arguments.key is not None or arguments.body is not None):
        raise InputError("--key and --body go with --example")
    given = _given_event(arguments.event) if arguments.event else None
    target = target_of(project_of(arguments), local=arguments.local, quiet=arguments.json or arguments.print_event)
    stack_name, _, name = arguments.function.partition("/")
    stacks = deployed_stacks(target)
    stack = one_stack(stacks, stack_name)
    with answering(target):
        resources = resources_of([stack])
        functions = functions_in(resources)
        if not functions:
            raise DeploymentError(f"{stack.name} has no function that is deployed")
        function = chosen_function(functions, name or None)
        event = _event(arguments, given, stack, function, resources)
        if arguments.print_event:
            print(json.dumps(event, indent=2))
            return ExitCode.DONE
        denials = DenialReader(target.local) if target.local else None
        with console.status(f"{function.name} runs ({function.timeout_seconds} s at most)"):
            done = invoke(function, event, target.client)
        explainer = Explainer(resources, target.project.folder, lambda: resources_of(stacks, UnreadableStacks()))
        refused = _refused(done, function, denials.read() if denials else None)
        explanations = [explainer.explain(one) for one in refused]
    if arguments.json:
        print(json.dumps(_as_json(done, explanations), indent=2))
    else:
        _show(done, function, explanations)
    return ExitCode.FAILED if done.error else ExitCode.DONE


def _given_event(source: str) -> Any:
    return event_in("standard input", sys.stdin.read()) if source == "-" else read_event(Path(source))


def _event(
    arguments: argparse.Namespace, given: Any, stack: Stack, function: Function, resources: list[Resource]
) -> Any:
    if arguments.event:
        return given
    if arguments.kept:
        return _kept(stack, function, arguments.kept)
    made = ExampleEvents(function, resources, stack.target.client).make(
        arguments.example, key=arguments.key, body=arguments.body
    )
    for note in made.notes:
        print(clean(f"note: {note}"), file=sys.stderr)
    return made.event


def _kept(stack: Stack, function: Function, id_: str) -> Any:
    """The event of a failure, which stays in its queue."""
    for sources in sources_of(stack.state()):
        with FailureQueue(sources, stack.target.client) as queue:
            for failure in queue.read():
                if failure.id == id_:
                    if failure.origin not in (None, function.arn) and ":lambda:" in str(failure.origin):
                        raise InputError(f"--kept: {id_} was sent to {failure.origin}, not to {function.name}")
                    return failure.event
    raise InputError(f"--kept: {id_} is not in a failure queue of {stack.name}: `sluice failures` lists them")


def _refused(done: Invocation, function: Function, kept: list[Denial] | None) -> list[Denial]:
    """The calls that IAM refused during the invocation: from the local AWS's record, or from AWS's messages in response
    and log.
    """
    if kept is not None:
        own = (one for one in kept if one.function == function.name)
        return [one for one in own if one.request_id in ("", done.request_id)]
    texts = [json.dumps(done.payload), *(one.event.message for one in done.log)]
    found = {
        (one.action, one.resource): one
        for text in texts
        if (one := Denial.in_text(text.replace('\\"', '"'))) is not None
    }
    return list(found.values())


def _as_json(done: Invocation, explanations: list[Explanation]) -> dict[str, Any]:
    return {
        "request_id": done.request_id,
        "error": done.error,
        "answer": done.payload,
        "seconds": round(done.seconds, 3),
        "log": [one.as_json() for one in done.log],
        "log_complete": done.log_complete,
        "denials": [one.as_json() for one in explanations],
    }


def _show(done: Invocation, function: Function, explanations: list[Explanation]) -> None:
    printer = LogPrinter([function.name])
    for line in done.log:
        for text in printer.lines(line.without_denial()):
            console.print(text)
    if not done.log_complete:
        console.print("The end of the log is not there yet: `sluice logs --request` has it later")
    for said in all_lines(explanations):
        console.print(said, markup=False, style="bold yellow")
    answer = json.dumps(done.payload, indent=2, ensure_ascii=False)
    if console.is_terminal and len(answer) > LONGEST_ANSWER:
        answer = f"{answer[:LONGEST_ANSWER]}\n… ({len(answer):,} characters; --json has them all)"
    style = "bold red" if done.error else "bold"
    outcome = f"failed ({done.error})" if done.error else "answered"
    console.print(
        f"{function.name} {outcome} after {done.seconds:.2f} s, request {done.request_id}:", style=style, markup=False
    )
    console.print("\n".join(map(clean, answer.split("\n"))), markup=False)
