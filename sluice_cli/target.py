"""Where a command works: on the AWS account of the caller's credentials, or on the local AWS."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

import main
from settings import Settings, SettingsError
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.terraform import deployment
from sluice_cli.terraform.deployment import Target

ROOT = Path(__file__).parent.parent
LOCAL = ROOT / ".local"

DEFAULT_STATE_REGION = "us-east-1"


@dataclass(frozen=True)
class Account(Target):
    """A target together with what is known of the account behind it."""

    settings: Settings
    account_id: str
    session: Any

    @property
    def state_bucket(self) -> str:
        return self.environment["STATE_BUCKET"]

    @property
    def state_region(self) -> str:
        return self.settings.region or DEFAULT_STATE_REGION

    def client(self, service: str, region_name: str | None = None, **options: Any) -> Any:
        return self.session.client(
            service, region_name=region_name or self.state_region, endpoint_url=self.settings.endpoint_url, **options
        )


def settings_of_caller() -> Settings:
    return Settings.load(os.environ, main.context())


def account_of_caller() -> Account:
    """The account of the caller's credentials, in the way every AWS tool finds them.

    Raises `SettingsError` for settings that are wrong and for credentials that must not be used with a local AWS, and
    botocore's errors where there are none or AWS refuses them.
    """
    settings = settings_of_caller()
    session = boto3.Session()
    if settings.endpoint_url:
        _refuse_real_credentials(session)
    region = settings.region or DEFAULT_STATE_REGION
    caller = session.client("sts", region_name=region, endpoint_url=settings.endpoint_url).get_caller_identity()
    bucket = settings.state_bucket or state_bucket_name(settings.project, caller["Account"], region)
    return Account(
        environment={**os.environ, "STATE_BUCKET": bucket},
        folder=ROOT,
        settings=settings,
        account_id=caller["Account"],
        session=session,
    )


def local_target(local: LocalAws) -> Target:
    """The local AWS, under the caller's settings but none of the caller's AWS variables."""
    environment = local.environment()
    settings = Settings.load(environment, main.context())
    account = local.client("sts").get_caller_identity()["Account"]
    bucket = state_bucket_name(settings.project, account, DEFAULT_STATE_REGION)
    return Target(environment={**environment, "STATE_BUCKET": bucket}, folder=local.folder)


def reach(system: str, *, local: bool) -> tuple[dict[str, str], Callable[..., Any]]:
    """A deployed system's outputs, and what makes boto3 clients for the AWS it is on: the local one that `make up`
    started, or the account of the caller's credentials."""
    if local:
        running = LocalAws(LOCAL)
        return deployment.outputs(system, local_target(running)), running.client
    account = account_of_caller()
    return deployment.outputs(system, account), account.client


def state_bucket_name(project: str, account_id: str, region: str) -> str:
    """One state bucket for each account and region; never a name of the caller's in a local run."""
    return f"{project}-state-{account_id}-{region}"


def _refuse_real_credentials(session: Any) -> None:
    credentials = session.get_credentials()
    if credentials is None or not re.fullmatch(r"(AKIA|ASIA)[A-Z0-9]{16}", credentials.access_key):
        return
    own = LocalAws(LOCAL).running()
    if own is None or credentials.access_key != own.access_key_id:
        raise SettingsError(
            [
                f"AWS credentials: {credentials.access_key[:8]}... ({credentials.method}) look like a real account's "
                "and AWS_ENDPOINT_URL is set; use the local AWS's own (`. .local/env`), or unset AWS_ENDPOINT_URL"
            ]
        )
