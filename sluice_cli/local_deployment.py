"""A local AWS with stacks deployed on it."""

from sluice_cli.local_aws.server import LocalAws
from sluice_cli.systems import say_pending_confirmation
from sluice_cli.target import local_target
from sluice_cli.terraform import deployment, planning
from sluice_cli.terraform.state_bucket import ensure_local_state_bucket


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
