"""The console shows how things flow, and puts something in."""

from typing import Any
from uuid import uuid4

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.test_upload_api import SMALL
from tests.support.console_page import ConsolePage
from tests.support.deployed import Deployment
from tests.support.waiting import eventually


def lit_titles(page: ConsolePage, stack: str) -> dict[str, float]:
    """The boxes that lit up since the drop, and the arrows as `from > to`."""
    titles = {one["id"]: one["title"] for found in page.stacks() if found["name"] == stack for one in found["nodes"]}
    return {" > ".join(titles[end] for end in one.split(">")[:2]): after for one, after in page.shown().items()}


def happenings(page: ConsolePage) -> str:
    return page.text(".happening")


def test_every_box_and_arrow_of_every_stack_is_drawn_and_nothing_else_is_loaded(page: ConsolePage) -> None:
    page.log()  # of earlier tests in this browser
    page.open()
    for stack in page.stacks():
        page.go(stack=stack["name"])
        shown = set(page.run("return [...document.querySelectorAll('.box')].map((one) => one.dataset.node)"))
        assert shown == {one["id"] for one in stack["nodes"]}
        assert len(page.all("[data-edge]")) == len({one["id"] for one in stack["edges"]})
        assert page.texts("[role=tab][aria-selected=true]") == [stack["name"]]
    loaded = page.run("return performance.getEntriesByType('resource').map((one) => new URL(one.name).origin + '/')")
    assert set(loaded) == {page.origin}
    assert page.log() == []


def test_a_dropped_file_becomes_a_row_before_ones_eyes_and_can_be_followed(page: ConsolePage) -> None:
    page.open(stack="file-metadata", motion=True)
    name = f"{uuid4().hex}.png"
    page.drop(page.node("file-metadata", "Uploads")["id"], name, SMALL.read_bytes(), "image/png")
    eventually(
        lambda: {"Uploads", "Uploads > Extractor", "Extractor > Metadata"} <= set(lit_titles(page, "file-metadata")),
        within=30,
    )
    arrows = lit_titles(page, "file-metadata")
    assert arrows["Uploads"] <= arrows["Uploads > Extractor"] <= arrows["Extractor > Metadata"]
    assert page.run("return window.dots") >= 2
    eventually(lambda: "Row written" in happenings(page).partition(f"Object created\n{name}")[0])  # the newest first
    eventually(lambda: "Uploaded to Uploads" in page.text(".notice"))
    page.click(".notice button", "Follow")
    eventually(lambda: "Complete" in page.text("#panel [role=status]"), within=30)
    kinds = page.texts(".step .kind")
    assert kinds[0] == "Object created"
    assert {"Function run", "Row written"} <= set(kinds)
    page.click(".step summary", "call")
    assert "s3 GetObject" in page.text(".calls")
    page.click(".step summary", "log line")
    assert page.text(".step .log") != ""


def test_things_are_followed_without_the_layout_jumping(page: ConsolePage) -> None:
    page.open(stack="file-metadata", motion=True)
    page.run(
        "window.jumps = 0; new PerformanceObserver((list) => { for (const one of list.getEntries())"
        "if (!one.hadRecentInput) window.jumps += one.value }).observe({type: 'layout-shift', buffered: true})"
    )
    node = page.node("file-metadata", "Metadata")
    page.go(stack="file-metadata", node=node["id"])
    page.drop(page.node("file-metadata", "Uploads")["id"], f"{uuid4().hex}.txt", b"text")
    eventually(lambda: "Extractor > Metadata" in lit_titles(page, "file-metadata"), within=30)
    assert page.run("return window.jumps") < 0.05


@pytest.mark.parametrize("motion", [True, False], ids=["motion", "reduced"])
def test_motion_is_off_for_who_prefers_so_and_arrows_still_light_up(page: ConsolePage, motion: bool) -> None:
    page.run("localStorage.removeItem('motion')")
    page.open(stack="file-metadata", motion=motion)
    assert page.run("return document.getElementById('motion').checked") is motion
    page.drop(page.node("file-metadata", "Uploads")["id"], f"{uuid4().hex}.txt", b"text")
    eventually(lambda: "Uploads > Extractor" in lit_titles(page, "file-metadata"), within=30)
    assert (page.run("return window.dots") > 0) is motion


def test_a_screen_reader_hears_a_summary(page: ConsolePage) -> None:
    page.open(stack="file-metadata")
    page.drop(page.node("file-metadata", "Uploads")["id"], f"{uuid4().hex}.txt", b"text")
    said = eventually(lambda: page.text("#live"), within=30)
    assert "object" in said
    assert said.endswith(".")


def test_the_list_is_searched_and_limited_to_the_open_box(page: ConsolePage) -> None:
    node = page.node("file-metadata", "Metadata")
    page.open(stack="file-metadata", node=node["id"])
    eventually(lambda: "Object created" in happenings(page))
    page.click(".happenings .switch", "only the open box")
    assert {text.split("\n")[1] for text in page.texts(".happening")} <= {"Row written", "Row changed", "Row removed"}
    page.click(".happenings .switch", "only the open box")
    page.run("document.querySelector('.happenings input[type=search]').focus()")
    page.press("extractor started")
    assert {text.split("\n")[1] for text in page.texts(".happening")} == {"Function started"}


def answer(page: ConsolePage, word: str) -> str:
    """Sends the form by its button, and gives what is shown then."""
    page.click("#panel form button:not([type])", word)
    return str(eventually(lambda: (text := page.text("#panel .answer")) and "Working" not in text and text, within=30))


def test_an_api_is_called_by_a_form_made_from_its_schema(page: ConsolePage, deployment: Deployment) -> None:
    node = page.node("upload-api", "API")
    page.open(stack="upload-api", node=node["id"], tab="call")
    routes = page.texts("#panel select option")
    page.fill("Route", str(routes.index("POST /upload")))
    product = uuid4().hex
    # The other fields have the example's values, of which the content is base64.
    page.fill("productId", product)
    said = answer(page, "Call")
    assert said.startswith("Status 20"), said
    found = deployment.local.client("dynamodb").scan(TableName=deployment.outputs("upload-api")["TableName"])["Items"]
    assert product in [one["productId"]["S"] for one in found]


def taken_away(sqs: Any, url: str, body: str) -> bool:
    """Whether a message was there and is deleted; others stay visible."""
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", [])
    own = [one["ReceiptHandle"] for one in received if one["Body"] == body]
    for handle in own:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
    return bool(own)


def test_a_message_an_event_a_publication_and_a_reading_are_sent(page: ConsolePage, deployment: Deployment) -> None:
    queue = page.node("file-metadata", "Failures")["id"]
    page.open(stack="file-metadata", node=queue, tab="message")
    page.fill("Body", "hello from the console")
    assert answer(page, "Send").startswith("Sent: ")
    page.click("[role=tab]", "Messages")
    eventually(lambda: "hello from the console" in page.text("#panel .items"))
    sqs = deployment.local.client("sqs")
    url = sqs.get_queue_url(QueueName=page.get("/api/node", node=queue)["name"])["QueueUrl"]
    eventually(lambda: taken_away(sqs, url, "hello from the console"))

    page.open(stack="file-metadata", node=page.node("file-metadata", "Alarm topic")["id"], tab="publish")
    page.fill("Subject", "A trial")
    page.fill("Message", "of the console")
    assert answer(page, "Publish").startswith("Published: ")
    page.click("[role=tab]", "Sent")
    eventually(lambda: "A trial" in page.text("#panel .items"), within=20)

    page.open(stack="file-metadata", node=page.node("file-metadata", "Extractor")["id"], tab="invoke")
    page.fill("Event, as JSON", "{no json")
    assert "The event is not valid JSON" in answer(page, "Invoke")
    page.fill("Event, as JSON", '{"Records": []}')
    assert "Succeeded" in answer(page, "Invoke")

    page.open(stack="sensor-pipeline", node=page.node("sensor-pipeline", "Landing")["id"], tab="reading")
    eventually(lambda: page.all("#panel form input"))
    assert answer(page, "Send reading").startswith("Sent: ")
    page.click("#panel .answer button", "Follow")
    eventually(lambda: "Row written" in page.text(".step"), within=30)


def test_what_goes_on_after_its_way_was_complete_is_shown(page: ConsolePage, deployment: Deployment) -> None:
    queue = page.node("file-metadata", "Failures")["id"]
    sqs, body = deployment.local.client("sqs"), uuid4().hex
    url = sqs.get_queue_url(QueueName=page.get("/api/node", node=queue)["name"])["QueueUrl"]
    message = sqs.send_message(QueueUrl=url, MessageBody=body)["MessageId"]
    try:
        page.open(follow=f"message:{message}")
        eventually(lambda: "Complete" in page.text("#panel [role=status]"))
        steps = page.texts(".step .kind")
        assert taken_away(sqs, url, body)
        eventually(lambda: len(page.texts(".step .kind")) > len(steps))
    finally:
        sqs.purge_queue(QueueUrl=url)


def test_rows_are_queried_by_key(page: ConsolePage, deployment: Deployment) -> None:
    node = page.node("file-metadata", "Metadata")
    page.open(stack="file-metadata", node=node["id"], tab="rows")
    keys = [one["key"]["objectKey"]["S"] for one in page.get("/api/rows", node=node["id"])["rows"]]
    key = next(one for one in keys if one.isascii())
    page.fill("objectKey =", key)
    page.click("#panel form button:not([type])", "Query")
    eventually(lambda: {text.split("\t")[1] for text in page.texts("#panel tbody tr")} == {key}, within=20)
    page.click("#panel tbody button", "Open")
    eventually(lambda: key in page.text("#panel .preview"))
    page.press(Keys.ESCAPE)
    assert page.all("#panel .preview:not([hidden])") == []
