"""Synthesize only."""

import argparse
import os

from sluice_cli.target import ROOT, settings_of_caller
from sluice_cli.terraform import deployment
from sluice_cli.terraform.deployment import Target, console

HELP = "write the Terraform of all systems to cdktf.out; needs no AWS account and no network"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(arguments: argparse.Namespace) -> int:
    del arguments
    settings_of_caller()
    target = Target(environment=os.environ, folder=ROOT)
    code = deployment.synth(target)
    if code == 0:
        for stack in sorted((target.output / "stacks").iterdir()):
            console.print(f"{stack.name}: {stack / 'cdk.tf.json'}")
    return code
