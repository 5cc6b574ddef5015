"""Terraform on the deployed systems: empty plans, repeatable applies, one apply at a time."""

import subprocess
from typing import Any

from checks import ROOT
from sluice_cli.deployment.applying import deploy
from sluice_cli.deployment.parallel_run import DONE, PLANNED
from tests.support.deployed import Deployment
from tests.support.waiting import eventually

SYSTEM = "object-tracker"
CDKTF = ROOT / "node_modules" / ".bin" / "cdktf"


def is_locked(deployment: Deployment) -> bool:
    key = f"sluice/{SYSTEM}/test/terraform.tfstate.tflock"
    found = deployment.local.client("s3").list_objects_v2(
        Bucket=deployment.target.environment["STATE_BUCKET"], Prefix=key
    )
    return bool(found["KeyCount"])


def test_concurrent_applies_are_locked_and_the_state_stays_valid(
    deployment: Deployment,
) -> None:
    alarm = deployment.resources(SYSTEM, "aws_cloudwatch_metric_alarm")[0]["address"]
    before = deployment.state(SYSTEM)
    assert not is_locked(deployment)
    # Asks before it changes anything, and holds the lock meanwhile.
    first = apply(deployment, "-refresh=false", f"-target={alarm}", f"-replace={alarm}")
    eventually(lambda: is_locked(deployment))
    second = apply(deployment, "-auto-approve")
    refused, _ = second.communicate(timeout=180)
    applied, _ = first.communicate("yes\n", timeout=180)
    assert (first.returncode, second.returncode) == (0, 1), applied + refused
    assert "1 added, 0 changed, 1 destroyed" in applied
    assert "Error acquiring the state lock" in refused
    assert f"sluice/{SYSTEM}/test/terraform.tfstate" in refused
    after = deployment.state(SYSTEM)
    assert (after["lineage"], addresses(after)) == (before["lineage"], addresses(before))
    assert after["serial"] > before["serial"]
    assert not is_locked(deployment)


def apply(deployment: Deployment, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["terraform", "apply", "-no-color", *options],
        cwd=deployment.folder(SYSTEM),
        env=deployment.target.plain_variables(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def addresses(state: dict[str, Any]) -> set[str]:
    return {f"{one['mode']} {one['type']} {one['name']}" for one in state["resources"]}


def changes(deployment: Deployment, system: str) -> str:
    """The changes of a plan; empty if there are none."""
    code, said, _ = deployment.plan(system)
    return said if code else ""


def test_a_plan_after_the_deployment_is_empty(deployment: Deployment) -> None:
    assert deployment.each(lambda system: changes(deployment, system)) == dict.fromkeys(deployment.systems, "")


def test_a_second_deployment_changes_nothing_and_leaves_the_lock_file_alone(deployment: Deployment) -> None:
    lock_file = deployment.folder(SYSTEM) / ".terraform.lock.hcl"
    before = lock_file.read_bytes()
    deploy([SYSTEM], deployment.target)
    log = deployment.target.log("deploy").read_text()
    assert PLANNED.findall(log) == DONE.findall(log) == []
    assert "No changes. Your infrastructure matches the configuration." in log
    assert "Apply complete! Resources: 0 added, 0 changed, 0 destroyed." in log
    assert lock_file.read_bytes() == before


def test_cdktf_deploy_plans_no_changes_after_a_deployment(deployment: Deployment) -> None:
    folder, output = deployment.folder(SYSTEM), deployment.target.output
    before = (folder / "cdk.tf.json").read_bytes()
    done = subprocess.run(
        [str(CDKTF), "deploy", SYSTEM, "--auto-approve", "--skip-provider-lock", "--output", str(output)],
        cwd=ROOT,
        env=deployment.target.plain_variables(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No changes. Your infrastructure matches the configuration." in done.stdout
    assert (folder / "cdk.tf.json").read_bytes() == before


def test_each_systems_state_lies_encrypted_and_versioned_under_a_key_of_its_own(deployment: Deployment) -> None:
    s3, bucket = deployment.local.client("s3"), deployment.target.environment["STATE_BUCKET"]
    states = {f"sluice/{system}/test/terraform.tfstate" for system in deployment.systems}
    assert {one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]} == states
    for key in states:
        head = s3.head_object(Bucket=bucket, Key=key)
        assert head["ServerSideEncryption"] == "AES256"
        assert head["VersionId"] != "null"
