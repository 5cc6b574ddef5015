"""Kept failures and rejected records on the console's page: replayed, discarded after a question, captured as tests."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys

from tests.support.commands import project_of
from tests.support.console_page import ConsolePage, serving
from tests.support.deployed import Deployment
from tests.support.waiting import eventually

REASON = "<b>it failed</b>\u202e"


@pytest.fixture
def kept(page: ConsolePage, deployment: Deployment) -> Iterator[dict[str, str]]:
    """The queue's node, with two failures in it: `good` is processed when it is replayed, `bad` is not."""
    queue, function = (page.node("file-metadata", title)["id"] for title in ("Failures", "Extractor"))
    sqs, outputs = deployment.local.client("sqs"), deployment.outputs("file-metadata")
    url = sqs.get_queue_url(QueueName=page.get("/api/node", node=queue)["name"])["QueueUrl"]
    sqs.purge_queue(QueueUrl=url)
    event = page.get("/api/example", node=function, kind="s3")["event"]
    for name, payload in (("good", event), ("bad", {"Records": [{"eventSource": "aws:s3"}]})):
        context = {"functionArn": outputs["FunctionArn"], "condition": "RetriesExhausted", "requestId": name}
        body = {"requestContext": context, "requestPayload": payload, "responsePayload": {"errorMessage": REASON}}
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body))
    yield {"queue": queue, "function": function}
    sqs.purge_queue(QueueUrl=url)


def show(page: ConsolePage, node: str) -> None:
    page.open(stack=node.partition("/")[0], node=node, tab="failures")
    eventually(lambda: len(page.all("#panel .items > li")) == 2)


def choose(page: ConsolePage, id_: str) -> None:
    # The list may be drawn anew after something was done with what was chosen before.
    page.click(f"#panel input[aria-label='Choose failure of {id_}']:not(:checked)")


def ids_left(page: ConsolePage, node: str) -> set[str]:
    return {one["id"] for one in page.get("/api/failures", node=node)["failures"]}


def status(page: ConsolePage) -> str:
    text = page.text("#panel > .inside-tab > [role=status]")
    return "" if "Working" in text else text


def test_failures_are_replayed_and_what_fails_again_stays(page: ConsolePage, kept: dict[str, str]) -> None:
    show(page, kept["function"])
    assert "\\u202e" in page.text("#panel .items")
    assert page.all("#panel .items b") == []
    page.click("#panel fieldset button", "Replay")
    eventually(lambda: "Choose at least one" in status(page))
    choose(page, "good")
    choose(page, "bad")
    page.click("#panel fieldset button", "Replay")
    said = str(eventually(lambda: "replayed" in (text := status(page)) and text, within=30))
    assert said.startswith("1 failure replayed. bad: ")
    assert ids_left(page, kept["queue"]) == {"bad"}
    eventually(lambda: len(page.all("#panel .items > li")) == 1)


def test_failures_are_discarded_with_a_reason_after_a_question(page: ConsolePage, kept: dict[str, str]) -> None:
    show(page, kept["queue"])
    choose(page, "bad")
    page.click("#panel fieldset button", "Discard")
    eventually(lambda: "Give a reason" in status(page))
    page.fill("Reason to discard", "an old format")
    discard = "[...document.querySelectorAll('#panel fieldset button')].find((one) => one.textContent === 'Discard')"
    for answer in ("Escape", "Cancel"):
        page.run(f"{discard}.focus(); {discard}.click()")
        eventually(lambda: page.all("dialog[open]"))
        assert "Discard 1 failure?" in page.text("dialog")
        assert page.focused() == "Cancel"
        assert page.axe() == []
        page.press(Keys.TAB)
        assert page.focused() == "Discard"
        if answer == "Escape":
            page.press(Keys.ESCAPE)
        else:
            page.click("dialog button", "Cancel")
        eventually(lambda: "Nothing was discarded" in status(page))
        assert page.all("dialog") == []
        assert page.focused() == "Discard"  # the button that asked
        assert page.text("#panel h2").startswith("Failures")  # Escape closed the question only
    assert ids_left(page, kept["queue"]) == {"good", "bad"}
    page.click("#panel fieldset button", "Discard")
    page.click("dialog button", "Discard")
    eventually(lambda: "1 failure discarded" in status(page))
    assert ids_left(page, kept["queue"]) == {"good"}


def test_a_failure_is_captured_as_a_test(page: ConsolePage, kept: dict[str, str], deployment: Deployment) -> None:
    show(page, kept["queue"])
    page.run("for (const one of document.querySelectorAll('#panel .items details')) one.open = true")
    page.click("#panel .items li:first-child button", "Capture as a test")
    # Beside the list, which is drawn anew meanwhile.
    said = str(eventually(partial(status, page), within=30))
    assert said.startswith("Written: tests/")
    file = project_of(deployment.local).folder / said.removeprefix("Written: ").partition(",")[0]
    try:
        assert file.is_file()
    finally:
        file.unlink(missing_ok=True)


def test_a_read_only_console_shows_failures_and_handles_none(
    browser: Chrome, page: ConsolePage, kept: dict[str, str], deployment: Deployment
) -> None:
    with serving(project_of(deployment.local), deployment.local, writes=False) as server:
        reading = ConsolePage(browser, server)
        show(reading, kept["queue"])
        reading.run("for (const one of document.querySelectorAll('#panel .items details')) one.open = true")
        buttons = (
            "return [...document.querySelectorAll('#panel .inside-tab button')]"
            ".map((one) => [one.textContent, one.matches(':disabled')])"
        )
        off = dict(reading.run(buttons))
        assert (off["Replay"], off["Discard"], off["Capture as a test"], off["Follow"]) == (True, True, True, False)
        assert "sluice console --allow-writes" in reading.text("#panel .note")
        refused = reading.run(
            "const body = JSON.stringify({node: arguments[0], ids: ['good'], reason: 'x'});"
            "return fetch('/api/failures/discard', {method: 'POST', body, headers: {'X-Sluice-Console': '1', "
            "'Content-Type': 'application/json'}}).then((one) => one.status)",
            kept["queue"],
        )
        assert refused == 403
        assert ids_left(reading, kept["queue"]) == {"good", "bad"}


def rejects_of(page: ConsolePage, table: str, name: str) -> list[Any]:
    found = page.get("/api/failures", node=table)["failures"]
    return [one for one in found if name in json.dumps(one["event"])]


def test_rejected_records_are_handled_like_failures(page: ConsolePage, deployment: Deployment) -> None:
    landing, table = (page.node("sensor-pipeline", title)["id"] for title in ("Landing", "Rejects"))
    bucket, name = page.get("/api/node", node=landing)["name"], uuid4().hex
    reading = {"deviceId": "d", "sensorType": "temperature", "timestamp": "2026-01-01T00:00:00Z", "value": "warm"}
    deployment.local.client("s3").put_object(
        Bucket=bucket, Key=f"readings/of the page/{name}.json", Body=json.dumps([reading]).encode()
    )
    (reject,) = eventually(lambda: rejects_of(page, table, name), within=30)
    page.open(stack="sensor-pipeline", node=table, tab="failures")
    choose(page, reject["id"])
    page.click("#panel fieldset button", "Replay")
    said = eventually(lambda: "replayed" in (text := status(page)) and text, within=30)
    assert said == f"0 failures replayed. {reject['id']}: 1 of 1 records were rejected again"
    choose(page, reject["id"])
    page.fill("Reason to discard", "a test's")
    page.click("#panel fieldset button", "Discard")
    page.click("dialog button", "Discard")
    eventually(lambda: "1 failure discarded" in status(page))
    assert rejects_of(page, table, name) == []
