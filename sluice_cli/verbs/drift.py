"""Report differences between deployed stacks and their state."""

import argparse
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sluice_cli.arguments import add_json, add_local, add_project, add_stacks, project_of
from sluice_cli.deployment.plan import AT_ONCE, rules_of
from sluice_cli.drift.formats import as_json, print_drift, to_markdown
from sluice_cli.drift.looking import drift_of
from sluice_cli.exit_codes import ExitCode
from sluice_cli.stack import synthesize
from sluice_cli.target import target_of
from sluice_cli.terminal import console


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_stacks(parser)
    add_project(parser)
    add_local(parser)
    add_json(parser)
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write it to a file, for an issue")


def run(arguments: argparse.Namespace) -> int:
    project = project_of(arguments)
    rules = rules_of(project)
    target = target_of(project, local=arguments.local)
    stacks = synthesize(target, arguments.stacks, quiet=arguments.json)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda stack: drift_of(stack, rules), stacks))
    if arguments.markdown:
        arguments.markdown.write_text(to_markdown(found), encoding="utf-8")
    if arguments.json:
        print(json.dumps(as_json(found), indent=2))
    else:
        print_drift(found, console)
    return ExitCode.NEEDS_DECISION if any(one.drifts for one in found) else ExitCode.DONE
