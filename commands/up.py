"""Bring up the local AWS with the systems on it."""

import argparse

from . import deployment, planning
from .local_aws import LocalAws
from .state import ensure_local_state_bucket
from .systems import add_system_arguments, say_pending_confirmation
from .target import LOCAL, local_target

HELP = "start the local AWS and deploy the systems to it; what is in place stays as it is"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_system_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    up(LocalAws(LOCAL), arguments.systems)
    return 0


def up(local: LocalAws, systems: list[str]) -> deployment.Target:
    """The local AWS running and the systems deployed on it."""
    was_running = local.running() is not None
    running = local.start()
    deployment.console.print(
        f"Local AWS: {'still running' if was_running else 'started'} at {running.url}, IAM enforced; "
        "your AWS credentials and profiles are not read"
    )
    target = local_target(local)
    bucket = target.environment["STATE_BUCKET"]
    new = ensure_local_state_bucket(local, bucket)
    deployment.console.print(f"State bucket: {bucket} {'created' if new else 'in place'}")
    if new:
        deployment.console.print(
            "Deploying takes a minute or two, most of it the AWS provider's own waits for S3 and SQS"
        )
    planning.deploy(systems, target)
    say_pending_confirmation(target.environment.get("NOTIFICATION_EMAIL"))
    return target
