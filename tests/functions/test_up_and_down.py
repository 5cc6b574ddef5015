"""`sluice up` and `sluice down` under failures: nothing half-made is left, and the local AWS always stops."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from checks import ROOT
from sluice_cli.local_aws import server
from sluice_cli.local_aws.server import LocalAws, Running
from sluice_cli.project import FILE
from tests.support.commands import sluice

ONE_STACK = """
mkdir -p "$CDKTF_OUTDIR/stacks/a"
echo '{"stacks": {"a": {"workingDirectory": "stacks/a"}}}' >"$CDKTF_OUTDIR/manifest.json"
echo '{"resource": {"terraform_data": {"a": {}}}}' >"$CDKTF_OUTDIR/stacks/a/cdk.tf.json"
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
    code, _, err = sluice(make(tmp_path, ONE_STACK), "up", "b")
    assert (code, err) == (2, "no stack is named b (the app synthesizes: a)\n")
    assert not (tmp_path / ".sluice" / "local").exists()


def test_the_second_of_two_commands_names_the_first_and_waits(tmp_path: Path) -> None:
    make(tmp_path, f"sleep 2; {ONE_STACK}")
    first = subprocess.Popen([sys.executable, "-c", COMMAND, "up"], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
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
    assert sluice(tmp_path, "down")[0] == 0


COMMAND = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from sluice_cli.__main__ import VERBS
from sluice_cli.command_line import run
from sluice_cli.local_aws import server
server.BUSY_SECONDS = 1
sys.exit(run("sluice", "", VERBS, sys.argv[1:]))
"""


WITHOUT_ORDER = ("no terraform", "stack", "invalid", "override", "state", "lock")
# Terraform is initialized again; a server that does not answer is not asked.
IN_ORDER = ("backend", "no init", "server")


@pytest.mark.parametrize("broken", [*WITHOUT_ORDER, *IN_ORDER])
def test_down_stops_the_local_aws_even_if_terraform_fails(tmp_path: Path, broken: str) -> None:
    assert sluice(make(tmp_path, ONE_STACK), "up")[0] == 0
    running = LocalAws(tmp_path / ".sluice" / "local").running()
    assert running
    path = {"PATH": str(tmp_path)} if broken == "no terraform" else {}
    if not path:
        damage(broken, tmp_path / ".sluice" / "stacks" / "a", LocalAws(tmp_path / ".sluice" / "local"), running)
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "down"],
        cwd=tmp_path,
        env={**os.environ, **path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    out = done.stdout
    assert ("Not destroyed in order, and gone with the local AWS all the same:\n" in out) == (broken in WITHOUT_ORDER)
    if broken != "server":
        assert ("Destroying: done, 1 change\n" in out) == (broken in IN_ORDER)
    assert out.endswith("Local AWS: stopped\n")
    with pytest.raises(ProcessLookupError):
        os.kill(running.pid, 0)
    assert not (tmp_path / ".sluice" / "local").exists()


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


def damage(what: str, folder: Path, local: LocalAws, running: Running) -> None:
    state = {"Bucket": "sluice-state-000000000000-us-east-1", "Key": "a/terraform.tfstate"}
    if what == "stack":
        (folder / "cdk.tf.json").unlink()
    elif what == "invalid":
        (folder / "cdk.tf.json").write_text('{"resource": {"terraform_data": {"a": {"unknown": 1}}}}')
    elif what == "no init":
        shutil.rmtree(folder / ".terraform")
    elif what == "override":
        (folder / "sluice_override.tf.json").write_text("{")
    elif what == "state":
        local.client("s3").put_object(**state, Body=b"no state")
    elif what == "lock":
        lock = {"ID": "1", "Who": "somebody", "Operation": "apply", "Created": "2026-01-01T00:00:00Z"}
        local.client("s3").put_object(**{**state, "Key": f"{state['Key']}.tflock"}, Body=json.dumps(lock).encode())
    elif what == "backend":
        (folder / ".terraform" / "terraform.tfstate").unlink()
    elif what == "server":
        os.kill(running.pid, signal.SIGSTOP)


def test_down_names_what_is_left_outside_of_the_local_aws(tmp_path: Path) -> None:
    assert sluice(make(tmp_path, ONE_STACK), "up")[0] == 0
    s3 = LocalAws(tmp_path / ".sluice" / "local").client("s3")
    key = {"Bucket": "sluice-state-000000000000-us-east-1", "Key": "a/terraform.tfstate"}
    state = json.loads(s3.get_object(**key)["Body"].read())
    (resource,) = state["resources"]
    provider = 'provider["registry.terraform.io/example/cloud"]'
    state["resources"] += [
        {**resource, "type": type_, "name": "b", "provider": provider} for type_ in ("cloud_page", "random_id")
    ]
    s3.put_object(**key, Body=json.dumps(state).encode())
    code, out, _ = sluice(tmp_path, "down")
    assert code == 0
    assert out.splitlines()[-2:] == [
        "Not on the local AWS, so these are left: a: cloud_page.b",
        "Local AWS: stopped",
    ]


def test_up_without_terraform_names_its_download_page_and_starts_nothing(tmp_path: Path) -> None:
    code, out, err = sluice(make(tmp_path, ONE_STACK), "up", variables={"PATH": str(tmp_path)})
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
