"""Synthesize only."""

import argparse
import json
import os

from sluice_cli.arguments import add_json, add_project, add_stacks, project_of
from sluice_cli.exit_codes import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_stacks(parser)
    add_project(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    project = project_of(arguments)
    synthesized = project.synthesize(os.environ, project.output, quiet=arguments.json)
    files = {name: str(synthesized.folders[name] / "cdk.tf.json") for name in synthesized.ordered(arguments.stacks)}
    if arguments.json:
        print(json.dumps(files, indent=2))
    else:
        for name, path in sorted(files.items()):
            print(f"{name}: {path}")
    return ExitCode.DONE
