"""Take down what `up` brought up."""

import argparse

from sluice_cli.local_aws.server import LocalAws
from sluice_cli.target import LOCAL, local_target
from sluice_cli.terraform import deployment

HELP = "destroy the systems on the local AWS and stop it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(arguments: argparse.Namespace) -> int:
    del arguments
    down(LocalAws(LOCAL))
    return 0


def down(local: LocalAws) -> None:
    if local.running() is not None and (local.folder / "cdktf.out").exists():
        deployment.destroy([], local_target(local))
    deployment.console.print("Local AWS: stopped" if local.stop() else "Local AWS: was not running")
