"""Show the logs of a project's functions, side by side."""

import argparse
import json
import time
from collections.abc import Iterable, Iterator
from typing import Any

from rich.text import Text

from sluice_cli.arguments import add_json, add_local, add_project, add_stacks, project_of
from sluice_cli.denials.explaining import Explainer
from sluice_cli.denials.model import Denial, Explanation
from sluice_cli.denials.showing import lines as explanation_lines
from sluice_cli.deployed.choosing import answering, chosen_function
from sluice_cli.deployed.readable import UnreadableStacks
from sluice_cli.deployed.resources import functions_in, resources_of
from sluice_cli.errors import DeploymentError
from sluice_cli.function_logs.events import LogReader
from sluice_cli.function_logs.lines import LineReader, LogLine, level_named
from sluice_cli.function_logs.moments import milliseconds, moment
from sluice_cli.function_logs.showing import LogPrinter
from sluice_cli.stack import deployed_stacks
from sluice_cli.target import target_of
from sluice_cli.terminal import console

EVERY_SECONDS = 1.0
LOCAL_EVERY_SECONDS = 0.3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_stacks(parser)
    add_project(parser)
    add_local(parser)
    parser.add_argument("--function", nargs="+", metavar="NAME", help="only these functions (default: all)")
    parser.add_argument(
        "--since", metavar="TIME", help="30s, 10m, 2h, 1d ago, or an ISO time (default: 10m; 1d with --request)"
    )
    parser.add_argument("--level", metavar="LEVEL", help="this level and above: DEBUG, INFO, WARNING, ERROR")
    parser.add_argument("--request", metavar="ID", help="only the invocation with this request id")
    parser.add_argument("--follow", action="store_true", help="go on with what is logged from now, until Ctrl-C")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    least = level_named(arguments.level) if arguments.level else None
    since = milliseconds(moment(arguments.since or ("1d" if arguments.request else "10m")))
    target = target_of(project_of(arguments), local=arguments.local, quiet=arguments.json)
    stacks, unreadable = deployed_stacks(target, arguments.stacks), UnreadableStacks()
    with answering(target):
        resources = resources_of(stacks, unreadable)
        functions = functions_in(resources)
        if not functions and unreadable.exit_code:
            return unreadable.exit_code
        if not functions:
            raise DeploymentError(f"no function is deployed of {', '.join(one.name for one in stacks) or 'any stack'}")
        if arguments.function:
            functions = [chosen_function(functions, name) for name in dict.fromkeys(arguments.function)]
        explainer = Explainer(
            resources,
            target.project.folder,
            lambda: resources_of(deployed_stacks(target), unreadable) if arguments.stacks else [],
        )
        show = (
            _Json(explainer, local=arguments.local)
            if arguments.json
            else _ForPeople(explainer, [one.name for one in functions], local=arguments.local)
        )
        reader, understood = LogReader(functions, target.client, since), LineReader()
        while True:
            lines = (understood.read(event) for event in reader.read())
            show.show(
                line
                for line in lines
                if (least is None or line.level >= least) and arguments.request in (None, line.request_id)
            )
            if not arguments.follow:
                break
            time.sleep(LOCAL_EVERY_SECONDS if arguments.local else EVERY_SECONDS)
    return unreadable.exit_code


class _Explaining:
    """Explains refused calls in log lines: by the local AWS's record of them, or in an account by AWS's message."""

    def __init__(self, explainer: Explainer, *, local: bool) -> None:
        self._explainer = explainer
        self._local = local
        self._known: set[tuple[str, str, str]] = set()

    def explained(self, line: LogLine) -> Explanation | None:
        """The explanation of a refused call; repeated calls are explained once."""
        if isinstance(line.fields.get("denial"), dict):
            denial: Denial | None = Denial.recorded(line.fields["denial"])
        else:
            denial = None if self._local else Denial.in_text(line.event.message)
        if denial is None or (denial.role, denial.action, denial.resource) in self._known:
            return None
        self._known.add((denial.role, denial.action, denial.resource))
        return self._explainer.explain(denial)


class _Json(_Explaining):
    """Prints each line as a JSON object as soon as it arrives."""

    def show(self, lines: Iterable[LogLine]) -> None:
        for line in lines:
            explanation = self.explained(line)
            shown: dict[str, Any] = {**line.as_json(), **({"denial": explanation.as_json()} if explanation else {})}
            print(json.dumps(shown), flush=True)


class _ForPeople(_Explaining):
    def __init__(self, explainer: Explainer, functions: list[str], *, local: bool) -> None:
        super().__init__(explainer, local=local)
        self._printer = LogPrinter(functions)

    def show(self, lines: Iterable[LogLine]) -> None:
        for text in self._texts(lines):
            if console.is_terminal:
                console.print(text)
            else:
                print(text.plain, flush=True)

    def _texts(self, lines: Iterable[LogLine]) -> Iterator[Text]:
        for line in lines:
            explanation = self.explained(line)
            yield from self._printer.lines(line.without_denial())
            if explanation:
                yield from (Text(f"    {one}", style="bold yellow") for one in explanation_lines(explanation))
