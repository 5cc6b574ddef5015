"""`sluice up` and `sluice down` under failures: nothing half-made is left, and the local AWS always stops."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from checks import ROOT
from sluice_cli.deployment.snapshots import restore_snapshot, take_snapshot
from sluice_cli.local_aws import server
from sluice_cli.local_aws.server import LocalAws, Running
from sluice_cli.project import FILE, Project
from sluice_cli.target import local_aws_of
from tests.support.commands import sluice, sluice_here


def app(*names: str) -> str:
    """Writes stacks of one resource, without a provider."""
    manifest = {"stacks": {name: {"workingDirectory": f"stacks/{name}"} for name in names}}
    return f"""
for name in {" ".join(names)}; do
  mkdir -p "$CDKTF_OUTDIR/stacks/$name"
  echo '{{"resource": {{"terraform_data": {{"a": {{}}}}}}}}' >"$CDKTF_OUTDIR/stacks/$name/cdk.tf.json"
done
echo '{json.dumps(manifest)}' >"$CDKTF_OUTDIR/manifest.json"
"""


def make(folder: Path, app: str) -> Path:
    (folder / FILE).write_text(json.dumps({"app": app}))
    return folder


def test_up_stops_the_local_aws_again_when_the_app_fails(tmp_path: Path) -> None:
    code, out, err = sluice(make(tmp_path, "echo 'PROJECT: wrong' >&2; exit 2"), "up")
    assert code == 2
    assert "Local AWS: started at " in out
    assert out.endswith("Local AWS: stopped again, as nothing could be deployed\n")
    assert err.startswith("PROJECT: wrong\nthe app failed: ")
    assert not (tmp_path / ".sluice" / "local").exists()


def test_up_refuses_a_name_of_no_stack_and_leaves_nothing_running(tmp_path: Path) -> None:
    code, _, err = sluice_here(make(tmp_path, app("a")), "up", "b")
    assert (code, err) == (2, "no stack is named b (the app synthesizes: a)\n")
    assert not (tmp_path / ".sluice" / "local").exists()


def test_the_second_of_two_commands_names_the_first_and_waits(tmp_path: Path) -> None:
    make(tmp_path, f"sleep 2; {app('a')}")
    command, environment = [sys.executable, "-m", "sluice_cli", "up"], {**os.environ, "PYTHONPATH": str(ROOT)}
    first = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)
    lock = tmp_path / ".sluice" / "lock"
    while not (lock.exists() and lock.read_text()):
        time.sleep(0.05)
    code, out, err = sluice(tmp_path, "up")
    first_out, _ = first.communicate(timeout=600)
    assert (code, first.returncode) == (0, 0)
    assert err == f"Waiting for `sluice up` (process {first.pid})\n"
    assert "Deploying: done, 1 change\n" in first_out
    assert "Local AWS: still running at " in out
    assert "Deploying: done, nothing to change\n" in out
    assert out.endswith("Unchanged since the last deployment, not planned (--plan-all): a\n")
    assert sluice_here(tmp_path, "down")[0] == 0


# Each would be the only one that is said, as the others are not begun.
ALONE = ("no terraform", "stack", "override")
SIDE_BY_SIDE = ("invalid", "state", "lock")
# Terraform is initialized again.
IN_ORDER = ("backend", "no-init")


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project whose snapshot `deployed` has stacks in it, named after what is going to be wrong with them."""
    project = Project.read(make(tmp_path_factory.mktemp("deployed"), app(*IN_ORDER)))
    local = local_aws_of(project)
    try:
        assert sluice_here(project.folder, "up")[0] == 0
        take_snapshot(project, "deployed")
        local.stop()
        yield project
    finally:
        local.stop()


def down(project: Project, broken: Sequence[str], variables: Mapping[str, str] | None = None) -> str:
    """What `sluice down` says, which ends well and leaves nothing that runs, whatever is broken."""
    local = local_aws_of(project)
    running = local.running()
    assert running
    for name in broken:
        damage(name, project.private_folder / "stacks", local, running)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "BUSY_SECONDS", 1)
        code, out, err = sluice_here(project.folder, "down", variables=variables)
    assert (code, err) == (0, "")
    assert out.endswith("Local AWS: stopped\n")
    with pytest.raises(ProcessLookupError):
        os.kill(running.pid, 0)
    assert not local.folder.exists()
    return out


NOT_IN_ORDER = "Not destroyed in order, and gone with the local AWS all the same:\n"


@pytest.mark.parametrize("broken", ALONE)
def test_down_stops_the_local_aws_even_if_terraform_cannot_begin(deployed: Project, broken: str) -> None:
    restore_snapshot(deployed, "deployed")
    out = down(deployed, [broken], {"PATH": str(deployed.folder)} if broken == "no terraform" else {})
    assert NOT_IN_ORDER in out
    assert "Destroying: done" not in out


def test_down_initializes_terraform_again_where_that_is_needed(deployed: Project) -> None:
    restore_snapshot(deployed, "deployed")
    out = down(deployed, IN_ORDER)
    assert NOT_IN_ORDER not in out
    assert "Destroying: done, 2 changes\n" in out


def test_down_stops_a_local_aws_that_does_not_answer_without_asking_it(deployed: Project) -> None:
    restore_snapshot(deployed, "deployed")
    assert NOT_IN_ORDER not in down(deployed, ["server"])


def test_down_destroys_what_it_can_and_names_what_failed_and_what_is_left_outside_of_the_local_aws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sluice(make(tmp_path, app(*SIDE_BY_SIDE, "outside", "whole")), "up")[0] == 0
    resources: list[Any] = []

    def look_and_stop(local: LocalAws) -> bool:
        key = {"Bucket": "sluice-state-000000000000-us-east-1", "Key": "whole/terraform.tfstate"}
        resources.append(json.loads(local.client("s3").get_object(**key)["Body"].read())["resources"])
        return stop(local)

    stop = LocalAws.stop
    monkeypatch.setattr(LocalAws, "stop", look_and_stop)
    out = down(Project.read(tmp_path), [*SIDE_BY_SIDE, "outside"])
    assert resources == [[]]
    assert NOT_IN_ORDER in out
    assert "Destroying: done" not in out
    failed = re.findall(r"^(?:Destroying|terraform \w+ of) (\w+):? failed", out, re.MULTILINE)
    assert sorted(failed) == sorted([*SIDE_BY_SIDE, "outside"])
    assert out.splitlines()[-2:] == [
        "Not on the local AWS, so these are left: outside: cloud_page.b",
        "Local AWS: stopped",
    ]


def test_a_local_aws_that_is_busy_for_longer_than_one_request_waits_is_still_running(local_aws: LocalAws) -> None:
    running = local_aws.running()
    assert running
    os.kill(running.pid, signal.SIGSTOP)
    again = threading.Timer(server.ANSWER_SECONDS + 1, os.kill, (running.pid, signal.SIGCONT))
    again.start()
    try:
        assert local_aws.running() == running
    finally:
        again.join()


def damage(what: str, stacks: Path, local: LocalAws, running: Running) -> None:
    """Damage the stack of that name; where there is none, the first one, or the server."""
    folder = stacks / what if (stacks / what).is_dir() else stacks / IN_ORDER[0]
    state = {"Bucket": "sluice-state-000000000000-us-east-1", "Key": f"{what}/terraform.tfstate"}
    if what == "stack":
        (folder / "cdk.tf.json").unlink()
    elif what == "invalid":
        (folder / "cdk.tf.json").write_text('{"resource": {"terraform_data": {"a": {"unknown": 1}}}}')
    elif what == "no-init":
        shutil.rmtree(folder / ".terraform")
    elif what == "override":
        (folder / "sluice_override.tf.json").write_text("{")
    elif what == "state":
        local.client("s3").put_object(**state, Body=b"no state")
    elif what == "lock":
        lock = {"ID": "1", "Who": "somebody", "Operation": "apply", "Created": "2026-01-01T00:00:00Z"}
        local.client("s3").put_object(**{**state, "Key": f"{state['Key']}.tflock"}, Body=json.dumps(lock).encode())
    elif what == "outside":
        deployed = json.loads(local.client("s3").get_object(**state)["Body"].read())
        (resource,) = deployed["resources"]
        provider = 'provider["registry.terraform.io/example/cloud"]'
        deployed["resources"] += [
            {**resource, "type": type_, "name": "b", "provider": provider} for type_ in ("cloud_page", "random_id")
        ]
        local.client("s3").put_object(**state, Body=json.dumps(deployed).encode())
    elif what == "backend":
        (folder / ".terraform" / "terraform.tfstate").unlink()
    elif what == "server":
        os.kill(running.pid, signal.SIGSTOP)


def test_up_without_terraform_names_its_download_page_and_starts_nothing(tmp_path: Path) -> None:
    code, out, err = sluice_here(make(tmp_path, app("a")), "up", variables={"PATH": str(tmp_path)})
    assert (code, out) == (1, "")
    assert err == "terraform is not on PATH: get it from developer.hashicorp.com/terraform/install\n"
    assert not (tmp_path / ".sluice" / "local").exists()


def test_a_port_that_is_taken_in_the_last_moment_is_exchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    local = LocalAws(tmp_path / "local")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = iter([taken.getsockname()[1], server._free_port()])
        monkeypatch.setattr(server, "_free_port", lambda: next(ports))
        try:
            running = local.start()
            assert running.url != f"https://127.0.0.1:{taken.getsockname()[1]}"
            assert local.account_id() == "000000000000"
        finally:
            local.stop()
