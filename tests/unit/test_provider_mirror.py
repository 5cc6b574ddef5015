"""The AWS provider that tests run answers like the provider itself, whoever gives its schemas."""

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sluice_cli.export.schema import Schemas
from sluice_cli.terraform.mirror import VARIABLE, terraform_environment
from tests.support import provider_mirror
from tests.support.provider_schemas import named_types

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


def processes(folder: Path, environment: Mapping[str, str] = os.environ) -> int:
    """How many of the provider were started for Terraform in a folder."""
    log = Path(environment[provider_mirror.VARIABLE_OF_RUN], "log").read_text()
    return log.count(f" in {folder}\n")


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
    nobodys = tmp_path / "run-999999999"
    by_itself = validated(tmp_path / "provider", kept, **{provider_mirror.VARIABLE_OF_RUN: str(nobodys)})
    assert not (nobodys / "log").exists()
    assert {one["summary"] for one in by_itself["diagnostics"]} == {
        "Extraneous JSON object property",
        "expected delay_seconds to be in the range (0 - 900), got 901",
    }
    assert validated(tmp_path / "kept", kept) == by_itself
    assert processes(tmp_path / "kept") == 1
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs" / "terraform").symlink_to(str(shutil.which("terraform")))
    run = tmp_path / f"run-{os.getpid()}"
    without_git = {"PATH": str(tmp_path / "programs"), provider_mirror.VARIABLE_OF_RUN: str(run)}
    assert validated(tmp_path / "without-git", kept, **without_git) == by_itself
    assert (run / "log").exists()


def test_schemas_are_printed_of_types_that_the_repository_does_not_name_too(kept: str, tmp_path: Path) -> None:
    environment = terraform_environment({**os.environ, VARIABLE: kept}, tmp_path / "terraform.rc")
    (printed,) = Schemas.load({"aws": {"source": "hashicorp/aws"}}, environment).providers
    named = {one.decode() for one in named_types()}
    for part in ("resource_schemas", "data_source_schemas"):
        assert printed[part].keys() & named
        assert printed[part].keys() - named


def write(folder: Path, **arguments: Any) -> None:
    """A root module, with arguments of the provider."""
    root = {
        "provider": {"aws": {"access_key": "a", "secret_key": "b", "skip_requesting_account_id": True, **arguments}},
        "data": {"aws_region": {"here": {}}},
        "resource": {"aws_sqs_queue": {"q": {"name": "q", "tags": {"own": "yes"}}}},
        "output": {
            "region": {"value": "${data.aws_region.here.name}"},
            "tags": {"value": "${aws_sqs_queue.q.tags_all}"},
        },
    }
    folder.mkdir(exist_ok=True)
    (folder / "main.tf.json").write_text(json.dumps(root))


def planned(folder: Path, environment: Mapping[str, str], **arguments: Any) -> str:
    """What Terraform says is planned, without how many seconds it took to read."""
    write(folder, skip_credentials_validation=True, **arguments)
    for command in ("init", "plan"):
        done = subprocess.run(
            ["terraform", command, "-no-color"],
            cwd=folder,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    return done.stdout.partition("Terraform used")[2]


@pytest.fixture
def environment(kept: str, tmp_path: Path) -> dict[str, str]:
    """Of Terraform, with providers that no other test's take the place of."""
    run = {provider_mirror.VARIABLE_OF_RUN: str(tmp_path / f"run-{os.getpid()}")}
    return terraform_environment({**os.environ, VARIABLE: kept, **run}, tmp_path / "terraform.rc")


def test_a_process_of_the_provider_is_configured_again_as_a_new_one_is(
    environment: dict[str, str], tmp_path: Path
) -> None:
    first: dict[str, Any] = {"region": "eu-west-1", "ignore_tags": {"keys": ["own"]}}
    second: dict[str, Any] = {"region": "us-west-2", "default_tags": {"tags": {"of": "all"}}}
    again = [planned(tmp_path / "again", environment, **arguments) for arguments in (first, second, first)]
    assert processes(tmp_path / "again", environment) == 1
    new = [planned(tmp_path / name, environment, **one) for name, one in (("first", first), ("second", second))]
    assert again == [*new, new[0]]
    assert [processes(tmp_path / name, environment) for name in ("first", "second")] == [1, 1]
    assert "eu-west-1" in new[0] != new[1]
    write(tmp_path / "again", assume_role={"duration": "1s"})
    command = ["terraform", "validate", "-no-color"]
    refused = subprocess.run(
        command, cwd=tmp_path / "again", env=environment, check=False, capture_output=True, text=True
    )
    assert 'duration "assume_role.0.duration" must be between 15 minutes' in refused.stderr
    other = {**environment, "AWS_MAX_ATTEMPTS": "2"}
    assert planned(tmp_path / "again", other, **first) == new[0]
    assert processes(tmp_path / "again", environment) == 2
    shutil.rmtree(tmp_path / "again")  # the processes are in it: what is made there now is another folder
    assert planned(tmp_path / "again", other, **first) == new[0]
    assert processes(tmp_path / "again", environment) == 3


def test_a_process_of_the_provider_that_was_interrupted_is_not_used_again(
    environment: dict[str, str], tmp_path: Path
) -> None:
    planned(tmp_path, environment, region="eu-west-1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        write(tmp_path, region="eu-west-1", endpoints={"sts": f"http://127.0.0.1:{silent.getsockname()[1]}"})
        with subprocess.Popen(["terraform", "plan"], cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL) as plan:
            silent.accept()[0].close()  # the first try; the second one waits
            connected, _ = silent.accept()
            with connected:
                plan.send_signal(signal.SIGINT)
                assert plan.wait(60) == 1
    assert processes(tmp_path, environment) == 1
    planned(tmp_path, environment, region="eu-west-1")
    assert processes(tmp_path, environment) == 2


def test_a_mirror_that_somebody_named_is_used(tmp_path: Path) -> None:
    environment = {VARIABLE: "named"}
    provider_mirror.use(tmp_path, environment)
    assert (environment, list(tmp_path.iterdir())) == ({VARIABLE: "named"}, [])


def test_folders_of_ended_runs_are_removed_when_the_mirror_is_made(kept: str, tmp_path: Path) -> None:
    del kept
    running = tmp_path / f"run-{os.getppid()}"
    for folder in (running, tmp_path / f"run-{os.getpid()}", tmp_path / "run-999999999"):
        folder.mkdir()
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    provider_mirror.use(tmp_path, environment)
    assert list(tmp_path.glob("run-*")) == [running]
    assert environment[VARIABLE] == str(tmp_path / "mirror")
    assert environment[provider_mirror.VARIABLE_OF_RUN] == str(tmp_path / f"run-{os.getpid()}")
