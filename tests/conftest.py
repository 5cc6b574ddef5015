"""One local AWS and one deployment for all tests that need them.

Run in several processes (`make test`), the tests of the deployment share one process, and all other tests of a local
AWS another. What fixtures need is imported in them: most tests do without, and one alone shall answer at once.
"""

import os
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sluice_cli.local_aws.server import LocalAws
    from tests.support.deployed import Deployment

# Files that tests copy into another tree, and helpers of tests: none of them holds tests of this tree.
collect_ignore = ["support"]

pytest_plugins = ["sluice_cli.pytest_plugin"]  # `local_aws`

# Powertools reads them when function code is imported, which may be before any fixture.
os.environ.update(POWERTOOLS_SERVICE_NAME="tests", POWERTOOLS_METRICS_NAMESPACE="tests")


# Fixtures of the groups that take longest: all systems deployed, and the wheel installed as README says.
LONGEST = ("deployment", "followed")


def pytest_configure(config: pytest.Config) -> None:
    # A cancelled run ends like an interrupted one: what it started is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Function code ignores it by itself (shared/observability.py), but pytest sets all warnings anew for each test.
    config.addinivalue_line("filterwarnings", "ignore:No application metrics to publish")


def needs(item: pytest.Item, fixture: str) -> bool:
    return fixture in getattr(item, "fixturenames", ())


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Groups tests for pytest-xdist: what takes longest begins first; what destroys the deployment ends its group."""
    for item in items:
        shared = next((fixture for fixture in ("deployment", "local_aws") if needs(item, fixture)), None)
        item.add_marker(pytest.mark.xdist_group(shared or item.path.stem))
    yield
    items.sort(key=lambda item: ([not needs(item, fixture) for fixture in LONGEST], needs(item, "destroyed")))


@pytest.fixture(scope="session")
def deployment(local_aws: "LocalAws", tmp_path_factory: pytest.TempPathFactory) -> "Deployment":
    """All systems, deployed on the local AWS by the roles for workflows, so that each run shows what they may."""
    from sluice_cli.terraform.deployment import deploy
    from tests.support.deployed import Deployment, inventory, local_account
    from tests.support.github_roles import DEPLOY, PRODUCTION, PULL_REQUEST, REVIEW, as_role, make_roles

    folder = tmp_path_factory.mktemp("deployment")
    target = local_account(local_aws, folder)
    make_roles(local_aws, target, tmp_path_factory.mktemp("roles"))
    reviewer = as_role(local_aws, target, REVIEW, PULL_REQUEST, folder)
    made = Deployment(local_aws, target, reviewer, inventory(local_aws))
    deploy([], as_role(local_aws, target, DEPLOY, PRODUCTION, folder))
    return made


@pytest.fixture(scope="session")
def destroyed(deployment: "Deployment") -> "Deployment":
    """The deployment once it is destroyed: tests that ask for it come after all others."""
    from sluice_cli.stack import synthesized_stacks
    from sluice_cli.terraform.deployment import destroy

    destroy(synthesized_stacks(deployment.target), deployment.target)
    return deployment
