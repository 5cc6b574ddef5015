"""What mypy knows of libraries already."""

import shutil
from pathlib import Path

from checks import ROOT

LINT = ROOT / ".mypy_cache"


def known_types(folder: Path) -> Path:
    """A cache for mypy, with what `make lint` found out about libraries where it ran before the tests; mypy itself
    compares the files. Most of its time goes into the generated classes of AWS's resources.
    """
    if LINT.is_dir():
        shutil.copytree(LINT, folder, dirs_exist_ok=True)
    return folder
