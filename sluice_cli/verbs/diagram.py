"""Each system's architecture picture, for the documents."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from settings import Settings
from sluice_cli.review.configuration import Configuration
from sluice_cli.review.picture.arrows import picture_of
from sluice_cli.review.picture.layout import LayoutError, place
from sluice_cli.review.picture.svg import draw
from sluice_cli.review.plan import NO_PLAN
from sluice_cli.review.words import Names
from sluice_cli.systems import NAMES
from sluice_cli.target import ROOT
from sluice_cli.terraform.deployment import DeploymentError, console

HELP = "write each system's architecture picture, drawn from its Terraform, to docs/diagrams"

DIAGRAMS = ROOT / "docs" / "diagrams"
# Everything that the settings can add to a picture is on it.
SETTINGS = {"NOTIFICATION_EMAIL": "team@example.com", "CORS_ORIGINS": "https://app.example.com"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(arguments: argparse.Namespace) -> int:
    del arguments
    DIAGRAMS.mkdir(parents=True, exist_ok=True)
    for name, svg in diagrams().items():
        (DIAGRAMS / f"{name}.svg").write_text(svg, encoding="utf-8")
        console.print(f"{name}: {(DIAGRAMS / f'{name}.svg').relative_to(ROOT)}")
    return 0


def diagrams() -> dict[str, str]:
    """The pictures as SVG, the same on every machine and under any settings of the caller's."""
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run(
            [sys.executable, "main.py"],
            cwd=ROOT,
            env={**_without_settings(os.environ), **SETTINGS, "CDKTF_OUTDIR": folder},
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            raise DeploymentError(f"synth failed: {result.stderr.strip()}")
        return draw_all(Path(folder))


def draw_all(output: Path) -> dict[str, str]:
    """The pictures of what was synthesized into a folder."""
    pictures = []
    for name in NAMES:
        path = output / "stacks" / name / "cdk.tf.json"
        if path.is_file():
            configuration = Configuration.synthesized(json.loads(path.read_text()))
            pictures.append(picture_of(name, configuration, Names(NO_PLAN, configuration)))
    try:
        return {one.picture.title: draw(one) for one in place(pictures)}
    except LayoutError as error:
        raise DeploymentError(str(error)) from error


def _without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    own = {one.metadata["name"] for one in fields(Settings)}
    return {name: value for name, value in environment.items() if name not in own and name != "CDKTF_CONTEXT_JSON"}
