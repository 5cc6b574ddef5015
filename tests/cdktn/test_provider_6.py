"""The five systems as CDK Terrain writes them, planned with the provider that its binding asks for.

That runs where a mirror on disk has the provider, in `TERRAFORM_PROVIDER_MIRROR` or elsewhere, and is skipped
otherwise: the message says what there is. Nothing is downloaded, so a test run does not depend on Terraform's registry.
"""

import contextlib
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from sluice_cli.local_aws.server import LocalAws
from sluice_cli.terraform import mirror
from sluice_cli.terraform.mirror import VARIABLE, MirrorError, Provider, find_mirrors, terraform_environment
from tests.support.provider_mirror import as_before

from .conftest import Synth, Synthesize
from .test_synth import FIRST_OF_PROVIDER_6

SOURCE = "hashicorp/aws"

LOCAL = {"STATE_BUCKET": "states", "METADATA_AUTOSCALE_TO": "400", "CORS_ORIGINS": "https://a.example.com"}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment in which Terraform finds version 6 of the provider."""
    try:
        return environment_of_mirror(tmp_path)
    except MirrorError as error:
        pytest.skip(f"no version 6 of the AWS provider is on this machine: {error}")


def environment_of_mirror(folder: Path) -> dict[str, str]:
    """Raises `MirrorError` where no mirror on disk has version 6."""
    provider = Provider(SOURCE, FIRST_OF_PROVIDER_6)
    environment = as_before(os.environ)
    held_in = find_mirrors(environment, provider)[0]
    empty = folder / "empty.rc"
    empty.touch()
    only = {**environment, VARIABLE: str(held_in), "TF_CLI_CONFIG_FILE": str(empty)}
    return terraform_environment(only, folder / "terraform.rc", [provider])


def test_whether_provider_6_is_planned_with_does_not_depend_on_the_registry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(mirror, "registry_answers", asked.append)
    with contextlib.suppress(MirrorError):
        environment_of_mirror(tmp_path)
    assert asked == []


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
    environment: dict[str, str], local_aws: LocalAws, synthesize_with: Synthesize
) -> None:
    local = local_aws.environment()
    synth = synthesize_with("cdktn", {**LOCAL, "AWS_ENDPOINT_URL": local["AWS_ENDPOINT_URL"]})
    credentials = {name: value for name, value in local.items() if name.startswith("AWS_")}
    assert plan(synth, {**environment, **credentials}) == {
        name: {
            "diagnostics": [],
            "actions": {"create"},
            "resources": sum(len(blocks) for blocks in stack["resource"].values()),
        }
        for name, stack in synth.stacks.items()
    }
