"""Create the bucket that holds Terraform's state."""

import argparse

from sluice_cli.target import account_of_caller
from sluice_cli.terraform.deployment import console
from sluice_cli.terraform.state_bucket import ensure_state_bucket

HELP = "create the state bucket, or bring an existing one up to standard (idempotent)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(arguments: argparse.Namespace) -> int:
    del arguments
    account = account_of_caller()
    bucket, region = account.state_bucket, account.state_region
    new = ensure_state_bucket(account.client("s3"), bucket, region, account.account_id)
    console.print(f"State bucket {bucket} ({region}): {'created' if new else 'was there'}, and is up to standard.")
    console.print(f"For plain cdktf commands: export STATE_BUCKET={bucket}")
    return 0
