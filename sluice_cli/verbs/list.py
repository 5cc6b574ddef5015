"""Which stacks there are."""

import argparse
import json
import os
import tempfile
from pathlib import Path

from sluice_cli.arguments import add_json, add_project, project_of
from sluice_cli.exit_codes import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_project(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    project = project_of(arguments)
    with tempfile.TemporaryDirectory(prefix="sluice-list-") as folder:
        synthesized = project.synthesize(os.environ, Path(folder) / "cdktf.out", quiet=True)
        names = synthesized.ordered()
    if arguments.json:
        stacks = [{"name": name, "dependencies": sorted(synthesized.dependencies[name])} for name in names]
        print(json.dumps({"project": str(project.folder), "stacks": stacks}, indent=2))
        return ExitCode.DONE
    for name in names:
        after = ", ".join(sorted(synthesized.dependencies[name]))
        print(f"{name} (after {after})" if after else name)
    return ExitCode.DONE
