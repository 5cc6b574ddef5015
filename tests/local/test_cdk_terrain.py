"""The tool on a project whose app runs on CDK Terrain: deployed, shown at work, reviewed, moved to and from CDKTF."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from checks import ROOT
from checks.systems import SYSTEMS
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.project import FILE, Project
from sluice_cli.target import local_target
from tests.support.commands import sluice

NAME = "invocation-log"
VARIABLES = {"ENVIRONMENT_SUFFIX": "terrain"}
CDKTN = ROOT / ".tools" / "cdktn" / "bin" / "python"
FRAMEWORKS = {
    "cdktf": f"'{sys.executable}' '{ROOT / 'main.py'}'",
    "cdktn": f"'{sys.executable}' '{ROOT / 'tests/support/with_provider_5.py'}' '{CDKTN}' '{ROOT / 'main.py'}'",
}


def use(folder: Path, framework: str) -> None:
    """Let the project's app run on this framework from now on."""
    made = json.loads((ROOT / FILE).read_text())
    (folder / FILE).write_text(json.dumps({**made, "app": FRAMEWORKS[framework]}))


def synthesized_by(folder: Path) -> str:
    (file,) = folder.rglob(f"stacks/{NAME}/cdk.tf.json")
    return str(json.loads(file.read_text())["//"]["metadata"]["version"])


@pytest.fixture(scope="module")
def project(local_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("terrain")
    use(folder, "cdktn")
    (folder / ".sluice").mkdir()
    (folder / ".sluice" / "local").symlink_to(local_aws.folder)
    code, out, err = sluice(folder, "up", NAME, variables=VARIABLES)
    assert (code, err) == (0, "")
    assert "Deploying: done, " in out
    assert synthesized_by(folder) == "0.24.0"
    return folder


def test_the_systems_demo_passes_on_what_cdk_terrain_deployed(local_aws: LocalAws, project: Path) -> None:
    target = local_target(Project.read(project))
    target = replace(target, environment={**target.environment, **VARIABLES})
    result = SYSTEMS[NAME].tour(local_aws, target)
    assert (result.sent, result.rows, result.failures) == (6, 6, 0)


def test_cdktf_takes_over_what_cdk_terrain_deployed_and_hands_it_back_without_a_change(project: Path) -> None:
    use(project, "cdktf")
    code, out, err = sluice(project, "up", NAME, "--plan-all", variables=VARIABLES)
    assert (code, err) == (0, "")
    assert "Deploying: done, nothing to change" in out
    assert synthesized_by(project) == "0.21.0"

    use(project, "cdktn")
    code, out, err = sluice(project, "review", NAME, "--local", "--json", variables=VARIABLES)
    assert (code, err) == (0, "")
    assert [(one["stack"], one["changes"]) for one in json.loads(out)] == [(NAME, [])]
    assert synthesized_by(project) == "0.24.0"


def test_deploy_on_an_account_shows_the_same_empty_plan(
    local_aws: LocalAws, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = {**local_aws.environment(), **VARIABLES}
    # Unlike the commands for the local AWS, `deploy` takes the caller's own AWS variables: a region, a profile.
    for name in set(os.environ) - set(account):
        monkeypatch.delenv(name)
    code, out, err = sluice(project, "deploy", NAME, "--yes", variables=account)
    assert code == 0, out + err
    assert "No changes. Your infrastructure matches the configuration." in out, out + err


def test_what_cdk_terrain_deployed_is_taken_down_without_a_rest(local_aws: LocalAws, project: Path) -> None:
    code, out, err = sluice(project, "down", NAME, variables=VARIABLES)
    assert (code, err) == (0, "")
    assert "Destroying: done, " in out
    tables = local_aws.client("dynamodb", region_name="us-west-2").list_tables()["TableNames"]
    assert "lambda-invocation-logs-terrain" not in tables
