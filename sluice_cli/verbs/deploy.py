"""Deploy to the account of the caller's credentials."""

import argparse

from sluice_cli.systems import add_system_arguments, say_pending_confirmation
from sluice_cli.target import account_of_caller
from sluice_cli.terraform import deployment
from sluice_cli.terraform.state_bucket import ensure_state_bucket

HELP = "show the plan and deploy it to the AWS account of your credentials, once you approve"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_system_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    account = account_of_caller()
    deployment.console.print(f"Account {account.account_id}, state in {account.state_bucket}")
    ensure_state_bucket(account.client("s3"), account.state_bucket, account.state_region, account.account_id)
    code = deployment.interactive("deploy", arguments.systems, account)
    if code == 0:
        say_pending_confirmation(account.settings.notification_email)
    else:
        deployment.console.print(
            "If the state is locked or lost, or something already exists: `make recover SYSTEM=name` (docs/recovery.md)"
        )
    return code
