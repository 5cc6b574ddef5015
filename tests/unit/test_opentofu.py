"""OpenTofu in Terraform's place. A stand-in answers as it does: no OpenTofu was at hand to try this with."""

import os
from pathlib import Path

import pytest

from sluice_cli.deployment.applying import deploy
from sluice_cli.errors import DeploymentError
from sluice_cli.project import Project
from sluice_cli.target import Target
from sluice_cli.terraform import mirror
from sluice_cli.terraform.mirror import MirrorError, Provider, find_mirrors, terraform_environment
from sluice_cli.terraform.program import OPENTOFU, TERRAFORM, product

PLATFORM = mirror._platform()

STAND_IN = """#!/bin/sh
if [ "$1" = version ]; then echo "{said} v1.10.6"; exit 0; fi
echo "$(basename "$0") $1" >>"$NOTES"
if [ "$1" = init ]; then mkdir -p .terraform; cp "$TF_CLI_CONFIG_FILE" "$NOTES.rc"; fi
if [ "$1" = plan ]; then echo "Plan: 1 to add, 0 to change, 0 to destroy."; exit 2; fi
exit 0
"""
APP = """
mkdir -p "$CDKTF_OUTDIR/stacks/web"
echo '{"terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": ">= 5.100.0, < 7.0.0"}}}}' \
  >"$CDKTF_OUTDIR/stacks/web/cdk.tf.json"
echo '{"stacks": {"web": {"workingDirectory": "stacks/web", "dependencies": []}}}' >"$CDKTF_OUTDIR/manifest.json"
"""


def put(folder: Path, name: str, said: str = "OpenTofu") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(STAND_IN.replace("{said}", said))
    path.chmod(0o755)
    return path


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A machine with OpenTofu and Terraform, a mirror for each, and no way to a registry."""
    monkeypatch.setattr(mirror, "ROOT", tmp_path / "none")
    monkeypatch.setattr(mirror, "ADD_ON_PREFIXES", ())
    monkeypatch.setattr(mirror, "registry_answers", lambda registry: False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    put(tmp_path / "programs", "tofu")
    put(tmp_path / "programs", "terraform", said="Terraform")
    for one, version in ((OPENTOFU, "6.2.0"), (TERRAFORM, "5.100.0")):
        address = Provider("hashicorp/aws").address(one.registry)
        (tmp_path / "data" / one.plugins[0] / address / version / PLATFORM).mkdir(parents=True)
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("TF_", "TERRAFORM_"))},
        "PATH": f"{tmp_path / 'programs'}:{os.environ['PATH']}",
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "NOTES": str(tmp_path / "notes"),
        "STATE_BUCKET": "states",
    }


@pytest.mark.parametrize(
    ("name", "said", "expected"),
    [
        ("tofu", "OpenTofu", OPENTOFU),
        ("tofu-1.10", "OpenTofu", OPENTOFU),
        ("terraform", "OpenTofu", OPENTOFU),
        ("tf", "Terraform", TERRAFORM),
    ],
)
def test_which_it_is_is_what_the_program_says_and_not_its_name(
    tmp_path: Path, name: str, said: str, expected: object
) -> None:
    path = put(tmp_path, name, said)
    assert product({"TERRAFORM_BINARY_NAME": name, "PATH": f"{tmp_path}:{os.environ['PATH']}"}) == expected
    assert product({"TERRAFORM_BINARY_NAME": str(path), "PATH": "/usr/bin:/bin"}) == expected


@pytest.mark.parametrize(
    ("variables", "program", "registry", "place"),
    [
        ({"TERRAFORM_BINARY_NAME": "tofu"}, "tofu", OPENTOFU.registry, OPENTOFU.plugins[0]),
        ({"TERRAFORM_BINARY_NAME": ""}, "terraform", TERRAFORM.registry, TERRAFORM.plugins[0]),
        ({}, "terraform", TERRAFORM.registry, TERRAFORM.plugins[0]),
    ],
)
def test_the_setting_names_what_deploys_and_source_and_mirror_follow_it(
    environment: dict[str, str], tmp_path: Path, variables: dict[str, str], program: str, registry: str, place: str
) -> None:
    (tmp_path / "app.sh").write_text(APP)
    (tmp_path / "cdktf.json").write_text('{"app": "sh app.sh"}')
    target = Target({**environment, **variables}, tmp_path, project=Project.read(tmp_path))
    deploy(["web"], target)
    verbs = ("init", "state", "apply")
    assert (tmp_path / "notes").read_text().splitlines() == [f"{program} {verb}" for verb in verbs]
    assert (tmp_path / "notes.rc").read_text() == (
        f'\nprovider_installation {{\n  filesystem_mirror {{\n    path    = "{tmp_path / "data" / place}"\n'
        f'    include = ["{registry}/hashicorp/aws"]\n  }}\n  direct {{\n'
        f'    exclude = ["{registry}/hashicorp/aws"]\n  }}\n}}\n'
    )


def test_a_source_that_names_terraforms_registry_is_looked_for_under_that_name(environment: dict[str, str]) -> None:
    ours = {**environment, "TERRAFORM_BINARY_NAME": "tofu"}
    full = Provider("registry.terraform.io/hashicorp/aws", "5.100.0")
    assert find_mirrors(ours, full) == [Path(environment["XDG_DATA_HOME"]) / "terraform" / "plugins"]
    with pytest.raises(MirrorError, match=r"^OpenTofu's registry is out of reach .*`tofu providers mirror FOLDER`"):
        find_mirrors(ours, Provider("hashicorp/aws", "5.100.0"))


def test_opentofus_own_configuration_counts_before_terraforms(environment: dict[str, str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for name in (".terraformrc", ".tofurc"):
        (home / name).write_text("provider_installation {\n  direct {}\n}\n")
    found = {
        name: terraform_environment({**environment, "TERRAFORM_BINARY_NAME": name}, tmp_path / "rc")[
            "TF_CLI_CONFIG_FILE"
        ]
        for name in ("tofu", "terraform")
    }
    assert found == {"tofu": str(home / ".tofurc"), "terraform": str(home / ".terraformrc")}


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "terraform is not on PATH: get it from developer.hashicorp.com/terraform/install"),
        (
            {"TERRAFORM_BINARY_NAME": "tofu"},
            "TERRAFORM_BINARY_NAME: tofu is not on PATH: get it from opentofu.org/docs/intro/install",
        ),
        (
            {"TERRAFORM_BINARY_NAME": "/nowhere/terraform"},
            "TERRAFORM_BINARY_NAME: /nowhere/terraform is not on PATH: get it from "
            "developer.hashicorp.com/terraform/install",
        ),
    ],
)
def test_a_program_that_is_not_there_is_named_with_where_to_get_it(
    tmp_path: Path, variables: dict[str, str], message: str
) -> None:
    (tmp_path / "cdktf.json").write_text('{"app": "true"}')
    target = Target({"PATH": str(tmp_path), **variables}, tmp_path, project=Project.read(tmp_path))
    with pytest.raises(DeploymentError) as error:
        target.variables()
    assert str(error.value) == message
