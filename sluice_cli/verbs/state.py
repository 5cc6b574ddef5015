"""Create the bucket that holds Terraform's state."""

import argparse

from sluice_cli.arguments import add_project, project_of
from sluice_cli.exit_codes import ExitCode
from sluice_cli.target import account_of_caller
from sluice_cli.terminal import console
from sluice_cli.terraform.state_bucket import ensure_state_bucket


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_project(parser)


def run(arguments: argparse.Namespace) -> int:
    account = account_of_caller(project_of(arguments))
    bucket, region = account.state_bucket, account.state_region
    s3 = account.client("s3")
    new = ensure_state_bucket(
        s3, str(bucket), region, account.account_id, prefix=account.state_prefix, say=console.print
    )
    console.print(f"State bucket {bucket} ({region}): {'created' if new else 'was there'}, and is up to standard.")
    console.print(f"For plain cdktf commands: export STATE_BUCKET={bucket}")
    return ExitCode.DONE
