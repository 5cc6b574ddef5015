"""Draw each stack's architecture."""

import argparse
import os
import tempfile
from pathlib import Path

from sluice_cli.arguments import add_project, add_stacks, project_of
from sluice_cli.exit_codes import ExitCode
from sluice_cli.review.picture.stacks import draw_all


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_stacks(parser)
    add_project(parser)
    parser.add_argument(
        "--to", type=Path, metavar="DIR", help="where the pictures go (default: diagrams, beside cdktf.json)"
    )


def run(arguments: argparse.Namespace) -> int:
    project = project_of(arguments)
    with tempfile.TemporaryDirectory(prefix="sluice-diagram-") as folder:
        synthesized = project.synthesize(os.environ, Path(folder) / "cdktf.out", quiet=True)
        pictures = draw_all(synthesized, arguments.stacks)
    to: Path = arguments.to or project.folder / "diagrams"
    to.mkdir(parents=True, exist_ok=True)
    for name, svg in pictures.items():
        (to / f"{name}.svg").write_text(svg, encoding="utf-8")
        print(to / f"{name}.svg")
    return ExitCode.DONE
