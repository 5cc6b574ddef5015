"""Detects stacks that have not changed since their deployment, so that they need no plan.

After a stack's deployment, the inputs of its plan are recorded: its files, Terraform and its variables, its state and
the remote states it reads, and the number of changes that others made to the local AWS. While these are the same, a
plan would be empty. A stack whose plan depends on more (files outside of its folder, the time, other providers, rows
or objects that it manages, results of data sources) is always planned.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError, HTTPClientError

from sluice_cli.local_aws.change_count import count_changes
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.stack import Stack, synthesized_stacks
from sluice_cli.target import Target
from sluice_cli.terraform import local_overrides
from sluice_cli.terraform.document import blocks
from sluice_cli.terraform.mirror import Provider
from sluice_cli.terraform.program import OPENTOFU, TERRAFORM, check_program, program

RECORD = Path(".terraform", "sluice-deployed.json")
FORMAT = 1
ABSENT = ("404", "NoSuchKey", "NoSuchBucket")

# The addresses of the providers whose plans depend on configuration, state and AWS only; `terraform` is built in.
PROVIDERS = {
    "terraform.io/builtin/terraform",
    *(f"{one.registry}/hashicorp/{name}" for one in (TERRAFORM, OPENTOFU) for name in ("aws", "random", "null")),
}
# Data sources whose values are constant for an account, a region or the configuration. Any other may read what another
# stack manages: the tool's own calls, which deploy that stack, do not count as a change by somebody else.
CONSTANT_DATA = {
    *("aws_arn", "aws_availability_zone", "aws_availability_zones", "aws_billing_service_account"),
    *("aws_caller_identity", "aws_canonical_user_id", "aws_cloudfront_log_delivery_canonical_user_id"),
    *("aws_cloudtrail_service_account", "aws_default_tags", "aws_ecr_lifecycle_policy_document"),
    *("aws_elastic_beanstalk_hosted_zone", "aws_elb_hosted_zone_id", "aws_elb_service_account"),
    *("aws_iam_policy_document", "aws_lb_hosted_zone_id", "aws_partition", "aws_redshift_service_account"),
    *("aws_region", "aws_regions", "aws_service", "aws_service_principal"),
    "terraform_remote_state",  # the states' versions are part of the record
}
# Resources that hold what functions and users write, too.
RESOURCES_WITH_DATA = re.compile(
    r'"aws_(?:s3_(?:bucket_)?object|s3_object_copy|dynamodb_table_item|cloudwatch_log_stream|lambda_invocation)"'
)
# Functions whose value comes from elsewhere: https://developer.hashicorp.com/terraform/language/functions
OUTSIDE = re.compile(r"\b(?:timestamp|plantimestamp|uuid|bcrypt|fileset|pathexpand)\(")
READING_FILES = re.compile(r"\b(?:file\w*|templatefile)\(")
OWN_FILE = re.compile(r'\b(?:file\w*|templatefile)\(\\?"(?!/|~)(?!(?:[^"\\]*/)?\.\./)[^"\\$]+\\?"')


class UnchangedStacks:
    """The records of a target's stacks, as they were when this object was created."""

    def __init__(self, target: Target, local: LocalAws) -> None:
        self._target = target
        self._changes = count_changes(local)
        self._s3 = local.client("s3")

    def holds(self, stack: Stack) -> bool:
        """Whether the stack is deployed as synthesized, and nothing has changed since."""
        recorded = _recorded(stack)
        return recorded is not None and recorded == self._fingerprint(stack)

    def differs_in_files_only(self, stack: Stack) -> bool:
        """Whether nothing but the stack's files has changed since its deployment: AWS is as its state says."""
        recorded, now = _recorded(stack), self._fingerprint(stack)
        return recorded is not None and now is not None and {**recorded, "files": now["files"]} == now

    def forget(self, stack: Stack) -> None:
        """Before a deployment, which has to be planned again if it ends half-way; and when another changed the stack's
        resources."""
        (stack.folder / RECORD).unlink(missing_ok=True)

    def recorded(self) -> list[Stack]:
        """The stacks of the app that have a record."""
        return [stack for stack in synthesized_stacks(self._target) if (stack.folder / RECORD).is_file()]

    def state(self, stack: Stack) -> dict[str, Any]:
        """The stack's state, read from its bucket; empty if there is none."""
        backend = _override(stack)["terraform"]["backend"]["s3"]
        try:
            content = self._s3.get_object(Bucket=backend["bucket"], Key=backend["key"])["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ABSENT:
                return {}
            raise
        except HTTPClientError:  # the local AWS has ended, and what was deployed with it
            return {}
        return dict(json.loads(content))

    def changes_recorded(self, stack: Stack) -> str | None:
        """How often others had changed the local AWS when the stack was recorded; None where its state was changed
        since, or nothing is recorded."""
        recorded, now = _recorded(stack), self._fingerprint(stack)
        return str(recorded["local_aws"]) if recorded and now and recorded.get("states") == now["states"] else None

    def record(self, stack: Stack, changes: str | None = None) -> None:
        """After a deployment. What was changed by others meanwhile counts as changed since; so does what was changed
        since the count `changes` of an earlier record."""
        fingerprint = self._fingerprint(stack)
        if fingerprint is not None:
            carried = {**fingerprint, "local_aws": changes or self._changes}
            (stack.folder / RECORD).write_text(json.dumps(carried, indent=2), encoding="utf-8")

    def _fingerprint(self, stack: Stack) -> dict[str, Any] | None:
        """Hashes and versions of the plan's inputs; None if the plan depends on more."""
        configuration = stack.configuration
        if not is_determined(configuration) or any(stack.folder.glob("*.tf")):
            return None
        states = _states(stack, configuration)
        if states is None:
            return None
        return {
            "format": FORMAT,
            "files": _files(stack.folder),
            "terraform": _terraform(self._target.environment),
            "variables": _variables(self._target.environment),
            "states": [self._version(bucket, key) for bucket, key in states],
            "local_aws": self._changes,
        }

    def _version(self, bucket: str, key: str) -> str:
        try:
            head = self._s3.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ABSENT:
                return ""
            raise
        return f"{head.get('VersionId')} {head['ETag']}"


def _recorded(stack: Stack) -> dict[str, Any] | None:
    try:
        recorded = json.loads((stack.folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return recorded if isinstance(recorded, dict) else None


def is_determined(configuration: Mapping[str, Any]) -> bool:
    """Whether a plan of synthesized Terraform depends on its files, its state and AWS's configuration only."""
    if configuration.keys() & {"module", "check", "ephemeral"}:
        return False
    if not set(configuration.get("data", {})) <= CONSTANT_DATA or not _providers(configuration) <= PROVIDERS:
        return False
    text = json.dumps(configuration)
    return not (
        RESOURCES_WITH_DATA.search(text)
        or OUTSIDE.search(text)
        or len(READING_FILES.findall(text)) != len(OWN_FILE.findall(text))
    )


def _providers(configuration: Mapping[str, Any]) -> set[str]:
    """The addresses of the providers that synthesized Terraform requires, and of those that its resources imply."""
    required: dict[str, Any] = {}
    for block in blocks(configuration.get("terraform", {}).get("required_providers")):
        required |= block
    implied = {
        kind.partition("_")[0]
        for part in ("resource", "data")
        for kind in configuration.get(part, {})
        if not kind.startswith("terraform_")
    }
    sources = {name: one.get("source") if isinstance(one, Mapping) else None for name, one in required.items()}
    return {
        Provider(str(source or name)).address(TERRAFORM.registry)
        for name, source in {**dict.fromkeys(implied), **sources}.items()
    }


def _states(stack: Stack, configuration: Mapping[str, Any]) -> list[tuple[str, str]] | None:
    """Bucket and key of the stack's state and of those that it reads; None where one is kept elsewhere."""
    override = _override(stack)
    read = override.get("data", {}).get("terraform_remote_state", {})
    if set(configuration.get("data", {}).get("terraform_remote_state", {})) - set(read):
        return None
    own = override["terraform"]["backend"]["s3"]
    configurations = [own, *(one["config"] for _, one in sorted(read.items()))]
    return [(one["bucket"], one["key"]) for one in configurations]


def _override(stack: Stack) -> dict[str, Any]:
    return dict(json.loads((stack.folder / local_overrides.OVERRIDE).read_text(encoding="utf-8")))


def _files(folder: Path) -> dict[str, str]:
    """The hashes of the stack's files, without what Terraform keeps for itself."""
    found = {}
    for parent, folders, names in os.walk(folder):
        if Path(parent) == folder and ".terraform" in folders:
            folders.remove(".terraform")
        for name in names:
            path = Path(parent, name)
            found[path.relative_to(folder).as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return dict(sorted(found.items()))


def _terraform(environment: Mapping[str, str]) -> list[Any]:
    """Which Terraform or OpenTofu that is, without starting it. Raises `DeploymentError` if it is not on PATH."""
    check_program(environment)
    path = Path(shutil.which(program(environment), path=environment.get("PATH")) or "").resolve()
    status = path.stat()
    return [str(path), status.st_size, status.st_mtime_ns]


def _variables(environment: Mapping[str, str]) -> str:
    """A hash of the environment variables that a plan reads; they may hold secrets."""
    read = sorted((name, one) for name, one in environment.items() if name.startswith(("TF_VAR_", "AWS_")))
    return hashlib.sha256(json.dumps(read).encode()).hexdigest()
