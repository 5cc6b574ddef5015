"""main.py as cdktf runs it: in a process of its own, without AWS variables and credentials."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import main

ROOT = Path(__file__).parents[2]


def run(output: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "main.py"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "CDKTF_OUTDIR": str(output), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_bad_settings_are_a_line_each_and_nothing_is_generated(tmp_path: Path) -> None:
    output = tmp_path / "cdktf.out"
    result = run(output, ENVIRONMENT_SUFFIX="Dev!", LAMBDA_TIMEOUT_SECONDS="0", AWS_REGION="mars-1")
    assert result.stderr.splitlines() == [
        "ENVIRONMENT_SUFFIX: 'Dev!' is not allowed; give 1 to 16 lower-case letters, digits and hyphens",
        "AWS_REGION: 'mars-1' is not allowed; give an AWS region such as us-east-1",
        "LAMBDA_TIMEOUT_SECONDS: '0' is not allowed; give a whole number of seconds from 1 to 900",
    ]
    assert (result.returncode, result.stdout) == (2, "")
    assert not output.exists()


def test_settings_in_the_context_that_the_cli_passes_on_count(tmp_path: Path) -> None:
    output = tmp_path / "cdktf.out"
    result = run(output, CDKTF_CONTEXT_JSON=json.dumps({"PROJECT": "X"}))
    assert result.stderr == (
        "PROJECT: 'X' is not allowed; give 2 to 20 lower-case letters, digits and hyphens, a letter first, "
        "and no prefix that S3 reserves\n"
    )
    assert result.returncode == 2
    assert not output.exists()


def test_a_name_too_long_for_aws_is_one_line_naming_the_settings_and_nothing_is_generated(tmp_path: Path) -> None:
    output = tmp_path / "cdktf.out"
    project, environment = "p" * 20, "e" * 16
    result = run(output, PROJECT=project, ENVIRONMENT_SUFFIX=environment)
    assert result.stderr == (
        f"PROJECT, ENVIRONMENT_SUFFIX: the bucket name '{project}-file-metadata-uploads-{environment}' "
        f"has 59 characters, AWS allows 50 here; shorten PROJECT ('{project}') "
        f"or ENVIRONMENT_SUFFIX ('{environment}')\n"
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert not output.exists()


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    output = tmp_path_factory.mktemp("good") / "cdktf.out"
    return run(output), output


def test_without_any_variable_all_systems_are_generated(
    good: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    result, output = good
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == ("STATE_BUCKET is not set: read the result, but to plan or deploy run `make state` first\n")
    assert {"object-tracker"} <= {stack.name for stack in (output / "stacks").iterdir()}


def test_the_generated_stack_carries_its_functions_archive(
    good: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    stack = good[1] / "stacks" / "object-tracker"
    (function,) = json.loads((stack / "cdk.tf.json").read_text())["resource"]["aws_lambda_function"].values()
    assert (stack / function["filename"]).is_file()


def test_without_the_cli_context_is_read_from_cdktf_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CDKTF_CONTEXT_JSON", raising=False)
    assert main.context() == {"PROJECT": "sluice", "ENVIRONMENT_SUFFIX": "dev"}


def test_importing_main_starts_nothing() -> None:
    look = "import sys, main; print({'jsii', 'cdktf', 'modules', 'stacks', 'boto3'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"
