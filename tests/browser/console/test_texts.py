"""Texts of strangers wherever the console's page shows some: keys of rows, messages, log lines."""

import json
import time
from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from tests.support.console_page import ConsolePage
from tests.support.deployed import Deployment
from tests.support.waiting import eventually

HIDDEN = {
    "a\u202eb": "a\\u202eb",
    "a\u200bb\u2060c\u00add\u061ce": "a\\u200bb\\u2060c\\u00add\\u061ce",
    "a\0\x1b[31mb\x9f\r\n\tc": "a\\u0000\\u001b[31mb\\u009f\\u000d\n\tc",
    "a\u2028b\ufeffc\ufff9d": "a\\u2028b\\ufeffc\\ufff9d",
    "a\U000e0041b": "a\\u{e0041}b",
    "\u3164\u115f\uffa0": "\\u3164\\u115f\\uffa0",
    "a\u200db": "a\\u200db",
    # What joins is left where it joins.
    "👩\u200d👩\u200d👧 👍🏽 ❤\ufe0f\u200d🔥": "👩\u200d👩\u200d👧 👍🏽 ❤\ufe0f\u200d🔥",
    "\u0645\u06cc\u200c\u062e \u0915\u094d\u200d\u0937": "\u0645\u06cc\u200c\u062e \u0915\u094d\u200d\u0937",
    "../..%2F<b>&amp;\"'é✓": "../..%2F<b>&amp;\"'é✓",
}
KEYS = [
    "\0nul",
    "\u202egnp.exe",
    "zero\u200bwidth",
    "a%2Fb",
    "..",
    "../../etc",
    "line\nend",
    "<img src=x onerror=alert(1)>",
]

TEXT_MODULE = "import(document.scripts[0].src.replace('main', 'text'))"


def test_what_nobody_would_see_is_shown_as_an_escape(page: ConsolePage) -> None:
    script = f"{TEXT_MODULE}.then((m) => arguments[1](arguments[0].map((one) => m.visible(one))))"
    assert page.browser.execute_async_script(script, list(HIDDEN)) == list(HIDDEN.values())
    halves = f"{TEXT_MODULE}.then((m) => arguments[0](m.visible('a' + String.fromCharCode(0xd800) + 'b')))"
    assert page.browser.execute_async_script(halves) == "a\\ud800b"


@pytest.fixture
def hostile_rows(page: ConsolePage, deployment: Deployment) -> Iterator[str]:
    """The table's node, with rows of hostile keys."""
    client, name = deployment.local.client("dynamodb"), deployment.outputs("file-metadata")["TableName"]
    keys = [{"objectKey": {"S": f"hostile/{key}"}, "uploadTime": {"S": f"2026-01-01{key}"}} for key in KEYS]
    for key in keys:
        client.put_item(TableName=name, Item={**key, "note": {"S": "x" * 3_000}, "<b>": {"B": b"\0\xff"}})
    yield page.node("file-metadata", "Metadata")["id"]
    for key in keys:
        client.delete_item(TableName=name, Key=key)


def contains(page: ConsolePage, selector: str, text: str) -> bool:
    return text in page.run("return document.querySelector(arguments[0])?.textContent ?? ''", selector)


def test_rows_with_hostile_keys_are_listed_opened_and_found(page: ConsolePage, hostile_rows: str) -> None:
    page.open(stack="file-metadata", node=hostile_rows, tab="rows")
    page.log()
    for key in KEYS:
        if "\n" in key or "\0" in key:  # nobody can type these in a field
            query = {"node": hostile_rows, "hash": f"hostile/{key}"}
            (row,) = page.get("/api/rows", **query)["rows"]
            assert row["key"]["objectKey"] == {"S": f"hostile/{key}"}
            continue
        page.fill("objectKey =", f"hostile/{key}")
        page.click("#panel form button:not([type])", "Query")
        eventually(lambda: len(page.all("#panel tbody tr")) == 1)
        shown = page.browser.execute_async_script(
            f"{TEXT_MODULE}.then((m) => arguments[1](m.visible(arguments[0])))", f"hostile/{key}"
        )
        eventually(partial(contains, page, "#panel tbody", shown))
        page.click("#panel td button", "Open")  # the whole row, which was cut in the list
        eventually(partial(contains, page, "#panel .preview h3", shown))
        assert contains(page, "#panel .preview", "x" * 3_000)
    assert page.all("#panel img, #panel b") == []
    assert page.log() == []


def log_of(page: ConsolePage, deployment: Deployment, *lines: str) -> None:
    """Write lines into the function's log."""
    logs, stream = deployment.local.client("logs"), uuid4().hex
    group = deployment.outputs("file-metadata")["LogGroupName"]
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    now = int(time.time() * 1000)
    events: list[Any] = [{"timestamp": now, "message": one} for one in lines]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def test_log_lines_of_any_kind_are_shown_as_text(page: ConsolePage, deployment: Deployment) -> None:
    mark = uuid4().hex
    page.open(stack="file-metadata", node=page.node("file-metadata", "Extractor")["id"], tab="log")
    page.fill("Find", mark)
    page.run("document.querySelector('#panel input[type=search]').dispatchEvent(new Event('input'))")
    eventually(lambda: "No line has this text" in page.text("#panel .log"))
    log_of(
        page,
        deployment,
        f"{mark} \x1b[31mred\x1b[0m \x1b]8;;https://example.com\x07link\x07",
        f"{mark} " + "\x00\x01\x02\ufffd" * 200,
        f"{mark} <script>window.owned = 6</script>",
        f"{mark} " + "long " * 40_000,
        json.dumps({"level": "ERROR", "message": f"{mark} structured", "blob": "y" * 100_000, "<b>": {"a": 1}}),
    )
    lines = "return [...document.querySelectorAll('#panel .log > li')].map((one) => one.textContent)"
    eventually(lambda: len(page.run(lines)) == 5, within=20)
    ansi, binary, markup, long, structured = page.run(lines)
    assert "\\u001b[31mred\\u001b[0m" in ansi
    assert ("binary" in binary, "binary" in ansi) == (True, False)
    assert "<script>window.owned = 6</script>" in markup
    assert "the first 20,000 of 200,033 characters" in long
    assert len(long) < 3_000  # until the rest is asked for
    page.click("#panel .log li:nth-child(4) button", "Show more")
    eventually(lambda: len(page.run(lines)[3]) > 20_000)
    assert ("ERROR" in structured, "y" * 300 in structured, "y" * 1_000 in structured) == (True, True, False)
    assert page.run("return document.querySelectorAll('#panel .log script, #panel .log b').length") == 0
    assert page.run("return window.owned === undefined")
    assert page.beyond_the_window() == []
    assert page.axe() == []


def test_messages_of_any_kind_are_shown_as_text(page: ConsolePage, deployment: Deployment) -> None:
    queue = page.node("object-tracker", "Failures")["id"]
    sqs = deployment.local.client("sqs")
    url = sqs.get_queue_url(QueueName=page.get("/api/node", node=queue)["name"])["QueueUrl"]
    body = "<svg onload='window.owned = 7'>\u202e\u200b" + "z" * 100_000
    attribute = {"name": {"DataType": "String", "StringValue": "\u202evalue"}}
    sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=attribute)
    try:
        page.open(stack="object-tracker", node=queue, tab="messages")
        eventually(lambda: "<svg onload" in page.text("#panel .items"))
        page.run("document.querySelector('#panel .items details').open = true")
        text = page.run("return document.querySelector('#panel .items').textContent")
        assert ("\\u202e\\u200bzzz" in text, "\\u202evalue" in text, "Only the beginning is shown" in text) == (
            True,
        ) * 3
        assert page.all("#panel .items svg") == []
        assert page.run("return window.owned === undefined")
    finally:
        sqs.purge_queue(QueueUrl=url)
