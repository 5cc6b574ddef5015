"""The modules of all systems as the generator makes them from this tree, once for all tests of this folder."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.terraform_modules.building import AWS_PROVIDER, Built, build
from scripts.terraform_modules.inputs import OPTIONS
from scripts.terraform_modules.samples import System
from sluice_cli.export.files import write_files
from sluice_cli.export.schema import Schemas
from sluice_cli.terraform.mirror import terraform_environment


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """In which Terraform finds the AWS provider. `terraform test` plans a module dozens of times in one process, which
    else collects its garbage again and again.
    """
    made = terraform_environment(os.environ, tmp_path_factory.mktemp("rc") / "terraform.rc")
    return {**made, "GOMEMLIMIT": "1GiB"}


@pytest.fixture(scope="session")
def schemas(environment: dict[str, str]) -> Schemas:
    return Schemas.load({"aws": {"source": "hashicorp/aws", "version": AWS_PROVIDER}}, environment)


@pytest.fixture(scope="session")
def systems() -> Iterator[dict[str, System]]:
    found = {name: System(name) for name in OPTIONS}
    yield found
    for system in found.values():
        system.close()


@pytest.fixture(scope="session")
def built(systems: dict[str, System], schemas: Schemas) -> dict[str, Built]:
    return {name: build(system, schemas) for name, system in systems.items()}


@pytest.fixture(scope="session")
def written(built: dict[str, Built], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the modules with their archives."""
    folder = tmp_path_factory.mktemp("terraform")
    for name, one in built.items():
        write_files(one.texts, one.archives, folder / name)
    return folder
