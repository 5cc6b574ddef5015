"""The AWS provider that tests run answers like the provider itself, whoever gives its schemas."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sluice_cli.export.schema import Schemas
from sluice_cli.terraform.mirror import VARIABLE, find_mirrors, terraform_environment
from tests.support import provider_mirror

# What the schema forbids, what the provider itself refuses, and what is valid.
ROOT = {
    "provider": {"aws": {"region": "eu-west-1"}},
    "resource": {
        "aws_sqs_queue": {
            "unknown": {"name": "q", "unknown": 1},
            "refused": {"delay_seconds": 901},
            "valid": {"name": "orders", "fifo_queue": False},
        }
    },
}


@pytest.fixture
def kept() -> str:
    """The mirror that the tests use."""
    folder = os.environ.get(VARIABLE, "")
    if provider_mirror.NAME not in folder:
        pytest.skip("the AWS provider is not unpacked on this machine, or another mirror is named")
    return folder


def validated(folder: Path, mirror: str, **variables: str) -> Any:
    folder.mkdir()
    (folder / "main.tf.json").write_text(json.dumps(ROOT))
    environment = terraform_environment({**os.environ, **variables, VARIABLE: mirror}, folder / "terraform.rc")
    subprocess.run(["terraform", "init"], cwd=folder, env=environment, check=True, capture_output=True)
    command = ["terraform", "validate", "-json"]
    done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
    said = json.loads(done.stdout)
    said["diagnostics"].sort(key=lambda one: one["summary"])  # Terraform validates resources side by side
    return said


def test_terraform_says_the_same_with_kept_schemas(kept: str, tmp_path: Path) -> None:
    without = {name: value for name, value in os.environ.items() if name != VARIABLE}
    (provider,) = {str(mirror) for mirror in find_mirrors(without)}
    by_itself = validated(tmp_path / "provider", provider)
    assert {one["summary"] for one in by_itself["diagnostics"]} == {
        "Extraneous JSON object property",
        "expected delay_seconds to be in the range (0 - 900), got 901",
    }
    assert validated(tmp_path / "kept", kept) == by_itself
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs" / "terraform").symlink_to(str(shutil.which("terraform")))
    without_git = {"PATH": str(tmp_path / "programs"), provider_mirror.NAMED_TYPES: str(tmp_path / "types")}
    assert validated(tmp_path / "without-git", kept, **without_git) == by_itself


def test_schemas_are_printed_of_types_that_the_repository_does_not_name_too(kept: str, tmp_path: Path) -> None:
    environment = terraform_environment({**os.environ, VARIABLE: kept}, tmp_path / "terraform.rc")
    (printed,) = Schemas.load({"aws": {"source": "hashicorp/aws"}}, environment).providers
    validated(tmp_path / "small", kept)
    named = set(Path(os.environ[provider_mirror.NAMED_TYPES]).read_text().split())
    for part in ("resource_schemas", "data_source_schemas"):
        assert printed[part].keys() & named
        assert printed[part].keys() - named


def test_a_mirror_that_somebody_named_is_used(tmp_path: Path) -> None:
    environment = {VARIABLE: "named"}
    provider_mirror.use(tmp_path, environment)
    assert (environment, list(tmp_path.iterdir())) == ({VARIABLE: "named"}, [])


def test_marks_of_ended_processes_are_removed_when_the_mirror_is_made(kept: str, tmp_path: Path) -> None:
    del kept
    started = tmp_path / "started"
    stat = Path("/proc/self/stat").read_text().rpartition(") ")[2].split()
    running = started / f"{os.getpid()}-{stat[19]}"
    started.mkdir()
    for mark in (running, started / f"{os.getpid()}-1", started / "999999999-1"):
        mark.touch()
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    provider_mirror.use(tmp_path, environment)
    assert list(started.iterdir()) == [running]
    assert environment[VARIABLE] == str(tmp_path / "mirror")
