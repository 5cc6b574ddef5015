"""The GitHub workflows that are ready to copy."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from checks import ROOT

WORKFLOWS = sorted((ROOT / "docs" / "workflows").glob("*.yml"))
REVIEW = ROOT / "docs" / "workflows" / "review.yml"
ZIZMOR = Path(sys.executable).with_name("zizmor")


def lint(*files: Path) -> subprocess.CompletedProcess[str]:
    command = [str(ZIZMOR), "--offline", "--persona", "pedantic", "--no-progress", *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_linter_for_workflows_finds_nothing() -> None:
    result = lint(*WORKFLOWS)
    assert result.returncode == 0, result.stdout
    assert [one.name for one in WORKFLOWS] == ["audit.yml", "deploy.yml", "drift.yml", "review.yml"]


def test_the_linter_would_find_a_description_that_reaches_a_shell(tmp_path: Path) -> None:
    text = REVIEW.read_text().replace('"$DESCRIPTION"', "'${{ github.event.pull_request.body }}'")
    (tmp_path / "review.yml").write_text(text)
    result = lint(tmp_path / "review.yml")
    assert "template-injection" in result.stdout
    assert result.returncode != 0


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda one: one.name)
def test_actions_are_pinned_by_hash_and_no_secret_is_needed(file: Path) -> None:
    text = file.read_text()
    used = re.findall(r"uses: (\S+)", text)
    assert used
    assert [one for one in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", one)] == []
    assert "secrets." not in text
    assert text.count("persist-credentials: false") == text.count("actions/checkout@") == 1


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda one: one.name)
def test_what_a_workflow_calls_exists(file: Path) -> None:
    targets = set(re.findall(r"make ([a-z-]+)", file.read_text().split("jobs:")[1]))
    made = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert targets <= made | {"gives"}


def test_only_addresses_of_a_description_reach_the_review() -> None:
    (script,) = re.findall(r"acknowledged=\$\((.+)\)\n", REVIEW.read_text())
    description = (
        "Acknowledge: aws_x.y\r\nAcknowledge: shop:aws_x.z\nAcknowledge: $(id) --plan x\nAcknowledge: a;b\nprose"
    )
    result = subprocess.run(
        ["sh", "-c", script],
        env={"DESCRIPTION": description, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.split() == ["aws_x.y", "shop:aws_x.z"]
