"""The order in which stacks are deployed, and the effect of a failure on other stacks.

Terraform is replaced by a script that fails on demand; tests/conftest.py deploys with the real one.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from checks import ROOT
from sluice_cli.deployment import parallel_run
from sluice_cli.deployment.applying import deploy, deploy_stacks
from sluice_cli.deployment.unchanged import UnchangedStacks
from sluice_cli.errors import DeploymentError, SynthError
from sluice_cli.project import FILE, Project
from sluice_cli.stack import Stack, synthesize
from sluice_cli.target import Target
from sluice_cli.terraform import mirror
from tests.support.waiting import eventually

ACCOUNT = "api-gateway-account"  # every system depends on it if it exists
SYSTEMS = ["object-tracker", "upload-api"]
STEPS = ("init", "apply", "planned")

TERRAFORM = """#!/bin/sh
name=$(basename "$PWD")
[ -z "$HANG" ] || trap 'echo "$name interrupted" >>"$NOTES"; kill $!; exit 1' INT
[ "$1" = state ] && exit 0  # there is none yet
echo "$name $1" >>"$NOTES"
fail() { case " $FAIL " in *" $name:$1 "*) echo "Error: as told"; exit 1 ;; esac }
if [ "$1" = init ]; then fail init; mkdir -p .terraform/providers; echo "$BACKEND" >.terraform/backend; fi
if [ "$1" = apply ]; then
  [ "$(cat .terraform/backend)" = "$BACKEND" ] || { echo 'Error: please run "terraform init"'; exit 1; }
  [ -z "$SLOW" ] || sleep 0.2
  echo "$name planned" >>"$NOTES"
  echo "Plan: 1 to add, 0 to change, 0 to destroy."
  fail apply
  [ -z "$SLOW" ] || { sleep 2; echo "$name applied" >>"$NOTES"; }
  [ -z "$LINES" ] || echo "$LINES"
fi
if [ "$1" = apply ] && [ -n "$HANG" ]; then sleep 60 & wait; fi
exit 0
"""


SETTINGS = {"API_LOGGING_ROLE": "managed", "STATE_BUCKET": "states"}


@pytest.fixture(scope="module")
def systems(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose app writes what this repository's app has written once."""
    folder = tmp_path_factory.mktemp("systems")
    environment = {**os.environ, **SETTINGS, "CDKTF_OUTDIR": str(folder / "made")}
    subprocess.run([sys.executable, "main.py"], cwd=ROOT, env=environment, check=True)
    app = f'mkdir -p "$CDKTF_OUTDIR" && cp -R "{folder}/made/." "$CDKTF_OUTDIR"'
    (folder / FILE).write_text(json.dumps({"language": "any", "app": app}))
    return Project.read(folder)


@pytest.fixture
def site(tmp_path: Path, systems: Project) -> Callable[..., Target]:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "terraform").write_text(TERRAFORM)
    (programs / "terraform").chmod(0o755)

    # As the script loads no provider, a name suffices: for CDKTF's stacks, and for those of CDK Terrain.
    providers = tmp_path / "mirror" / mirror.AWS.address("registry.terraform.io")
    for version in ("5.100.0", "6.69.1"):
        (providers / version / mirror._platform()).mkdir(parents=True)

    def target(project: Project | None = None, **variables: str) -> Target:
        own = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "NOTES": str(tmp_path / "notes"),
            mirror.VARIABLE: str(tmp_path / "mirror"),
            **SETTINGS,
        }
        return Target({**os.environ, **own, **variables}, tmp_path, project or systems)

    return target


def notes(target: Target) -> list[str]:
    path = Path(target.environment["NOTES"])
    return path.read_text().splitlines() if path.exists() else []


def test_a_stack_is_deployed_after_those_it_depends_on(site: Callable[..., Target]) -> None:
    target = site()
    deploy([ACCOUNT, *SYSTEMS], target)
    said = notes(target)
    assert said[:3] == [f"{ACCOUNT} {step}" for step in STEPS]
    assert sorted(said[3:]) == sorted(f"{name} {step}" for name in SYSTEMS for step in STEPS)
    log = target.log("deploy").read_text()
    assert [f"{name}: Plan: 1 to add" in log for name in [ACCOUNT, *SYSTEMS]] == [True] * 3


def test_one_system_alone_is_deployed_without_what_it_depends_on(site: Callable[..., Target]) -> None:
    target = site()
    deploy(["upload-api"], target)
    assert notes(target) == ["upload-api init", "upload-api apply", "upload-api planned"]


def test_a_stack_is_initialized_again_only_where_terraform_asks_for_it(site: Callable[..., Target]) -> None:
    target = site()
    deploy(["upload-api"], target)
    deploy(["upload-api"], target)
    assert notes(target)[len(STEPS) :] == ["upload-api apply", "upload-api planned"]
    moved = site(BACKEND="elsewhere")
    deploy(["upload-api"], moved)
    assert notes(target)[len(STEPS) + 2 :] == ["upload-api apply", *(f"upload-api {step}" for step in STEPS)]


def test_as_many_stacks_as_processors_plan_at_once_and_the_next_begin_when_these_apply(
    site: Callable[..., Target], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    target = site(SLOW="yes")
    deploy(SYSTEMS, target)
    steps = [note.split()[1] for note in notes(target)]
    assert steps == [*STEPS, *STEPS, "applied", "applied"]


def test_progress_says_what_is_awaited(
    site: Callable[..., Target], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(parallel_run, "SAID_AFTER", 0)
    still = "Still creating... [10s elapsed]"
    lines = (
        f"aws_sqs_queue.Jobs: {still}",
        f"module.a.aws_kms_key.Key: {still}",
        "aws_sqs_queue.Jobs: Creation complete after 25s [id=jobs]",
        "module.a.aws_kms_key.Key: Creation complete after 12s [id=key]",
    )
    deploy(["upload-api"], site(LINES="\n".join(lines)))
    assert capsys.readouterr().out.splitlines() == [
        "Deploying: 0 changes so far, waiting for 1 aws_sqs_queue",
        "Deploying: 0 changes so far, waiting for 1 aws_kms_key, 1 aws_sqs_queue",
        "Deploying: 1 changes so far, waiting for 1 aws_kms_key",
        "Deploying: done, 2 changes",
    ]


@pytest.mark.parametrize(("verb", "last"), [("init", "init"), ("apply", "planned")])
def test_dependents_of_a_failed_stack_are_not_deployed(site: Callable[..., Target], verb: str, last: str) -> None:
    target = site(FAIL=f"{ACCOUNT}:{verb}")
    with pytest.raises(DeploymentError, match=rf"(?s)^Deploying {ACCOUNT}: failed; the end of .*Error: as told"):
        deploy([ACCOUNT, *SYSTEMS], target)
    assert notes(target)[-1] == f"{ACCOUNT} {last}"


def test_the_failure_of_one_stack_leaves_the_others_to_be_deployed(site: Callable[..., Target]) -> None:
    target = site(FAIL="upload-api:init invocation-log:apply")
    with pytest.raises(DeploymentError) as error:
        deploy([], target)
    planned = {note.split()[0] for note in notes(target) if note.endswith(" planned")}
    assert planned == {ACCOUNT, "object-tracker", "file-metadata", "sensor-pipeline", "invocation-log"}
    assert [f"Deploying {name}: failed" in str(error.value) for name in ("upload-api", "invocation-log")] == [True] * 2


def test_an_interrupted_deployment_interrupts_terraform_once_and_waits_for_its_end(
    site: Callable[..., Target],
) -> None:
    target = site(HANG="yes")

    def interrupt_while_both_apply() -> None:
        eventually(lambda: sorted(one for one in notes(target) if one.endswith(" planned"))[1:])
        os.kill(os.getpid(), signal.SIGINT)

    # A shell starts what runs in the background with interrupts ignored, for its children too.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=interrupt_while_both_apply).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            deploy(SYSTEMS, target)
    finally:
        signal.signal(signal.SIGINT, before)
    assert sorted(notes(target)[-2:]) == [f"{name} interrupted" for name in SYSTEMS]


def test_a_failed_synth_is_reported_and_terraform_is_not_run(
    site: Callable[..., Target], capfd: pytest.CaptureFixture[str]
) -> None:
    target = site(Project.read(ROOT), LAMBDA_TIMEOUT_SECONDS="never")
    with pytest.raises(SynthError, match=r"^the app failed: `\.venv/bin/python main\.py` ended with exit code 2"):
        deploy([], target)
    assert "LAMBDA_TIMEOUT_SECONDS" in capfd.readouterr().err
    assert notes(target) == []


class Records(UnchangedStacks):
    """Records of stacks that are deployed as synthesized; a bucket of the first is configured by the second."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = set(names)

    def holds(self, stack: Stack) -> bool:
        return stack.name in self.names

    def differs_in_files_only(self, stack: Stack) -> bool:
        return False

    def forget(self, stack: Stack) -> None:
        self.names.discard(stack.name)

    def record(self, stack: Stack, changes: str | None = None) -> None:
        self.names.add(stack.name)

    def recorded(self) -> list[Stack]:
        return [stack for stack in self.stacks if stack.name in self.names]

    def state(self, stack: Stack) -> dict[str, Any]:
        attributes = {ACCOUNT: {"id": "uploads"}, "upload-api": {"id": "u1", "bucket": "uploads"}}.get(stack.name, {})
        instances = [{"attributes": attributes}]
        return {"resources": [{"mode": "managed", "type": "aws_s3_bucket", "instances": instances}]}

    stacks: Sequence[Stack] = ()


def test_a_stack_that_was_left_out_is_planned_after_the_apply_of_another_that_configures_its_resources(
    site: Callable[..., Target], capsys: pytest.CaptureFixture[str]
) -> None:
    target = site()
    stacks = synthesize(target, [ACCOUNT, *SYSTEMS])
    records = Records(SYSTEMS)
    records.stacks = stacks
    deploy_stacks(stacks, target, records)
    assert notes(target) == [f"{name} {step}" for name in (ACCOUNT, "upload-api") for step in STEPS]
    assert capsys.readouterr().out.splitlines()[-3:] == [
        f"upload-api: planned, as the deployment of {ACCOUNT} may have changed its resources",
        "Deploying: done, nothing to change",
        "Unchanged since the last deployment, not planned (--plan-all): object-tracker",
    ]
    # The apply of upload-api may have changed the first again, which the next deployment plans.
    assert records.names == set(SYSTEMS)


def test_a_stack_that_is_not_deployed_now_is_planned_by_the_next_deployment_where_an_apply_may_have_changed_it(
    site: Callable[..., Target],
) -> None:
    target = site(FAIL=f"{ACCOUNT}:apply")
    stacks = synthesize(target)
    records = Records(SYSTEMS)
    records.stacks = stacks
    with pytest.raises(DeploymentError):
        deploy_stacks([one for one in stacks if one.name == ACCOUNT], target, records)
    assert records.names == {"object-tracker"}
