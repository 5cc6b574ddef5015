"""The wheel, built once for all tests that use it."""

from pathlib import Path

import pytest

from tests.support.kept import made_once
from tests.support.wheels import build

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session")
def dist() -> Path:
    """The folder with wheels and source distributions, as `make package` fills it."""
    return made_once("wheels", build)


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    (wheel,) = dist.glob("sluice_cdktf-*.whl")
    return wheel


@pytest.fixture(scope="session")
def functions_wheel(dist: Path) -> Path:
    (wheel,) = dist.glob("sluice_functions-*.whl")
    return wheel
