"""The Python that runs a project's app."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

# Where venv, uv and, if told so, Poetry and Pipenv keep a project's packages.
PROJECT_ENVIRONMENT = ".venv"
MANAGERS = {"uv.lock": "uv run", "poetry.lock": "poetry run", "Pipfile": "pipenv run"}


def app_path(folder: Path, environment: Mapping[str, str]) -> str:
    """PATH for the app of the project in `folder`.

    Its `python` is that of the activated virtual environment; without one, of the project's own `.venv`; without that,
    the one that runs the tool (`env/bin/sluice up`). The environment of a tool installer (pipx, uv) is not the app's.
    """
    path = environment.get("PATH", os.defpath)
    if environment.get("VIRTUAL_ENV"):
        return path
    own = Path(sys.prefix)
    of_a_tool = any((own / name).exists() for name in ("pipx_metadata.json", "uv-receipt.toml"))
    if (folder / PROJECT_ENVIRONMENT / "bin" / "python").exists():
        own = folder / PROJECT_ENVIRONMENT
    elif sys.prefix == sys.base_prefix or of_a_tool:
        return path
    return f"{own / 'bin'}{os.pathsep}{path}"


def manager_hint(folder: Path, app: str, environment: Mapping[str, str]) -> str:
    """How to run the tool in the environment of the project's package manager, where it may not have run there."""
    for file, manager in MANAGERS.items():
        if (folder / file).exists() and manager not in app and not environment.get("VIRTUAL_ENV"):
            return f". If it misses a package, run the tool in the environment of {file}: `{manager} sluice ...`"
    return ""
