"""What goes wrong is seen in the picture, in the list and by a screen reader: refused calls, kept failures, alarms."""

import json
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.support.console_page import ConsolePage
from tests.support.deployed import Deployment
from tests.support.waiting import eventually

STACK = "file-metadata"
# How boxes and arrows lit up, and what the screen reader was given.
WATCH = """
window.looks = {}; window.spoken = [];
new MutationObserver((changes) => {
  for (const {target} of changes) {
    const id = target.dataset.edge ?? target.dataset.node;
    for (const look of id ? target.classList : []) (window.looks[id] ??= []).push(look);
  }
}).observe(document.getElementById("picture"), {subtree: true, attributeFilter: ["class"]});
new MutationObserver(() => window.spoken.push(document.getElementById("live").textContent))
  .observe(document.getElementById("live"), {subtree: true, childList: true, characterData: true});
"""


@pytest.fixture
def forbidden(page: ConsolePage, deployment: Deployment) -> Iterator[None]:
    """The function may write no row, as long as the test runs."""
    function = page.get("/api/node", node=page.node(STACK, "Extractor")["id"])["name"]
    role = deployment.local.client("lambda").get_function(FunctionName=function)["Configuration"]["Role"]
    iam, named = deployment.local.client("iam"), {"RoleName": role.rpartition("/")[2], "PolicyName": "NoRows"}
    statement = {"Effect": "Deny", "Action": "dynamodb:PutItem", "Resource": "*"}
    iam.put_role_policy(**named, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    yield
    iam.delete_role_policy(**named)


def looks(page: ConsolePage, word: str) -> dict[str, set[str]]:
    """How the boxes and arrows looked since the beginning that have a word in their ids."""
    return {id_: set(found) for id_, found in page.run("return window.looks").items() if word in id_}


@pytest.mark.usefixtures("forbidden")
def test_a_refused_call_and_a_kept_failure_are_seen_and_heard(page: ConsolePage, deployment: Deployment) -> None:
    extractor, table, failures = (page.node(STACK, title)["id"] for title in ("Extractor", "Metadata", "Failures"))
    page.open(stack=STACK, motion=True)
    page.run(WATCH)
    key = f"{uuid4().hex}.txt"
    deployment.local.client("s3").put_object(Bucket=deployment.outputs(STACK)["BucketName"], Key=key, Body=b"refused")
    eventually(lambda: "Call refused\ndynamodb:PutItem" in page.text(".happening"), within=30)
    arrow = f"{extractor}>{table}>permission"
    eventually(lambda: {"lit", "bad"} <= looks(page, arrow).get(arrow, set()))
    assert {"lit", "bad", "running"} <= looks(page, extractor)[extractor]
    assert "Call refused" in page.texts(".happening.bad .kind")
    eventually(lambda: "Failure kept" in page.text(".happening"), within=90)
    eventually(lambda: {"lit", "bad"} <= looks(page, failures).get(failures, set()))
    eventually(lambda: "call refused" in " ".join(page.run("return window.spoken")).lower())
    eventually(lambda: "failure kept" in " ".join(page.run("return window.spoken")).lower())
    page.open(stack=STACK, node=failures, tab="failures")
    items = "return document.querySelector('#panel .items')?.textContent ?? ''"
    eventually(lambda: key in page.run(items))
    assert page.axe() == []
    sqs = deployment.local.client("sqs")
    sqs.purge_queue(QueueUrl=sqs.get_queue_url(QueueName=page.get("/api/node", node=failures)["name"])["QueueUrl"])


def quiet_alarm(page: ConsolePage) -> tuple[str, str]:
    """The box of the alarms of a stack of which none rings, and the name of one."""
    for stack in page.stacks():
        found = page.get("/api/alarms", node=f"{stack['name']}/alarms")["alarms"]
        if all(one["state"] != "ALARM" for one in found):
            return f"{stack['name']}/alarms", found[0]["name"]
    raise AssertionError("an alarm rings in every stack")


@pytest.mark.parametrize("motion", [True, False], ids=["motion", "reduced"])
def test_a_ringing_alarm_is_marked_until_it_ends(page: ConsolePage, deployment: Deployment, motion: bool) -> None:
    page.run("localStorage.removeItem('motion')")
    alarms, name = quiet_alarm(page)
    stack, box = alarms.partition("/")[0], f"[data-node='{alarms}']"
    page.open(stack=stack, motion=motion)
    page.run(WATCH)
    cloudwatch = deployment.local.client("cloudwatch", region_name=deployment.region(stack))
    badge = f'return document.querySelector("{box} .badge-place").textContent'

    def ring(state: str) -> None:
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="of a test: <b>&</b>")

    ring("OK")
    try:
        ring("ALARM")
        eventually(lambda: page.all(f"{box}.ringing"), within=30)
        assert page.run(badge) == "!"
        (label,) = page.run("return [...document.querySelectorAll(arguments[0])].map((one) => one.ariaLabel)", box)
        assert label.endswith("! alarm ringing")
        assert "Alarm ringing" in page.text(".happening.bad")
        moving = "return document.getAnimations().filter((one) => one.playState === 'running').length"
        if not motion:
            assert page.run(moving) == 0
            return
        eventually(lambda: "alarm ringing" in " ".join(page.run("return window.spoken")).lower())
        assert page.axe() == []
        page.open(stack=stack, node=alarms, tab="alarms", motion=motion)
        eventually(lambda: page.all(f"{box}.ringing"))  # also on a page that was not there when it began
        assert "of a test: <b>&</b>" in page.text("#panel .items")
    finally:
        ring("OK")
    eventually(lambda: page.all(f"{box}:not(.ringing)"), within=30)
    assert page.run(badge) == ""


def test_running_functions_are_marked_without_motion_too(page: ConsolePage, deployment: Deployment) -> None:
    page.run("localStorage.removeItem('motion')")
    page.open(stack=STACK, motion=False)
    page.run(WATCH)
    extractor = page.node(STACK, "Extractor")["id"]
    still = "window.animations = 0; document.addEventListener('animationstart', () => window.animations++)"
    page.run(still)
    bucket = deployment.outputs(STACK)["BucketName"]
    deployment.local.client("s3").put_object(Bucket=bucket, Key=f"{uuid4().hex}.txt", Body=b"still")
    eventually(lambda: "running" in looks(page, extractor).get(extractor, set()), within=30)
    assert page.run("return window.animations") == 0
