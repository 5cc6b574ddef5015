"""The audit's verdict on the output of pip-audit and npm, which are replaced by scripts here because both ask a
registry.
"""

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from scripts import audit

CLEAN = {"dependencies": [{"name": "boto3", "version": "1.0", "vulns": []}]}
NOTHING: dict[str, Any] = {"vulnerabilities": {}}

ADVISED = {
    "dependencies": [
        {"name": "boto3", "version": "1.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["1.1", "2.0"]}]},
        {"name": "six", "version": "1.0", "vulns": [{"id": "PYSEC-2026-2", "fix_versions": []}]},
    ]
}
SKIPPED = {"dependencies": [*CLEAN["dependencies"], {"name": "six", "skip_reason": "not found"}]}
VULNERABLE = {
    "vulnerabilities": {"cdktf-cli": {"name": "cdktf-cli", "via": [{"url": "https://advisory"}], "fixAvailable": True}}
}


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty PATH except for a folder of tools."""
    monkeypatch.setattr(audit, "TOOLS", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def says(tool: Path, what: str) -> None:
    """A program that prints a text, whatever its arguments."""
    tool.parent.mkdir(parents=True, exist_ok=True)
    tool.write_text(f"#!/bin/sh\nprintf '%s' '{what}'\n")
    tool.chmod(0o700)


def audited(tools: Path, pip_audit: Any, npm: Any) -> int:
    says(tools / "scanners" / "bin" / "pip-audit", json.dumps(pip_audit))
    says(tools / "npm", json.dumps(npm))
    return audit.run(Namespace())


def test_an_audit_that_finds_nothing_ends_with_0(tools: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audited(tools, CLEAN, NOTHING) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == ["Pipfile.lock: 0 advisories", "package-lock.json: 0 advisories"]
    assert said.err == ""


def test_each_advisory_is_reported_with_the_fixed_versions(tools: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audited(tools, ADVISED, VULNERABLE) == 1
    said = capsys.readouterr().out
    for part in ("boto3 1.0", "PYSEC-2026-1", "1.1, 2.0", "PYSEC-2026-2", "no version yet", "cdktf-cli", "https://adv"):
        assert part in said


@pytest.mark.parametrize(
    ("pip_audit", "npm", "why"),
    [
        (SKIPPED, NOTHING, "six (not found)"),
        ({"dependencies": []}, NOTHING, "0 of 0 packages"),
        (CLEAN, {"message": "no such endpoint"}, "no such endpoint"),
    ],
    ids=["a package unknown", "no package at all", "a registry without advisories"],
)
def test_a_package_that_could_not_be_checked_fails_the_audit(
    tools: Path, capsys: pytest.CaptureFixture[str], pip_audit: Any, npm: Any, why: str
) -> None:
    assert audited(tools, pip_audit, npm) == 2
    assert why in capsys.readouterr().err


def test_an_audit_without_its_tools_says_what_installs_them(tools: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tools.is_dir()
    assert audit.run(Namespace()) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"not audited: {lock}: {tool} is not installed: `make audit` installs or names what it needs"
        for lock, tool in (("Pipfile.lock", "pip-audit"), ("package-lock.json", "npm"))
    ]
