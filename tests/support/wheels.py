"""The wheels of this repository."""

import subprocess
import sys
import zipfile
from pathlib import Path

from checks import ROOT

PROJECTS = (ROOT, ROOT / "sluice_functions")


def build(folder: Path) -> None:
    """Build the projects into a folder, as `make package` does."""
    for project in PROJECTS:
        command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(project)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def unpack(wheels: Path, folder: Path) -> None:
    """Unpack all wheels of a folder, as an installer does, for PYTHONPATH."""
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as opened:
            opened.extractall(folder)
