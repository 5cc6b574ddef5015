"""Review what a deployment would change, before it does."""

import argparse
import json
from pathlib import Path

from sluice_cli.arguments import add_json, add_local, add_project, add_stacks, project_of
from sluice_cli.console import console
from sluice_cli.exit_codes import ExitCode
from sluice_cli.plan import acknowledge, make_plans, review_file, review_folder, review_plans
from sluice_cli.review import terminal
from sluice_cli.review.pages import as_json, write_pages
from sluice_cli.stack import synthesize
from sluice_cli.target import target_of


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
        "--plan",
        type=Path,
        metavar="FILE",
        help="review this output of `terraform show -json` instead; the page goes beside it",
    )


def run(arguments: argparse.Namespace) -> int:
    if arguments.plan:
        reviews = acknowledge([review_file(arguments.plan)], arguments.acknowledge)
        folder = arguments.plan.parent
    else:
        target = target_of(project_of(arguments), local=arguments.local, quiet=arguments.json)
        stacks = synthesize(target, arguments.stacks, quiet=arguments.json)
        reviews, folder = review_plans(make_plans(stacks), arguments.acknowledge), review_folder(target)
    write_pages(reviews, folder)
    if arguments.json:
        print(json.dumps(as_json(reviews), indent=2))
    else:
        terminal.print_review(reviews, console)
        console.print(
            f"\nTo look at: {folder / 'review.html'}; for a pull request: {folder / 'review.md'}", markup=False
        )
    return ExitCode.NEEDS_DECISION if any(one.unacknowledged for one in reviews) else ExitCode.DONE
