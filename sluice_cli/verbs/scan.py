"""Scan what the systems are made of: the Terraform, its plan after the apply, and every policy in it."""

import argparse
import sys
import tempfile
from pathlib import Path

from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_deployment import up
from sluice_cli.scanning.report import print_report
from sluice_cli.scanning.scanners import ScannerFailed
from sluice_cli.scanning.stack import NotApplied, read
from sluice_cli.scanning.verdict import scan
from sluice_cli.systems import NAMES, add_system_arguments
from sluice_cli.terraform.deployment import console
from sluice_cli.terraform.planning import make_plan, stack_folder

HELP = (
    "scan the systems' Terraform, plans and policies, off line; exit code 0 when nothing is found that is not accepted"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_system_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    systems = arguments.systems or list(NAMES)
    with tempfile.TemporaryDirectory(prefix="scan-") as folder:
        # Policies are text only after an apply: on a local AWS of this run's own, under the caller's settings.
        local = LocalAws(Path(folder) / "local-aws")
        try:
            target = up(local, arguments.systems)
            with console.status("Planning what was applied"):
                stacks = [
                    read(name, (stack_folder(name, target) / "cdk.tf.json").read_text(), make_plan(name, target))
                    for name in systems
                ]
        finally:
            local.stop()
    try:
        with console.status("Scanning"):
            verdict = scan(stacks)
    except (ScannerFailed, NotApplied) as error:
        print(error, file=sys.stderr)
        return 2
    print_report(verdict, console)
    return 0 if verdict.clean else 1
