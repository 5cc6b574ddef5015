"""Where a project's stacks are deployed: the AWS account of the caller's credentials, or the project's local AWS."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sluice_cli.errors import InputError
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.project import Project, ignore_in_git
from sluice_cli.terminal import console
from sluice_cli.terraform.mirror import AWS, Provider, required_providers, terraform_environment
from sluice_cli.terraform.program import check_program, program

DEFAULT_STATE_REGION = "us-east-1"
DEFAULT_PREFIX = "sluice"

# Variables of the caller that would make Terraform work on something else than the command says.
# https://developer.hashicorp.com/terraform/cli/config/environment-variables
FOREIGN_VARIABLES = re.compile(r"TF_WORKSPACE|TF_DATA_DIR|TF_CLI_ARGS(_.*)?")


@dataclass(frozen=True)
class Target:
    """An AWS to deploy a project's stacks to: the environment that leads there, and a folder for what belongs to it.

    What is synthesized for one target lies apart from what is synthesized for another, so that state settings of one
    never meet the other's.
    """

    environment: Mapping[str, str]
    folder: Path
    project: Project = field(default_factory=Project.find)
    output_folder: Path | None = None
    # Set for the local AWS, to which overrides redirect everything.
    local: LocalAws | None = None

    @property
    def output(self) -> Path:
        return self.output_folder or self.folder / "cdktf.out"

    @property
    def state_bucket(self) -> str | None:
        """The bucket of Terraform's state that the tool offers to the app as `STATE_BUCKET`."""
        return self.environment.get("STATE_BUCKET")

    @property
    def state_prefix(self) -> str:
        """The prefix of state keys, in a bucket that may hold other objects."""
        return f"{self.project.setting('PROJECT', self.environment) or DEFAULT_PREFIX}/"

    @property
    def state_region(self) -> str:
        if self.local:
            return DEFAULT_STATE_REGION
        return _state_region(self.project, self.environment)

    def client(self, service: str, region_name: str | None = None, **options: Any) -> Any:
        """A boto3 client for this AWS."""
        if self.local is None:
            raise InputError("this target has no AWS clients: use an account or a local AWS")
        return self.local.client(service, **({"region_name": region_name} if region_name else {}), **options)

    def log(self, verb: str) -> Path:
        path = self.folder / "logs" / f"{verb}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def variables(self) -> dict[str, str]:
        """The environment of Terraform. Raises `DeploymentError` if Terraform is missing."""
        check_program(self.environment)
        generated = self.project.private_folder / "terraform.rc"
        return {
            **terraform_environment(_without_foreign(self.environment), generated, self._required_providers()),
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
            "DISABLE_VERSION_CHECK": "1",
            # The configuration names the backend; settings of an earlier `init` in this folder must not apply.
            **({} if self._uses_cloud() else {"TF_CLI_ARGS_init": "-reconfigure"}),
            # Terraform and the provider spend a third of their time on garbage collection while they load the
            # provider's schemas. This avoids it, for 150 MB more of each process.
            "GOGC": self.environment.get("GOGC", "400"),
            **_provider_log(self.environment),
        }

    def plain_variables(self) -> dict[str, str]:
        """Environment for output that is parsed or logged: no colours, no prompts."""
        return {**self.variables(), "CI": "1", "FORCE_COLOR": "0", "NO_COLOR": "1", "TF_IN_AUTOMATION": "1"}

    def run_terraform(self, folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run Terraform in a folder. Returns the result, also of a failure."""
        return subprocess.run(
            [program(self.environment), *arguments],
            cwd=folder,
            env=self.plain_variables(),
            capture_output=True,
            text=True,
            check=False,
        )

    def _required_providers(self) -> Sequence[Provider]:
        stacks = self._configurations()
        return required_providers(stacks) if stacks else (AWS,)

    def _uses_cloud(self) -> bool:
        """Whether a stack keeps its state in HCP Terraform, which does not support `-reconfigure`."""
        return self.local is None and any("cloud" in one.get("terraform", {}) for one in self._configurations())

    def _configurations(self) -> list[dict[str, Any]]:
        files = (self.output / "stacks").glob("*/cdk.tf.json")
        return [json.loads(one.read_text(encoding="utf-8")) for one in files]


@dataclass(frozen=True)
class Account(Target):
    """The account of the caller's credentials, found as by all AWS tools."""

    account_id: str = ""
    session: Any = None

    def client(self, service: str, region_name: str | None = None, **options: Any) -> Any:
        return self.session.client(service, region_name=region_name or self.state_region, **options)


def target_of(project: Project, *, local: bool, quiet: bool = False) -> Target:
    """The project's running local AWS, or the account of the caller's credentials. Changes neither.

    The account is shown in the terminal, unless `quiet` keeps standard output for the caller's JSON.
    """
    if local:
        return local_target(project)
    account = account_of_caller(project)
    if not quiet:
        console.print(f"Account {account.account_id}, state in {account.state_bucket}", markup=False)
    return account


def local_aws_of(project: Project) -> LocalAws:
    """The project's own local AWS, running or not."""
    return LocalAws(project.private_folder / "local")


def local_target(project: Project, local: LocalAws | None = None) -> Target:
    """A running local AWS, with the caller's settings but without the caller's AWS variables. Raises `LocalAwsError` if
    it is not running.
    """
    own = local_aws_of(project)
    local = local or own
    environment = local.environment()
    dropped = _foreign(environment)
    if dropped:
        print(f"Not passed on to Terraform: {', '.join(dropped)}", file=sys.stderr)
    bucket = state_bucket_name(project, environment, local.account_id(), DEFAULT_STATE_REGION)
    return Target(
        environment={**_without_foreign(environment), "STATE_BUCKET": bucket},
        folder=local.folder,
        project=project,
        # At the same depth as `cdktf.out`: CDKTF writes relative paths of local modules.
        output_folder=project.private_folder if local.folder == own.folder else None,
        local=local,
    )


def account_of_caller(project: Project) -> Account:
    """The account of the caller's credentials.

    Raises `InputError` if there are none or they must not be used here, and botocore's errors if AWS refuses them.
    """
    import boto3
    from botocore.exceptions import ProfileNotFound

    environment = dict(os.environ)
    foreign = _foreign(environment)
    if foreign:
        raise InputError(
            f"{', '.join(foreign)}: unset for this command; it makes Terraform work on something else than is shown"
        )
    try:
        session = boto3.Session()
        credentials = session.get_credentials()
    except ProfileNotFound as error:
        profile = environment.get("AWS_PROFILE") or environment.get("AWS_DEFAULT_PROFILE")
        raise InputError(f"AWS_PROFILE: no profile is named {profile}") from error
    if credentials is None:
        raise InputError(
            "no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and "
            "AWS_SESSION_TOKEN), or run `aws sso login`; without an account, `sluice up` deploys to a local AWS"
        )
    if environment.get("AWS_ENDPOINT_URL"):
        _refuse_real_credentials(project, credentials)
    region = _state_region(project, environment)
    caller = session.client("sts", region_name=region).get_caller_identity()
    given = project.setting("STATE_BUCKET", environment)
    bucket = given or state_bucket_name(project, environment, caller["Account"], region)
    ignore_in_git(project.private_folder)
    return Account(
        environment={**environment, "STATE_BUCKET": bucket},
        folder=project.folder,
        project=project,
        output_folder=project.output,
        account_id=caller["Account"],
        session=session,
    )


def state_bucket_name(project: Project, environment: Mapping[str, str], account_id: str, region: str) -> str:
    """The name of the state bucket: one for each account and region, and never the caller's in a local run."""
    return f"{project.setting('PROJECT', environment) or DEFAULT_PREFIX}-state-{account_id}-{region}"


def _state_region(project: Project, environment: Mapping[str, str]) -> str:
    own = (project.setting(name, environment) for name in ("STATE_REGION", "AWS_REGION"))
    return next(filter(None, own), DEFAULT_STATE_REGION)


def _foreign(environment: Mapping[str, str]) -> list[str]:
    return sorted(name for name in environment if FOREIGN_VARIABLES.fullmatch(name) and environment[name])


def _provider_log(environment: Mapping[str, str]) -> dict[str, str]:
    """Providers write a log of everything, which takes a tenth of a plan's processor time, and which Terraform reads
    and drops unless the caller wants a log.

    https://developer.hashicorp.com/terraform/plugin/log/managing
    """
    if any(name.startswith("TF_LOG") for name in environment):
        return {}
    return {"TF_LOG_SDK": "OFF", "TF_LOG_PROVIDER_AWS": "OFF"}


def _without_foreign(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not FOREIGN_VARIABLES.fullmatch(name)}


def _refuse_real_credentials(project: Project, credentials: Any) -> None:
    """Refuse keys of a real account together with AWS_ENDPOINT_URL: they would be sent to that endpoint."""
    if not re.fullmatch(r"(AKIA|ASIA)[A-Z0-9]{16}", credentials.access_key):
        return
    own = local_aws_of(project).running()
    if own is None or credentials.access_key != own.access_key_id:
        raise InputError(
            f"AWS credentials: {credentials.access_key[:8]}... ({credentials.method}) look like a real account's and "
            "AWS_ENDPOINT_URL is set; use the local AWS's own (`. .sluice/local/env`), or unset AWS_ENDPOINT_URL"
        )
