"""The wheel, built once for all tests of this folder."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with wheels and source distributions, as `make package` fills it."""
    folder = tmp_path_factory.mktemp("dist")
    for project in (ROOT, ROOT / "sluice_functions"):
        command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(project)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    (wheel,) = dist.glob("sluice_cdktf-*.whl")
    return wheel


@pytest.fixture(scope="session")
def functions_wheel(dist: Path) -> Path:
    (wheel,) = dist.glob("sluice_functions-*.whl")
    return wheel
