"""Runs all examples at once, on the tests' local AWS."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sluice_cli.local_aws.server import LocalAws
from sluice_cli.terraform.state_bucket import ensure_local_state_bucket
from tests.support import wheels
from tests.support.examples import NAMES, Example, Outcome, run
from tests.support.kept import made_once

from .changes import DANGEROUS_CHANGES


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Sluice's packages, as an installer puts them there."""
    folder = tmp_path_factory.mktemp("site")
    wheels.unpack(made_once("wheels", wheels.build), folder)
    return folder


@pytest.fixture(scope="session")
def outcomes(site: Path, local_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Outcome]:
    folder = tmp_path_factory.mktemp("examples")
    examples = [Example.copy(name, folder, site, local_aws) for name in NAMES]
    ensure_local_state_bucket(local_aws, examples[0].state_bucket)  # as the first `sluice up` does
    # Most of a deployment is waiting.
    with ThreadPoolExecutor(len(examples)) as pool:
        done = pool.map(lambda one: run(one, DANGEROUS_CHANGES[one.name].texts), examples)
        return {one.example.name: one for one in done}


@pytest.fixture(params=NAMES)
def outcome(request: pytest.FixtureRequest, outcomes: Mapping[str, Outcome]) -> Outcome:
    return outcomes[request.param]
