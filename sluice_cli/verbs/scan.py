"""Scan the stacks' Terraform, the plan after an apply, and every policy."""

import argparse
import json
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

from sluice_cli.arguments import add_json, add_project, add_stacks, project_of
from sluice_cli.deployment.local import up
from sluice_cli.deployment.plan import make_plans
from sluice_cli.errors import DeploymentError
from sluice_cli.exit_codes import ExitCode
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.project import ignore_in_git
from sluice_cli.scanning.report import print_report
from sluice_cli.scanning.scanners import ScannerFailed, check_scanners
from sluice_cli.scanning.stack import NotApplied, read
from sluice_cli.scanning.verdict import scan
from sluice_cli.stack import synthesized_stacks
from sluice_cli.terminal import console


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_stacks(parser)
    add_project(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    project = project_of(arguments)
    check_scanners()  # before anything is deployed
    # Beside cdktf.out, because CDKTF writes relative paths of local modules.
    folder = Path(tempfile.mkdtemp(prefix=".sluice-scan-", dir=project.folder))
    ignore_in_git(folder)
    # Policies are complete only after an apply, which uses a temporary local AWS and the caller's settings.
    local = LocalAws(folder / "local-aws")
    try:
        target = up(project, local, arguments.stacks)
        with console.status("Planning what was applied"):
            plans = make_plans(synthesized_stacks(target, arguments.stacks))
        stacks = [
            read(plan.stack.name, (plan.stack.folder / "cdk.tf.json").read_text(), plan.document) for plan in plans
        ]
    finally:
        local.stop()
        shutil.rmtree(folder, ignore_errors=True)
    try:
        with console.status("Scanning"):
            verdict = scan(stacks)
    except (ScannerFailed, NotApplied) as error:
        raise DeploymentError(str(error)) from error
    if arguments.json:
        failed = [asdict(one) for one in verdict.failed]
        accepted = [{**asdict(one), "reason": reason} for one, reason in verdict.accepted]
        unused = [{"stack": one.stack, "resource": one.resource, "check": one.check} for one in verdict.unused]
        print(json.dumps({"failed": failed, "accepted": accepted, "unused": unused}, indent=2))
    else:
        print_report(verdict, console)
    return ExitCode.DONE if verdict.clean else ExitCode.FAILED
