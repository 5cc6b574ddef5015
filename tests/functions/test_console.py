"""`sluice console` on a local AWS of its own: the command, the local AWS that goes and comes back, many events."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checks import ROOT
from sluice_cli.console.background import start_console
from sluice_cli.project import Project
from sluice_cli.target import local_aws_of
from tests.support.commands import project_without_stacks
from tests.support.console_client import ConsoleClient, console_of
from tests.support.own_modules import write_modules_like_pythons
from tests.support.waiting import eventually

COMMAND = [sys.executable, "-m", "sluice_cli", "console", "--no-browser"]
EVENTS = 500  # of 1,000 a minute, in a few seconds


def started(project: Project, *options: str, **variables: str) -> subprocess.Popen[str]:
    own = {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT), "SSH_CONNECTION": ""}
    environment = {**os.environ, **own, **variables}
    return subprocess.Popen(
        [*COMMAND, "--project", str(project.folder), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def address_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    found = re.fullmatch(r"Console: (http://127\.0\.0\.1:\d+/#token=[\w-]{43})\n", process.stdout.readline())
    assert found
    return found[1]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project without stacks, whose local AWS the last tests stop."""
    folder = tmp_path_factory.mktemp("console")
    project = project_without_stacks(folder)
    local = local_aws_of(project)
    local.start()
    yield project
    local.stop()


@pytest.fixture
def console(project: Project) -> Iterator[ConsoleClient]:
    with console_of(project, local_aws_of(project)) as client:
        yield client


def test_without_a_local_aws_the_command_says_what_to_do(tmp_path: Path) -> None:
    process = started(project_without_stacks(tmp_path))
    out, err = process.communicate(timeout=600)
    assert (process.returncode, out, err) == (1, "", "the local AWS is not running: run `sluice up` first\n")


def test_consoles_run_side_by_side_until_they_are_ended(project: Project) -> None:
    first = started(project, SSH_CONNECTION="192.0.2.1 50000 192.0.2.2 22")
    address = address_of(first)
    port = re.findall(r":(\d+)/", address)[0]
    second, third = started(project, "--allow-writes"), started(project, "--port", port)
    assert address_of(second).partition("#")[0] != address.partition("#")[0]
    out, err = third.communicate(timeout=600)
    assert (third.returncode, out) == (2, "")
    assert err == (
        f"--port: {port} cannot be used (Address already in use); another console may run there: "
        "leave out --port for a free one\n"
    )
    for process, words in ((first, "It only reads: --allow-writes"), (second, "ends with Ctrl-C.\n")):
        assert process.stdout
        assert words in process.stdout.readline()
        if process is first:
            assert f"ssh -L {port}:127.0.0.1:{port} " in process.stdout.readline()
        process.terminate()
        assert (process.communicate(timeout=600), process.returncode) == (("", ""), 0)


def test_the_console_has_nothing_that_leads_to_an_account(project: Project) -> None:
    of_caller = {
        "AWS_PROFILE": "mine",
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "token",
        "AWS_ENDPOINT_URL_S3": "https://s3.example.com",
        "AWS_CONFIG_FILE": "/home/me/.aws/config",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
        "HTTPS_PROXY": "http://proxy.example.com:3128",
        "all_proxy": "http://proxy.example.com:3128",
    }
    show = (
        "import json, os, sys; from pathlib import Path; from sluice_cli.project import Project;"
        "from sluice_cli.target import local_aws_of; from sluice_cli.console.local import forget_account;"
        "forget_account(local_aws_of(Project.read(Path(sys.argv[1])))); print(json.dumps(dict(os.environ)))"
    )
    command = [sys.executable, "-c", show, str(project.folder)]
    done = subprocess.run(
        command, env={**os.environ, **of_caller}, cwd=ROOT, capture_output=True, text=True, check=True
    )
    environment = json.loads(done.stdout)
    folder = local_aws_of(project).folder
    assert {name: one for name, one in environment.items() if name.startswith("AWS_")} == {
        "AWS_ENDPOINT_URL": environment["AWS_ENDPOINT_URL"],
        "AWS_CA_BUNDLE": str(folder / "client.pem"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    assert environment["AWS_ENDPOINT_URL"].startswith("https://127.0.0.1:")
    assert not [name for name in environment if "proxy" in name.lower() and name != "NO_PROXY"]


def test_a_record_that_leads_elsewhere_is_not_followed(project: Project, console: ConsoleClient) -> None:
    record = local_aws_of(project).folder / "local-aws.json"
    written = record.read_text()
    running = json.loads(written)
    # Its certificate would be refused as well.
    record.write_text(json.dumps({**running, "url": running["url"].replace("127.0.0.1", "localhost")}))
    time.sleep(0.6)  # an answer counts for half a second
    status, answer = console.ask("/api/stacks")
    assert (status, answer["aws"], "127.0.0.1 only" in answer["error"]) == (503, "stopped", True)
    record.write_text(written)


def test_a_page_keeps_up_with_many_events(project: Project, console: ConsoleClient) -> None:
    sns = local_aws_of(project).client("sns")
    topic = sns.create_topic(Name="busy")["TopicArn"]

    def publish() -> None:
        for start in range(0, EVENTS, 10):
            entries = [{"Id": str(number), "Message": f"{start + number}"} for number in range(10)]
            sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)

    with console.stream() as messages:
        threading.Thread(target=publish, daemon=True).start()
        types = iter(messages)
        read: list[Any] = []
        while len(read) < EVENTS:
            type_, data = next(types)
            assert type_ in ("happening", "stacks")
            read += [data] if type_ == "happening" else []
    assert [one["title"] for one in read] == [str(one) for one in range(EVENTS)]
    assert time.time() - read[-1]["time"] < 120
    page = console.get("/api/happenings", limit=200, before=100)
    assert (len(page["happenings"]), page["skipped"]) == (99, 0)


def test_the_local_aws_may_go_and_come_back(project: Project, console: ConsoleClient) -> None:
    local = local_aws_of(project)
    assert console.get("/api/stacks")["problem"].startswith("nothing of this project is deployed")
    with console.stream() as messages:
        local.stop()
        type_, data = next(one for one in messages if one[0] == "aws")
        assert (type_, data["running"]) == ("aws", False)
        assert eventually(lambda: console.ask("/api/stacks")[0] == 503)
        local.start()
        assert next(one for one in messages if one[0] == "aws") == ("aws", {"running": True})
        sns = local.client("sns")
        sns.publish(TopicArn=sns.create_topic(Name="back")["TopicArn"], Message="again")
        kinds = (data["kind"] for type_, data in messages if type_ == "happening")
        assert next(kinds) == "message.published"
    assert console.get("/api/stacks")["running"] is True


def test_the_console_beside_the_local_aws_is_started_once_and_ends_with_it(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = local_aws_of(project)
    write_modules_like_pythons(tmp_path)
    monkeypatch.chdir(tmp_path)
    address = start_console(project, local)
    assert start_console(project, local) == address
    assert (local.folder / "console.json").stat().st_mode & 0o777 == 0o600
    local.stop()

    def ended() -> bool:
        try:
            with console_socket(address):
                return False
        except OSError:
            return True

    assert eventually(ended)


def console_socket(address: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(re.findall(r":(\d+)/", address)[0])), timeout=60)
