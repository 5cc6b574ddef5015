"""Documented settings deploy on the local AWS, on an empty one and onto an existing deployment."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import pytest

from settings import Settings
from sluice_cli.deployment.applying import deploy, destroy
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_aws.signed_request import send, signed_request
from sluice_cli.stack import Stack, synthesized_stacks
from sluice_cli.target import Target, local_target
from sluice_cli.terraform.state_bucket import ensure_local_state_bucket
from tests.support.commands import project_of

SYSTEM = "object-tracker"
ENVIRONMENT = "setting"
# Together they cover the settings that a local run supports: the local AWS drops code signing and has no web ACL for a
# REST API, and AWS_REGION is the caller's.
FIRST = {"ENVIRONMENT_SUFFIX": ENVIRONMENT, "PROTECTED_ENVIRONMENTS": "prod", "LOG_RETENTION_DAYS": "7"}
SECOND = {
    **FIRST,
    "API_AUTHORIZATION": "api_key",
    "API_LOGGING_ROLE": "managed",
    "OWNER": "Team Blue",
    "COST_CENTER": "CC-1",
    "NOTIFICATION_EMAIL": "team@example.com",
    "LAMBDA_TIMEOUT_SECONDS": "20",
    "LAMBDA_RUNTIME": "python3.12",
    "LOG_RETENTION_DAYS": "14",
    "ENCRYPTION_KEYS": "customer",
    "VPC_SUBNET_IDS": "subnet-0123456789abcdef0",
    "VPC_SECURITY_GROUP_IDS": "sg-0123456789abcdef0",
    "UPLOAD_BURST_LIMIT": "50",
    "UPLOAD_ENCRYPTION": "kms",
    "CORS_ORIGINS": "https://app.example.com",
    "METADATA_BUCKET_NAME": "settings-metadata-bucket",
    "METADATA_TABLE_NAME": "settings-metadata-table",
    "METADATA_READ_CAPACITY": "5",
    "METADATA_WRITE_CAPACITY": "5",
    "METADATA_AUTOSCALE_TO": "20",
    "METADATA_INDEX_SHARDS": "4",
}
MODES = ("TRACKER_DELIVERY", "UPLOAD_DELIVERY", "METADATA_DELIVERY", "INVOCATION_LOG_DELIVERY")
BATCHES = ("BATCH_SIZE", "WINDOW_SECONDS", "MAX_CONCURRENCY")
STACKS = ("api-gateway-account", SYSTEM)


@dataclass(frozen=True)
class Site:
    local: LocalAws
    folder: Path

    def deploy(self, settings: Mapping[str, str], *names: str) -> Target:
        made = local_target(project_of(self.local), self.local)
        environment = {**made.environment, **settings}
        target = replace(made, environment=environment, folder=self.folder, output_folder=None)
        deploy(names, target)
        return target


@pytest.fixture(scope="module")
def site(local_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(local_aws, tmp_path_factory.mktemp("settings"))
    project = project_of(local_aws)
    ensure_local_state_bucket(local_aws, str(local_target(project, local_aws).state_bucket))
    yield made
    target = replace(local_target(project, local_aws), folder=made.folder, output_folder=None)
    destroy([one for one in synthesized_stacks(target) if one.initialized], target)


@pytest.fixture(scope="module")
def switched(site: Site) -> tuple[LocalAws, dict[str, Any], Target]:
    """The object tracker, deployed with one set of settings, then with another."""
    site.deploy(FIRST, SYSTEM)
    target = site.deploy(SECOND, *STACKS)
    return site.local, Stack(SYSTEM, target).outputs(), target


def test_an_api_that_signed_requests_reached_asks_for_a_key_once_the_setting_says_so(
    switched: tuple[LocalAws, dict[str, Any], Target],
) -> None:
    local, outputs, _ = switched
    key = local.client("apigateway").get_api_key(apiKey=outputs["ApiKeyId"], includeValue=True)["value"]
    url = f"{outputs['ApiUrl']}?key=nothing.txt"
    statuses = [
        send(local, "GET", url)[0],
        signed_request(local, "GET", url)[0],
        send(local, "GET", url, headers={"x-api-key": "wrong" * 8})[0],
        send(local, "GET", url, headers={"x-api-key": key})[0],
    ]
    assert statuses[:3] == [403, 403, 403]
    assert statuses[3] in (200, 404)


def test_a_plan_after_the_switch_is_empty(switched: tuple[LocalAws, dict[str, Any], Target]) -> None:
    *_, target = switched
    for name in STACKS:
        planned = Stack(name, target).run("plan", "-input=false", "-no-color", "-detailed-exitcode")
        assert planned.returncode == 0, planned.stdout + planned.stderr


def test_the_deployment_matches_the_settings(switched: tuple[LocalAws, dict[str, Any], Target]) -> None:
    local, outputs, _ = switched
    function = local.client("lambda").get_function(FunctionName=outputs["FunctionName"])
    configuration = function["Configuration"]
    assert (configuration["Runtime"], configuration["Timeout"]) == ("python3.12", 20)
    assert function["Tags"]["Owner"] == "Team Blue"
    assert "KMSKeyArn" in configuration


def test_every_documented_setting_is_deployed_here_or_excluded_with_a_reason() -> None:
    elsewhere = {
        "PROJECT": "every local deployment",
        "STATE_BUCKET": "every local deployment",
        "AWS_ENDPOINT_URL": "every local deployment",
        "AWS_REGION": "the caller's, which a local run does not see",
        "STATE_REGION": "the state of a local run is where the local AWS is",
        "ALLOW_REMOTE_ENDPOINT": "a local AWS of the tests is on this machine",
        "AWS_PROVIDER_VERSION": "one version of the provider is on disk; tests/unit/test_settings.py pins it",
        "CODE_SIGNING_CONFIG_ARN": "the local AWS forgets it",
        "WEB_ACL_ARN": "the local AWS has none before a REST API",
        **dict.fromkeys(MODES, "tests/local/test_delivery_modes.py"),
        **{f"BUFFER_{one}": "tests/local/test_delivery_modes.py" for one in BATCHES},
    }
    # Settings of the sensor pipeline: tests/local/test_sensor_pipeline.py.
    named = {one.metadata["name"] for one in fields(Settings) if not one.metadata["name"].startswith("SENSOR_")}
    assert named == {*SECOND, *elsewhere}
