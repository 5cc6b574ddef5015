"""The roles of docs/workflows/README.md on the local AWS, and sessions of them as GitHub's runs get them."""

import base64
import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import modules  # first: it prepares the provider binding and jsii

# isort: split
from botocore import UNSIGNED
from botocore.config import Config
from cdktf import App, LocalBackend, TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider

from sluice_cli.local_aws.server import LocalAws
from sluice_cli.target import Target
from tests.support.deployed import REGIONS

REPOSITORY = "owner/name"
REVIEW, DEPLOY = "github-review", "github-deploy"
PULL_REQUEST, PRODUCTION = f"repo:{REPOSITORY}:pull_request", f"repo:{REPOSITORY}:environment:production"
ISSUER = "https://token.actions.githubusercontent.com"


class GithubRoles(TerraformStack):
    def __init__(self, app: App, target: Target, account: str) -> None:
        super().__init__(app, "github")
        LocalBackend(self, path=str(target.folder / "github-roles.tfstate"))
        AwsProvider(self, "Aws", region=REGIONS[0], skip_metadata_api_check="true")
        roles_target = modules.DeploymentTarget(
            REGIONS, project="sluice", state_bucket=target.environment["STATE_BUCKET"], account_id=account
        )
        identity = modules.GithubIdentity(self, "Github")
        names = ["sluice-*", "lambda-trigger-bucket-*", "lambda-invocation-logs-*", "s3-processor-*"]
        common: dict[str, Any] = {
            "identity": identity,
            "repository": REPOSITORY,
            "target": roles_target,
            "names": names,
        }
        modules.GithubDeployer(self, "Review", name=REVIEW, **common)
        modules.GithubDeployer(self, "Deploy", name=DEPLOY, environment="production", **common)


def make_roles(local: LocalAws, target: Target, folder: Path) -> None:
    """Deploy the roles' stack, as the person who owns the account does."""
    app = App(outdir=str(folder))
    stack = GithubRoles(app, target, local.client("sts").get_caller_identity()["Account"])
    app.synth()
    for arguments in (["init"], ["apply", "-auto-approve"]):
        done = subprocess.run(
            ["terraform", *arguments, "-no-color"],
            cwd=folder / "stacks" / stack.node.id,
            env=target.plain_variables(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def take(local: LocalAws, role: str, subject: str) -> dict[str, str]:
    """A session of a role for the run that GitHub says `subject` of. Raises botocore's AccessDenied."""
    sts = local.client("sts", config=Config(signature_version=UNSIGNED))
    account = local.client("sts").get_caller_identity()["Account"]
    answer = sts.assume_role_with_web_identity(
        RoleArn=f"arn:aws:iam::{account}:role/{role}", RoleSessionName="run", WebIdentityToken=_token(subject)
    )
    return dict(answer["Credentials"])


def as_role(local: LocalAws, target: Target, role: str, subject: str, folder: Path) -> Target:
    """The target in the hands of a run that took the role: it has no other credentials."""
    session = take(local, role, subject)
    file = folder / f"{role}-credentials"
    file.write_text(
        f"[default]\naws_access_key_id = {session['AccessKeyId']}\n"
        f"aws_secret_access_key = {session['SecretAccessKey']}\naws_session_token = {session['SessionToken']}\n"
    )
    return replace(target, environment={**target.environment, "AWS_SHARED_CREDENTIALS_FILE": str(file)})


def _token(subject: str) -> str:
    """What GitHub issues to a run; the local AWS reads its claims and cannot check its signature."""
    parts = ({"alg": "RS256"}, {"iss": ISSUER, "aud": "sts.amazonaws.com", "sub": subject})
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, "signature"])
