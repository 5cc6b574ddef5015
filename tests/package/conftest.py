"""The wheel, built once for all tests of this folder."""

from pathlib import Path

import pytest

from tests.support.wheels import build

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with wheels and source distributions, as `make package` fills it."""
    folder = tmp_path_factory.mktemp("dist")
    build(folder)
    return folder


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    (wheel,) = dist.glob("sluice_cdktf-*.whl")
    return wheel


@pytest.fixture(scope="session")
def functions_wheel(dist: Path) -> Path:
    (wheel,) = dist.glob("sluice_functions-*.whl")
    return wheel
