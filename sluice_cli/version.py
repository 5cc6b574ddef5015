"""The version of Sluice, which pyproject.toml names and nothing else does."""

import importlib.metadata
import tomllib
from pathlib import Path

DISTRIBUTION = "sluice-cdktf"
CHECKOUT = Path(__file__).parent.parent


def installed_version() -> str | None:
    """The version of the installed package; None where Sluice runs from its sources."""
    if (CHECKOUT / "pyproject.toml").is_file():
        return None
    return importlib.metadata.version(DISTRIBUTION)


def version() -> str:
    installed = installed_version()
    if installed:
        return installed
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return f"{project['version']} (from its sources in {CHECKOUT})"
