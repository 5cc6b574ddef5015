"""`python -m checks simulate` on the deployed pipeline: sent readings, results, and the verdict."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import project_with_local_aws, run_command_here
from tests.support.deployed import Deployment
from tests.support.sensor_pipeline import SYSTEM

LINE = re.compile(r"│ (.*?) +│ +(\d+) │ (.*?) +│ +(\d+) │ (\S+) +│")


def simulate(deployment: Deployment, arguments: str, **options: Any) -> tuple[int, str, str]:
    return run_command_here(deployment.local, "simulate", *arguments.split(), **options)


def counted(out: str) -> dict[str, tuple[int, int, str]]:
    """The closing table: by kind, how many were sent and found, and the verdict."""
    return {found: (int(sent), int(there), verdict) for _, sent, found, there, verdict in LINE.findall(out)}


def test_a_simulation_on_the_local_aws_reconciles_down_to_each_notification(deployment: Deployment) -> None:
    code, out, err = simulate(
        deployment,
        "--local --devices 3 --readings 90 --rate 45 --breach-ratio 0.2 --invalid-ratio 0.1 --seed 11",
    )
    assert (code, err) == (0, "")
    seen = counted(out)
    rows, rejects = seen["rows"][0], seen["rejects"][0]
    assert rows + rejects == 90
    assert seen["rows marked as notified"] == seen["notifications heard"]
    assert seen["rows marked as notified"][0] > 5
    assert rejects > 2
    assert {(sent == there, verdict) for sent, there, verdict in seen.values()} == {(True, "ok")}
    assert "The same readings again: --seed 11" in out


def test_with_the_callers_credentials_rows_show_the_notifications(deployment: Deployment) -> None:
    code, out, err = simulate(
        deployment,
        "--devices 2 --readings 20 --rate 100 --breach-ratio 0.3 --format array --seed 3",
        variables=dict(deployment.target.environment),
    )
    assert (code, err) == (0, "")
    assert set(counted(out)) == {"rows", "rows marked as notified", "rejects"}


def test_missing_results_are_counted_and_reported_by_the_exit_code(deployment: Deployment) -> None:
    iam, role = deployment.local.client("iam"), deployment.outputs(SYSTEM)["FunctionName"]
    deny = {"Effect": "Deny", "Action": "sns:Publish", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    iam.put_role_policy(RoleName=role, PolicyName="test-silent", PolicyDocument=policy)
    try:
        code, out, _ = simulate(
            deployment,
            "--local --devices 1 --readings 10 --rate 100 --breach-ratio 1 --invalid-ratio 0 --patience 8",
        )
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="test-silent")
    assert code == 1
    assert counted(out)["rows marked as notified"] == (10, 0, "-10")
    assert counted(out)["notifications heard"] == (10, 0, "-10")
    assert f"`make failures SYSTEM={SYSTEM} LOCAL=yes`" in out


@pytest.mark.parametrize("command", ["simulate", "rejects"])
def test_a_command_reports_that_nothing_is_deployed(deployment: Deployment, command: str, tmp_path: Path) -> None:
    project, local = project_with_local_aws(tmp_path)
    project.private_folder.joinpath("local").symlink_to(deployment.local.folder)
    code, out, err = run_command_here(local, command, "--local")
    assert (code, out) == (1, "")
    assert err == "nothing of this project is deployed on its local AWS: run `sluice up`\n"


def test_ratios_above_one_together_are_refused_before_anything_is_sent(deployment: Deployment) -> None:
    code, out, err = simulate(
        deployment,
        "--local --breach-ratio 0.6 --invalid-ratio 0.5",
    )
    assert (code, out, err) == (2, "", "--breach-ratio and --invalid-ratio are more than 1 together\n")
