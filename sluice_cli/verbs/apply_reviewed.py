"""Apply exactly the plan that was reviewed."""

import argparse

from sluice_cli.arguments import add_local, add_project, add_stacks, project_of
from sluice_cli.deployment.plan import apply_reviewed
from sluice_cli.exit_codes import ExitCode
from sluice_cli.target import target_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_stacks(parser)
    add_project(parser)
    add_local(parser)


def run(arguments: argparse.Namespace) -> int:
    apply_reviewed(target_of(project_of(arguments), local=arguments.local), arguments.stacks)
    return ExitCode.DONE
