from pathlib import Path

import pytest

from sluice_cli.scanning import scanners


def test_a_scan_without_its_scanners_fails_and_says_what_installs_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanners, "BIN", tmp_path)
    with pytest.raises(scanners.ScannerFailed, match=r"checkov is not installed: run `sh scripts/setup.sh scanners`"):
        scanners.checkov([])
