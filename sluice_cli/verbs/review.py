"""Review what a deployment would change."""

import argparse
import json
import shlex
from pathlib import Path

from sluice_cli.arguments import add_json, add_local, add_project, add_stacks, project_of
from sluice_cli.deployment.plan import acknowledge, make_plans, review_file, review_folder, review_plans, rules_of
from sluice_cli.exit_codes import ExitCode
from sluice_cli.project import FILE, Project
from sluice_cli.review import terminal
from sluice_cli.review.cost.counts import NO_COUNTS, EventCounts
from sluice_cli.review.cost.model import EVENTS, MOST_EVENTS
from sluice_cli.review.pages import as_json, write_pages
from sluice_cli.review.ruleset import NO_RULES
from sluice_cli.stack import synthesize
from sluice_cli.target import target_of
from sluice_cli.terminal import console

LONGEST_NUMBER = 20  # digits


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_stacks(parser)
    add_project(parser)
    add_local(parser)
    add_json(parser)
    parser.add_argument(
        "--acknowledge",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="a dangerous change that is meant, by its address (STACK:ADDRESS where two stacks have it); repeatable",
    )
    parser.add_argument(
        "--events",
        type=_events,
        default=EVENTS,
        metavar="N",
        help=f"events a month for which costs are calculated (default: {EVENTS:,})",
    )
    parser.add_argument(
        "--plan",
        type=Path,
        metavar="FILE",
        help="review this output of `terraform show -json` instead; the page goes beside it",
    )


def run(arguments: argparse.Namespace) -> int:
    if arguments.plan:
        project = _project_around(arguments)
        rules = rules_of(project) if project else NO_RULES
        counts = EventCounts.read(project.folder) if project else NO_COUNTS
        reviews = acknowledge([review_file(arguments.plan, rules, counts)], arguments.acknowledge)
        folder = arguments.plan.parent
    else:
        project = project_of(arguments)
        rules = rules_of(project)
        target = target_of(project, local=arguments.local, quiet=arguments.json)
        stacks = synthesize(target, arguments.stacks, quiet=arguments.json)
        reviews, folder = review_plans(make_plans(stacks, rules), arguments.acknowledge), review_folder(target)
    reviews = [one.at_load(arguments.events) for one in reviews]
    write_pages(reviews, folder)
    if arguments.json:
        print(json.dumps(as_json(reviews), indent=2))
    else:
        terminal.print_review(reviews, console, _command(arguments))
        console.print(
            f"\nTo look at: {folder / 'review.html'}; for a pull request: {folder / 'review.md'}", markup=False
        )
    return ExitCode.NEEDS_DECISION if any(one.unacknowledged for one in reviews) else ExitCode.DONE


def _command(arguments: argparse.Namespace) -> str:
    """The command that was given, to be repeated with an acknowledgement."""
    plan = ["--plan", str(arguments.plan)] if arguments.plan else []
    local = ["--local"] if arguments.local else []
    project = ["--project", str(arguments.project)] if arguments.project else []
    given = [word for address in arguments.acknowledge for word in ("--acknowledge", address)]
    return shlex.join(["sluice", "review", *arguments.stacks, *plan, *local, *project, *given])


def _project_around(arguments: argparse.Namespace) -> Project | None:
    """The project of the current folder, for its rules and counts. A plan file needs no project."""
    if arguments.project is None and not any((folder / FILE).is_file() for folder in (Path.cwd(), *Path.cwd().parents)):
        return None
    return project_of(arguments)


def _events(text: str) -> int:
    digits = text.replace(",", "").replace("_", "")
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < LONGEST_NUMBER else -1
    if not 0 <= number <= MOST_EVENTS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of events from 0 to {MOST_EVENTS:,}")
    return number
