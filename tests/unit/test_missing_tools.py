"""Checks whose tools are missing say what to do, and never that all is well."""

from argparse import Namespace
from pathlib import Path

import pytest

from commands import audit
from scanning import scanners


def test_an_audit_without_its_tools_ends_with_2_and_says_what_installs_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "TOOLS", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert audit.run(Namespace()) == 2
    said = capsys.readouterr().err.splitlines()
    assert said == [
        f"not audited: {lock}: {tool} is not installed: `make audit` installs or names what it needs"
        for lock, tool in (("Pipfile.lock", "pipenv"), ("package-lock.json", "npm"))
    ]


def test_a_scan_without_its_scanners_fails_and_says_what_installs_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanners, "BIN", tmp_path)
    with pytest.raises(scanners.ScannerFailed, match=r"checkov is not installed: run `sh commands/setup.sh scanners`"):
        scanners.checkov([])
