"""What runs, and what is kept, stays when a snapshot cannot be taken or restored."""

import json
import shutil
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from sluice_cli.deployment.snapshots import (
    discard_kept,
    list_snapshots,
    restore_snapshot,
    resume,
    stop_and_keep,
    take_snapshot,
)
from sluice_cli.errors import InputError, LocalAwsError
from sluice_cli.project import Project
from sluice_cli.target import local_aws_of
from tests.support.commands import project_without_stacks, sluice_here


@pytest.fixture(scope="module")
def project_of_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    project = project_without_stacks(tmp_path_factory.mktemp("snapshots"))
    yield project
    local_aws_of(project).stop()


@pytest.fixture
def project(project_of_all: Project) -> Project:
    """A project whose local AWS runs, without queues and snapshots."""
    local_aws_of(project_of_all).start()
    sqs = local_aws_of(project_of_all).client("sqs")
    for url in sqs.list_queues().get("QueueUrls", []):
        sqs.delete_queue(QueueUrl=url)
    shutil.rmtree(project_of_all.private_folder / "snapshots", ignore_errors=True)
    return project_of_all


def queues(project: Project) -> list[str]:
    found: Any = local_aws_of(project).client("sqs").list_queues()
    return [url.rpartition("/")[2] for url in found.get("QueueUrls", [])]


def create_queue(project: Project, name: str) -> None:
    local_aws_of(project).client("sqs").create_queue(QueueName=name)


def names(project: Project) -> list[str]:
    return [one.name for one in list_snapshots(project)]


def test_the_running_local_aws_continues_if_a_snapshot_does_not_start(project: Project) -> None:
    snapshot = take_snapshot(project, "broken")
    create_queue(project, "later")
    (snapshot.folder / "local" / "server.pem").write_text("no certificate")
    before = local_aws_of(project).running()
    with pytest.raises(LocalAwsError, match=r"^not restored to snapshot broken; the local AWS goes on as it was\n"):
        restore_snapshot(project, "broken")
    snapshot = take_snapshot(project, "broken", replace=True)
    for service, damage in (("sns", "{"), ("sqs", "[1]"), ("dynamodb", None)):
        state = snapshot.folder / "state" / f"{service}.json"
        state.unlink()
        if damage:
            state.write_text(damage)
    with pytest.raises(LocalAwsError, match=r"^not restored to snapshot broken;") as refused:
        restore_snapshot(project, "broken")
    for words in (
        "the saved state of sns is missing or cannot be read",
        "the saved state of sqs cannot be loaded",
        "the saved state of dynamodb is missing or cannot be read",
    ):
        assert words in str(refused.value)
    after = local_aws_of(project).running()
    assert before
    assert after
    assert (after.url, after.access_key_id) == (before.url, before.access_key_id)
    assert queues(project) == ["later"]
    assert names(project) == ["broken"]


def test_the_running_local_aws_is_not_stopped_if_the_port_of_a_snapshot_is_in_use(project: Project) -> None:
    snapshot = take_snapshot(project, "elsewhere")
    record = snapshot.folder / "local" / "local-aws.json"
    saved = json.loads(record.read_text())
    assert "pid" not in saved
    before = local_aws_of(project).running()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        record.write_text(json.dumps({**saved, "url": f"https://127.0.0.1:{port}"}))
        with pytest.raises(LocalAwsError, match=rf"^port {port} is in use by another program"):
            restore_snapshot(project, "elsewhere")
    record.write_text("{")
    with pytest.raises(LocalAwsError, match=r"local-aws\.json is missing or not whole"):
        restore_snapshot(project, "elsewhere")
    assert local_aws_of(project).running() == before


def test_a_name_of_another_snapshot_is_refused_unless_it_is_to_be_replaced(project: Project) -> None:
    create_queue(project, "first")
    take_snapshot(project, "named")
    create_queue(project, "second")
    with pytest.raises(InputError, match=r"^there is a snapshot named already: give another name, or --replace"):
        take_snapshot(project, "named")
    for name in ("kept-by-down", "Kept-By-Down", "before-restore"):
        with pytest.raises(InputError, match=rf"^{name} is a name of the tool's own snapshots: "):
            take_snapshot(project, name, replace=True)
    restore_snapshot(project, "named")
    assert queues(project) == ["first"]
    create_queue(project, "third")
    snapshot = take_snapshot(project, "named", replace=True)
    assert [one.name for one in snapshot.folder.parent.iterdir()] == ["named"]
    client = local_aws_of(project).client("sqs")
    client.delete_queue(QueueUrl=client.get_queue_url(QueueName="third")["QueueUrl"])
    restore_snapshot(project, "named")
    assert sorted(queues(project)) == ["first", "third"]


def test_kept_state_stays_until_a_command_replaces_it(project: Project) -> None:
    take_snapshot(project, "named")
    create_queue(project, "kept")
    stop_and_keep(project)
    description = project.private_folder / "snapshots" / "kept-by-down" / "snapshot.json"
    good = description.read_text()
    description.write_text(json.dumps({**json.loads(good), "ministack": "1.0"}))
    with pytest.raises(LocalAwsError, match=r"(?s)kept: .*made by other versions .*still kept; `sluice down` discards"):
        resume(project)
    assert names(project) == ["kept-by-down", "named"]
    description.write_text(good)

    restore_snapshot(project, "named")
    assert (names(project), queues(project)) == (["named"], [])
    stop_and_keep(project)
    code, out, err = sluice_here(project.folder, "down")
    assert (code, err) == (0, "")
    assert out.startswith("Local AWS: was not running\nLocal AWS: its state of ")
    assert (names(project), resume(project), discard_kept(project)) == (["named"], None, None)


def test_up_and_watch_go_on_from_kept_state(project: Project) -> None:
    create_queue(project, "kept")
    for command in ("up", "watch"):
        stop_and_keep(project)
        code, out, _ = sluice_here(project.folder, command)
        assert code == 1  # the app of this project synthesizes nothing
        assert out.startswith("Local AWS: continues from its state of ")
        assert (queues(project), names(project)) == (["kept"], [])
