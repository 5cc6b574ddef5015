"""The tool on projects that do not know it: synthesized by their own apps, deployed on the local AWS."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from checks import ROOT
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.project import FILE
from tests.support.commands import once, sluice
from tests.support.waiting import eventually

FOREIGN = ROOT / "tests" / "support" / "foreign"
REGION = "eu-central-1"


def project(local: LocalAws, name: str, folder: Path, app: str) -> Path:
    """A copy of a foreign project that uses the tests' local AWS."""
    copy = folder / name
    shutil.copytree(FOREIGN / name, copy)
    (copy / FILE).write_text(json.dumps({"language": "any", "app": app, "context": {"team": "weather"}}))
    (copy / ".sluice").mkdir()
    (copy / ".sluice" / "local").symlink_to(local.folder)
    return copy


@pytest.fixture(scope="module")
def weather(local_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Path:
    app = once(f"'{sys.executable}' app.py")
    folder = project(local_aws, "weather", tmp_path_factory.mktemp("foreign"), app)
    code, out, err = sluice(folder, "up")
    assert (code, err) == (0, "")
    assert "synthesizing weather\n" in out
    assert "Deploying: done, 10 changes" in out
    return folder


def test_stacks_of_a_plain_app_are_deployed_in_the_order_of_their_references(weather: Path) -> None:
    code, out, _ = sluice(weather, "outputs", "--local", "--json")
    outputs = json.loads(out)
    assert code == 0
    assert (outputs["store"]["table_name"], outputs["compute"]["function_name"]) == ("weather", "weather")
    assert outputs["compute"]["secret"] == "hunter2"  # noqa: S105
    _, out, _ = sluice(weather, "outputs", "compute", "--local")
    assert "compute.secret = (sensitive)\n" in out
    assert "hunter2" not in out


def up_again(folder: Path, *names: str) -> list[str]:
    """What another `up` says of the stacks."""
    code, out, err = sluice(folder, "up", *names)
    assert (code, err) == (0, "")
    others = re.compile("Local AWS: |State bucket: |synthesizing |.* changes so far")  # the last on a slow machine
    return [line for line in out.splitlines() if not others.match(line)]


UNCHANGED = "Unchanged since the last deployment, not planned (--plan-all): "


def test_up_plans_stacks_again_where_the_local_aws_changed(local_aws: LocalAws, weather: Path) -> None:
    assert up_again(weather) == ["Deploying: done, nothing to change", f"{UNCHANGED}compute, store"]

    functions = local_aws.client("lambda", region_name=REGION)
    functions.update_function_configuration(FunctionName="weather", Description="changed by hand")
    assert up_again(weather, "compute") == ["Deploying: done, 1 change"]
    assert functions.get_function_configuration(FunctionName="weather")["Description"] == ""


def test_resources_are_deployed_in_the_regions_of_the_app(local_aws: LocalAws, weather: Path) -> None:
    del weather
    topics = {
        region: [one["TopicArn"].rpartition(":")[2] for one in _topics(local_aws, region)]
        for region in ("us-west-2", REGION)
    }
    assert ["weather-news" in names for names in topics.values()] == [True, False]
    tables = local_aws.client("dynamodb", region_name=REGION).list_tables()["TableNames"]
    assert "weather" in tables


def test_a_function_whose_author_knows_no_endpoint_reaches_the_local_aws(local_aws: LocalAws, weather: Path) -> None:
    del weather
    answer = local_aws.client("lambda", region_name=REGION).invoke(FunctionName="weather", Payload='{"id": "1"}')
    assert json.loads(answer["Payload"].read()) == {"stored": "1"}
    row = local_aws.client("dynamodb", region_name=REGION).get_item(TableName="weather", Key={"id": {"S": "1"}})
    assert row["Item"] == {"id": {"S": "1"}}


def test_failure_queues_need_no_outputs_and_replay_to_the_source_of_each_event(
    local_aws: LocalAws, weather: Path
) -> None:
    functions, sqs = (local_aws.client(name, region_name=REGION) for name in ("lambda", "sqs"))
    functions.invoke(FunctionName="weather", InvocationType="Event", Payload='{"fail": true, "id": "2"}')
    work = sqs.get_queue_url(QueueName="weather-work")["QueueUrl"]
    sqs.send_message(QueueUrl=work, MessageBody='{"job": 1}')

    def both() -> list[dict[str, Any]]:
        sqs.receive_message(QueueUrl=work, VisibilityTimeout=0)
        code, out, err = sluice(weather, "failures", "compute", "--local", "--json")
        assert (code, err) == (0, "")
        kept: list[dict[str, Any]] = json.loads(out)
        return kept if len(kept) == 2 else []

    found = eventually(both, within=60)
    assert [(one["queue"].rpartition(":")[2], one["event"]) for one in found] == [
        ("weather-dead", {"job": 1}),
        ("weather-failed", {"fail": True, "id": "2"}),
    ]
    assert found[0]["origin"].endswith(":weather-work")
    assert found[1]["reason"] == "told to fail"

    code, out, _ = sluice(weather, "failures", "compute", "--local", "--replay", found[0]["id"])
    assert (code, out.splitlines()[-1]) == (0, "1 of 1 processed and removed, 0 kept")
    (message,) = sqs.receive_message(QueueUrl=work)["Messages"]
    assert message["Body"] == '{"job": 1}'
    code, out, _ = sluice(weather, "failures", "compute", "--local", "--replay", "all")
    assert code == 1
    assert f"{found[1]['id']}: kept: told to fail" in out


def test_a_review_of_deployed_stacks_is_empty_and_stacks_can_be_destroyed_separately(weather: Path) -> None:
    code, out, err = sluice(weather, "review", "--local", "--json")
    assert (code, [(one["stack"], one["changes"]) for one in json.loads(out)]) == (0, [("store", []), ("compute", [])])
    assert err == "synthesizing weather\n"
    code, _, err = sluice(weather, "down", "store")
    assert (code, err) == (2, "compute depend on store: name them too\n")
    code, out, err = sluice(weather, "recover", "compute", "--local")
    assert (code, err) == (0, "")
    assert "compute: state and resources agree with the configuration" in out
    code, out, err = sluice(weather, "down", "compute", "store")
    assert (code, err) == (0, "")
    assert "Destroying: done, 10 changes" in out


def test_an_app_that_is_a_shell_script_without_provider_or_backend_deploys(local_aws: LocalAws, tmp_path: Path) -> None:
    folder = project(local_aws, "shell", tmp_path, "sh synth.sh")
    code, out, err = sluice(folder, "up")
    assert (code, err) == (0, "")
    _, out, _ = sluice(folder, "outputs", "--local", "--json")
    outputs = json.loads(out)
    assert (outputs["nothing"], outputs["note"]) == ({"note": "kept"}, {"note": "Hello\n"})
    assert outputs["topics"]["arn"].endswith(":shell-jobs")

    # A stack is planned again where its files changed.
    (folder / "note.txt").write_text("changed")
    assert up_again(folder) == ["Deploying: done, 1 change", f"{UNCHANGED}nothing, topics"]
    _, out, _ = sluice(folder, "outputs", "note", "--local", "--json")
    assert json.loads(out) == {"note": {"note": "changed"}}
    assert sluice(folder, "down", "topics", "nothing", "note")[0] == 0


def test_in_an_account_terraforms_plan_is_shown_and_applied_after_approval(local_aws: LocalAws, tmp_path: Path) -> None:
    folder = project(local_aws, "shell", tmp_path, "sh synth.sh")
    account = local_aws.environment()
    code, out, err = sluice(folder, "deploy", "note", variables=account)
    assert (code, out) == (3, "")
    assert err == "the plan needs approval, and standard input is not a terminal: give --yes\n"

    assert _typed(folder, account, "no", "deploy", "note") == 3
    state = folder / "cdktf.out" / "stacks" / "note" / "terraform.tfstate"
    assert not state.exists()
    assert _typed(folder, account, "yes", "deploy", "note") == 0
    # A backend of its own, here Terraform's default, is left alone.
    assert state.exists()
    code, out, _ = sluice(folder, "outputs", "note", "--json", variables=account)
    assert json.loads(out) == {"note": {"note": "Hello\n"}}
    code, out, err = sluice(folder, "deploy", "note", "--yes", variables=account)
    assert (code, err) == (0, "")
    assert "No changes. Your infrastructure matches the configuration." in out
    code, out, err = sluice(folder, "destroy", "note", "--yes", variables=account)
    assert (code, err) == (0, "")
    assert "Plan: 0 to add, 0 to change, 1 to destroy." in out
    assert "Apply complete! Resources: 0 added, 0 changed, 1 destroyed." in out


def test_deploy_and_destroy_reach_the_account_of_the_credentials(local_aws: LocalAws, tmp_path: Path) -> None:
    folder = project(local_aws, "shell", tmp_path, "sh synth.sh")
    code, _, err = sluice(folder, "deploy", "topics", "--yes", variables=local_aws.environment())
    assert (code, err) == (0, "")
    state = json.loads((folder / "cdktf.out" / "stacks" / "topics" / "terraform.tfstate").read_text())
    arn = state["outputs"]["arn"]["value"]
    assert arn.endswith(":shell-jobs")
    topics = local_aws.client("sns")
    topics.get_topic_attributes(TopicArn=arn)
    code, _, err = sluice(folder, "destroy", "topics", "--yes", variables=local_aws.environment())
    assert (code, err) == (0, "")
    with pytest.raises(topics.exceptions.NotFoundException):
        topics.get_topic_attributes(TopicArn=arn)


def _typed(folder: Path, environment: dict[str, str], answer: str, *arguments: str) -> int:
    """The exit code of a command whose question is answered at a terminal."""
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "sluice_cli", *arguments],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT)},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        os.close(theirs)
        os.write(ours, f"{answer}\n".encode())
        said, _ = process.communicate(timeout=240)
        os.close(ours)
    assert "Plan: 1 to add, 0 to change, 0 to destroy." in said
    assert "Apply this plan of note?" in said
    return process.returncode


def _topics(local: LocalAws, region: str) -> list[dict[str, Any]]:
    return list(local.client("sns", region_name=region).list_topics()["Topics"])
