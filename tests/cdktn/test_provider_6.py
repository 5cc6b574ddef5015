"""The five systems as CDK Terrain writes them, planned with the provider that its binding asks for, if it can be had.

The test is skipped where neither Terraform's registry nor a mirror on disk has one: the message says what there is.
"""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from sluice_cli.local_aws.server import LocalAws
from sluice_cli.terraform.mirror import MirrorError, Provider, terraform_environment

from .conftest import Synth, Synthesize
from .test_synth import FIRST_OF_PROVIDER_6

SOURCE = "hashicorp/aws"

LOCAL = {"STATE_BUCKET": "states", "METADATA_AUTOSCALE_TO": "400", "CORS_ORIGINS": "https://a.example.com"}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment in which Terraform finds version 6 of the provider."""
    try:
        return terraform_environment(os.environ, tmp_path / "terraform.rc", [Provider(SOURCE, FIRST_OF_PROVIDER_6)])
    except MirrorError as error:
        pytest.skip(f"no version 6 of the AWS provider can be had here: {error}")


def plan(synth: Synth, environment: Mapping[str, str]) -> dict[str, dict[str, object]]:
    """Each system's diagnostics, and what is planned."""

    def terraform(stack: Path, *arguments: str, fine: tuple[int, ...] = (0,)) -> str:
        done = subprocess.run(
            ["terraform", *arguments], cwd=stack, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode in fine, done.stdout + done.stderr
        return done.stdout

    found: dict[str, dict[str, object]] = {}
    for name in synth.stacks:
        stack = synth.output / "stacks" / name
        (stack / "local_override.tf.json").write_text('{"terraform": {"backend": {"local": {}}}}')
        terraform(stack, "init", "-input=false", "-no-color")
        diagnostics = json.loads(terraform(stack, "validate", "-json"))["diagnostics"]
        terraform(stack, "plan", "-input=false", "-no-color", "-out=plan")
        changes = json.loads(terraform(stack, "show", "-json", "plan"))["resource_changes"]
        found[name] = {
            "diagnostics": [one["summary"] for one in diagnostics],
            "actions": {action for one in changes if one["mode"] == "managed" for action in one["change"]["actions"]},
            "resources": sum(one["mode"] == "managed" for one in changes),
        }
    return found


def test_every_system_plans_with_provider_6_and_nothing_is_deprecated(
    environment: dict[str, str], local_aws: LocalAws, synthesize: Synthesize
) -> None:
    local = local_aws.environment()
    synth = synthesize("cdktn", {**LOCAL, "AWS_ENDPOINT_URL": local["AWS_ENDPOINT_URL"]})
    credentials = {name: value for name, value in local.items() if name.startswith("AWS_")}
    assert plan(synth, {**environment, **credentials}) == {
        name: {
            "diagnostics": [],
            "actions": {"create"},
            "resources": sum(len(blocks) for blocks in stack["resource"].values()),
        }
        for name, stack in synth.stacks.items()
    }
