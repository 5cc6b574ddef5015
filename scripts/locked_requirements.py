"""Prints categories of `Pipfile.lock` as requirements with hashes, for `pip install --require-hashes` or uv.

    python scripts/locked_requirements.py CATEGORY...

Categories are named as in the Pipfile (`packages`, `dev-packages`, `local-aws`). It imports no library:
`scripts/setup.sh` runs it before anything is installed.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

LOCK = Path(__file__).parent.parent / "Pipfile.lock"
# The names in the lock file of the two categories that every Pipfile has.
LOCKED_AS = {"packages": "default", "dev-packages": "develop"}


def locked_requirements(categories: Sequence[str], lock: Path = LOCK) -> str:
    """The packages of the categories, one on each line, by name. Raises `KeyError` for an unknown category."""
    locked = json.loads(lock.read_text(encoding="utf-8"))
    packages = {name: one for category in categories for name, one in locked[LOCKED_AS.get(category, category)].items()}
    return "".join(
        " ".join(
            [
                f"{name}{package['version']}",
                *([f"; {package['markers']}"] if "markers" in package else []),
                *(f"--hash={one}" for one in package["hashes"]),
            ]
        )
        + "\n"
        for name, package in sorted(packages.items())
    )


if __name__ == "__main__":
    sys.stdout.write(locked_requirements(sys.argv[1:]))
