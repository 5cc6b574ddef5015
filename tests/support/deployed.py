"""All systems, deployed on the local AWS with real cdktf and real Terraform."""

import json
import subprocess
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from settings import Settings
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.stack import Stack
from sluice_cli.target import DEFAULT_STATE_REGION, Target
from sluice_cli.terraform.state_bucket import ensure_state_bucket
from tests.support.commands import project_of

ENVIRONMENT = "test"
EMAIL = "team@example.com"
# Whose pages may upload; a browser under test is told where it is.
WEB_ORIGIN = "http://app.example.com"
SECOND_ORIGIN = "http://admin.example.com"

Result = TypeVar("Result")


@dataclass
class Deployment:
    local: LocalAws
    target: Target
    # The same in the hands of the role for reviews, which may change nothing.
    reviewer: Target
    # What there was before it.
    before: frozenset[str]
    _outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    _states: dict[str, dict[str, Any]] = field(default_factory=dict)
    _plans: dict[str, tuple[int, str, str]] = field(default_factory=dict)

    @property
    def systems(self) -> list[str]:
        return sorted(folder.name for folder in (self.target.output / "stacks").iterdir())

    def outputs(self, system: str) -> dict[str, str]:
        if system not in self._outputs:
            self._outputs[system] = Stack(system, self.target).outputs()
        return self._outputs[system]

    def region(self, system: str) -> str:
        synthesized = json.loads((self.folder(system) / "cdk.tf.json").read_text())
        return str(synthesized["provider"]["aws"][0]["region"])

    def folder(self, system: str) -> Path:
        return self.target.output / "stacks" / system

    def terraform(self, system: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return Stack(system, self.target).run(*arguments)

    def resources(self, system: str, kind: str = "") -> list[dict[str, Any]]:
        """The attributes of a system's resources, of one type if given, as its state has them after the apply."""
        if system not in self._states:
            self._states[system] = self.state(system)
        return [
            {"address": f"{one['type']}.{one['name']}", **instance["attributes"]}
            for one in self._states[system]["resources"]
            if one["mode"] == "managed" and kind in ("", one["type"])
            for instance in one["instances"]
        ]

    def plan(self, system: str) -> tuple[int, str, str]:
        """A plan of what is deployed, made once, by the role for reviews: the exit code that tells whether it changes
        anything, what it says, and as JSON."""
        if system not in self._plans:
            saved = f"{self.target.folder.resolve() / system}.plan"
            options = ["-detailed-exitcode", "-input=false", "-no-color", f"-out={saved}"]
            plan = Stack(system, self.reviewer).run("plan", *options)
            assert plan.returncode in (0, 2), plan.stderr
            shown = self.terraform(system, "show", "-json", saved)
            assert shown.returncode == 0, shown.stderr
            self._plans[system] = plan.returncode, plan.stdout, shown.stdout
        return self._plans[system]

    def state(self, system: str) -> dict[str, Any]:
        """A system's Terraform state as it is now."""
        _, backend = Stack(system, self.target).backend
        found = self.local.client("s3").get_object(Bucket=backend["bucket"], Key=backend["key"])
        return dict(json.loads(found["Body"].read()))

    def each(self, ask: Callable[[str], Result]) -> dict[str, Result]:
        """What `ask` gives for each system; two at a time."""
        with ThreadPoolExecutor(2) as pool:
            return dict(zip(self.systems, pool.map(ask, self.systems), strict=True))

    def inventory(self) -> frozenset[str]:
        return inventory(self.local)


def local_account(local: LocalAws, folder: Path) -> Target:
    """Where to deploy: settings of the tests' own, and the state bucket, made."""
    of_the_caller = {one.metadata["name"] for one in fields(Settings)}
    environment = local.environment()
    own = {name: environment[name] for name in environment if name.startswith("AWS_") or name not in of_the_caller}
    account = local.client("sts").get_caller_identity()["Account"]
    bucket = f"{Settings().project}-state-{account}-{DEFAULT_STATE_REGION}"
    ensure_state_bucket(local.client("s3"), bucket, DEFAULT_STATE_REGION, account)
    settings = {
        "ENVIRONMENT_SUFFIX": ENVIRONMENT,
        "NOTIFICATION_EMAIL": EMAIL,
        "CORS_ORIGINS": f"{WEB_ORIGIN},{SECOND_ORIGIN}",
        "STATE_BUCKET": bucket,
    }
    project = project_of(local)
    # Where the commands look for what is deployed on the local AWS; without overrides, as on an account.
    return Target({**own, **settings}, folder, project, output_folder=project.private_folder)


def inventory(local: LocalAws) -> frozenset[str]:
    """Everything a deployment could leave behind, except what tests make for themselves (`test-...`, listeners) and
    KMS keys that wait for their deletion."""
    return frozenset(
        f"{region} {kind} {name}"
        for region in REGIONS
        for kind, names in _listings(local, region)
        for name in names
        if not name.rpartition("/")[2].startswith(OF_TESTS)
    )


REGIONS = ("us-east-1", "us-west-2")
OF_TESTS = ("test-", "listener-")


def _listings(local: LocalAws, region: str) -> Iterable[tuple[str, list[str]]]:
    def names(service: str, operation: str, members: str, name: str | None, **parameters: Any) -> tuple[str, list[str]]:
        client = local.client(service, region_name=region)
        if client.can_paginate(operation):
            answers = list(client.get_paginator(operation).paginate(**parameters))
        else:
            answers = [getattr(client, operation)(**parameters)]
        return members, [one[name] if name else one for answer in answers for one in answer.get(members, [])]

    yield names("s3", "list_buckets", "Buckets", "Name")
    yield names("lambda", "list_functions", "Functions", "FunctionName")
    yield names("lambda", "list_event_source_mappings", "EventSourceMappings", "UUID")
    yield names("dynamodb", "list_tables", "TableNames", None)
    topics, arns = names("sns", "list_topics", "Topics", "TopicArn")
    yield topics, [arn.rpartition(":")[2] for arn in arns]
    yield names("sqs", "list_queues", "QueueUrls", None)
    yield names("iam", "list_roles", "Roles", "RoleName")
    yield names("iam", "list_policies", "Policies", "PolicyName", Scope="Local")
    yield names("logs", "describe_log_groups", "logGroups", "logGroupName")
    yield names("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName")
    yield names("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName")
    yield names("apigateway", "get_rest_apis", "items", "name")
    yield names("apigateway", "get_usage_plans", "items", "name")
    yield names("apigateway", "get_api_keys", "items", "name")
    aliases, found = names("kms", "list_aliases", "Aliases", "AliasName")
    yield aliases, [alias for alias in found if not alias.startswith("alias/aws/")]
    kms = local.client("kms", region_name=region)
    keys = [kms.describe_key(KeyId=one["KeyId"])["KeyMetadata"] for one in kms.list_keys()["Keys"]]
    yield "Keys", [one["KeyId"] for one in keys if one["KeyState"] != "PendingDeletion"]
