"""The five systems from the same sources on both frameworks: equal Terraform, loaded fast, in comparable time."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from .conftest import Synth, Synthesize

FIRST_OF_PROVIDER_5 = ">= 5.100.0, < 7.0.0"
FIRST_OF_PROVIDER_6 = ">= 6.47.0, < 7.0.0"
SUBNET, GROUP = "subnet-0123456789abcdef0", "sg-0123456789abcdef0"
ACL = "arn:aws:wafv2:us-east-1:000000000000:regional/webacl/x/12345678-1234-1234-1234-123456789012"
SIGNING = "arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-0123456789abcdef0"

# Together every structural option.
SETTINGS: dict[str, dict[str, str]] = {
    "defaults": {},
    "options": {
        "AWS_REGION": "us-east-1",
        "ENCRYPTION_KEYS": "customer",
        "NOTIFICATION_EMAIL": "a@b.co",
        "CORS_ORIGINS": "https://a.example.com",
        "API_LOGGING_ROLE": "managed",
        "VPC_SUBNET_IDS": SUBNET,
        "VPC_SECURITY_GROUP_IDS": GROUP,
        "METADATA_AUTOSCALE_TO": "400",
        "UPLOAD_ENCRYPTION": "kms",
        "SENSOR_NOTIFICATIONS": "episodes",
    },
    "production": {
        "AWS_REGION": "us-east-1",
        "ENVIRONMENT_SUFFIX": "prod",
        "API_AUTHORIZATION": "api_key",
        "WEB_ACL_ARN": ACL,
        "CODE_SIGNING_CONFIG_ARN": SIGNING,
        "AWS_PROVIDER_VERSION": "6.50.0",
    },
    "local": {
        "AWS_ENDPOINT_URL": "https://127.0.0.1:4566",
        "STATE_BUCKET": "x-state",
        "API_AUTHORIZATION": "none",
    },
}


@pytest.fixture(scope="module", params=SETTINGS)
def both(request: pytest.FixtureRequest, synthesize_with: Synthesize) -> tuple[dict[str, str], Synth, Synth]:
    """The settings, and what CDKTF and CDK Terrain write under them."""
    settings = SETTINGS[request.param]
    return settings, synthesize_with("cdktf", settings), synthesize_with("cdktn", settings)


def as_of_provider_6(stack: Mapping[str, Any], version: str) -> Any:
    """A stack of CDKTF's with what provider 6 has renamed, and with what CDK Terrain says of itself."""
    text = re.sub(r"(\$\{data\.aws_region\.\w+)\.name\b", r"\1.region", json.dumps(stack))
    expected = json.loads(text)
    expected["//"]["metadata"]["version"] = version
    aws = expected["terraform"]["required_providers"]["aws"]
    aws["version"] = aws["version"].replace(FIRST_OF_PROVIDER_5, FIRST_OF_PROVIDER_6)
    for table in expected["resource"].get("aws_dynamodb_table", {}).values():
        for index in table.get("global_secondary_index", []):
            keys = {"HASH": index.pop("hash_key"), "RANGE": index.pop("range_key", None)}
            index["key_schema"] = [{"attribute_name": name, "key_type": type_} for type_, name in keys.items() if name]
    return expected


def test_the_terraform_is_equal_but_for_what_provider_6_has_renamed(both: tuple[dict[str, str], Synth, Synth]) -> None:
    _, cdktf, cdktn = both
    assert len(cdktf.stacks) >= 5
    assert cdktn.stacks == {name: as_of_provider_6(stack, "0.24.0") for name, stack in cdktf.stacks.items()}


def test_the_archives_are_the_same_bytes(both: tuple[dict[str, str], Synth, Synth]) -> None:
    _, cdktf, cdktn = both

    def archives(synth: Synth) -> dict[str, str]:
        files = synth.output.rglob("*.zip")
        return {str(one.relative_to(synth.output)): hashlib.sha256(one.read_bytes()).hexdigest() for one in files}

    assert len(archives(cdktf)) >= 5
    assert archives(cdktf) == archives(cdktn)


def test_every_provider_that_the_terraform_was_shown_equal_for_is_admitted_or_exactly_one(
    both: tuple[dict[str, str], Synth, Synth],
) -> None:
    settings, *synths = both
    for synth, admitted in zip(synths, (FIRST_OF_PROVIDER_5, FIRST_OF_PROVIDER_6), strict=True):
        version = settings.get("AWS_PROVIDER_VERSION", admitted)
        for stack in synth.stacks.values():
            assert stack["terraform"]["required_providers"] == {"aws": {"source": "hashicorp/aws", "version": version}}


def test_both_are_loaded_fast_and_nothing_is_said_of_it(both: tuple[dict[str, str], Synth, Synth]) -> None:
    for synth, binding in zip(both[1:], ("cdktf_cdktf_provider_aws", "cdktn_provider_aws"), strict=True):
        assert isinstance(synth, Synth)
        assert synth.errors == ""
        assert synth.loaded == {
            "binding": binding,
            "package": "slim",
            "all of it": False,
            "processes": "OneProcess",
            "struct": "make_reference",
        }


def test_cdk_terrain_takes_at_most_1_4_times_as_long(synthesize_with: Synthesize) -> None:
    """Processor time, in turn: what else the machine does meanwhile falls on both. What it does to one of them alone
    is not in every pair."""
    for framework in ("cdktf", "cdktn"):
        synthesize_with(framework, SETTINGS["defaults"])  # fills the cache
    ratios: list[float] = []
    while not ratios or (ratios[-1] > 1.4 and len(ratios) < 5):
        again = bool(ratios)  # the first pair is the one that was compared, which was made in turn as well
        cdktf, cdktn = (synthesize_with(framework, SETTINGS["local"], again=again) for framework in ("cdktf", "cdktn"))
        ratios.append(cdktn.processor_seconds / cdktf.processor_seconds)
    assert ratios[-1] <= 1.4, ratios
