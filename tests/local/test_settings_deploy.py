"""Each documented setting deploys on the local AWS: all in two deployments, since some exclude each other."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import Field, dataclass, fields, replace

import pytest

from settings import OneOf, Settings
from sluice_cli.deployment.applying import deploy
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.pytest_plugin import started_local_aws
from sluice_cli.stack import Stack
from sluice_cli.target import Target, local_target
from sluice_cli.terraform.state_bucket import ensure_local_state_bucket
from tests.support.commands import project_of
from tests.support.deployed_settings import FIRST, REGION, SECOND, SHOWN, SHOWN_FIRST, Site, values_of_both

# tests/local/test_delivery_modes.py deploys each system with each mode. Digests are one variable of the function
# (tests/unit/test_object_tracker.py), which tests/functions/test_object_tracker_digests.py runs with it.
ELSEWHERE = {
    "TRACKER_NOTIFICATIONS",
    *(f"{system}_DELIVERY" for system in ("TRACKER", "UPLOAD", "INVOCATION_LOG", "SENSOR")),
}
FIRST_STACKS = ("upload-api",)
# The other systems have no settings of their own but those.
STACKS = ("api-gateway-account", "file-metadata", "sensor-pipeline", "upload-api")


@dataclass(frozen=True)
class Deployments:
    """What each setting showed after the first deployment, and the second deployment."""

    first: Mapping[str, tuple[object, object]]
    second: Site
    settings: Settings


@pytest.fixture(scope="module")
def deployments(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployments]:
    """The upload API with the first settings, then each stack that has settings of its own with the second, on a local
    AWS of their own."""
    with started_local_aws(tmp_path_factory) as local:
        own = local_target(project_of(local), local)
        both = values_of_both(owners(local))
        environment = {**own.environment, **both}
        ensure_local_state_bucket(local, both["STATE_BUCKET"])
        target = replace(own, folder=tmp_path_factory.mktemp("settings"), output_folder=None)
        first = _deployed(local, replace(target, environment={**environment, **FIRST}), FIRST_STACKS)
        shown = {name: show(first) for name, show in SHOWN_FIRST.items()}
        target = replace(target, environment={**environment, **SECOND})
        second = _deployed(local, target, STACKS)
        yield Deployments(shown, second, Settings.load(target.environment))


def owners(local: LocalAws) -> dict[str, str]:
    """Resources of the account's owner that settings name."""
    ec2, waf, functions = (local.client(name, region_name=REGION) for name in ("ec2", "wafv2", "lambda"))
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    visible = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "requests"}
    publishers = {"SigningProfileVersionArns": [f"arn:aws:signer:{REGION}:000000000000:/signing-profiles/p/0123456789"]}
    return {
        "VPC_SUBNET_IDS": ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"],
        "VPC_SECURITY_GROUP_IDS": ec2.create_security_group(
            VpcId=vpc, GroupName="test-settings", Description="of functions"
        )["GroupId"],
        "WEB_ACL_ARN": waf.create_web_acl(
            Name="test-settings", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=visible
        )["Summary"]["ARN"],
        "CODE_SIGNING_CONFIG_ARN": functions.create_code_signing_config(
            AllowedPublishers=publishers, CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Warn"}
        )["CodeSigningConfig"]["CodeSigningConfigArn"],
    }


def _deployed(local: LocalAws, target: Target, names: tuple[str, ...]) -> Site:
    return Site(local, target, {stack.name: stack.outputs() for stack in deploy(names, target)})


@pytest.mark.parametrize("name", SHOWN_FIRST)
def test_a_setting_shows_in_the_first_deployment(deployments: Deployments, name: str) -> None:
    shown, expected = deployments.first[name]
    assert shown == expected


@pytest.mark.parametrize("name", SHOWN)
def test_a_setting_shows_in_the_deployment(deployments: Deployments, name: str) -> None:
    shown, expected = SHOWN[name](deployments.second)
    assert shown == expected


def test_a_second_plan_is_empty(deployments: Deployments) -> None:
    site = deployments.second
    with ThreadPoolExecutor(2) as pool:
        plan = ("plan", "-input=false", "-no-color", "-detailed-exitcode")
        planned = list(pool.map(lambda name: Stack(name, site.target).run(*plan), STACKS))
    assert [one.returncode for one in planned] == [0] * len(STACKS), [one.stdout + one.stderr for one in planned]


def test_each_setting_has_another_value_than_its_default(deployments: Deployments) -> None:
    defaults = Settings()
    same = {
        one.metadata["name"] for one in fields(Settings) if _value(deployments.settings, one) == _value(defaults, one)
    }
    # In the first deployment, or in that of another test.
    assert same == {"UPLOAD_ENCRYPTION", "PROTECTED_ENVIRONMENTS", *ELSEWHERE}


def test_each_setting_shows_in_a_deployment() -> None:
    assert {one.metadata["name"] for one in fields(Settings)} == {*SHOWN, *ELSEWHERE}


def test_each_choice_of_a_setting_is_deployed() -> None:
    defaults = Settings()
    missing = {
        (one.metadata["name"], choice)
        for one in fields(Settings)
        if isinstance(one.metadata["parse"], OneOf)
        # SENSOR_FORMAT is a variable of the function.
        and not one.metadata["name"].endswith(("_DELIVERY", "_FORMAT"))
        and one.metadata["name"] not in ELSEWHERE
        for choice in one.metadata["parse"].choices
        if choice not in (FIRST.get(one.metadata["name"]), SECOND.get(one.metadata["name"]), _value(defaults, one))
    }
    assert missing == set()


def _value(settings: Settings, field: Field[object]) -> object:
    return getattr(settings, field.name)
