from pathlib import Path

import pytest

from tests.support import wheels


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Sluice's packages, as an installer puts them there."""
    built, folder = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("site")
    wheels.build(built, "--wheel")
    wheels.unpack(built, folder)
    return folder
