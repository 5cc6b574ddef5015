"""A copy of this project with one more system, tests/support/doorbell."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from checks import ROOT

from .sources import INSTALLED, WRITTEN, sources

ADDED = ROOT / "tests" / "support" / "doorbell"


def copy_with_added_system(folder: Path) -> None:
    """Copy this project, with the added system, into a new folder. Installed environments are linked."""
    for name in sources(ROOT, *INSTALLED, *WRITTEN):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    for name in INSTALLED:
        (folder / name).symlink_to((ROOT / name).resolve())
    shutil.copytree(ADDED, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))


def run(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in that folder."""
    return subprocess.run(
        [sys.executable, *arguments], cwd=tree, env=dict(os.environ), capture_output=True, text=True, check=False
    )
