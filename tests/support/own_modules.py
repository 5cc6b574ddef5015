"""A project whose files are named like Python's modules: nothing that we start may take them for Python's."""

import sys
from pathlib import Path


def write_modules_like_pythons(folder: Path) -> None:
    """One for each module of the standard library; each fails when it is imported."""
    for name in sys.stdlib_module_names:
        (folder / f"{name}.py").write_text("raise SystemExit(f'{__file__} was imported')\n")
