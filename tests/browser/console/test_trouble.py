"""The console under attack, read-only, with much to show, and with what it shows gone."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from selenium.webdriver import Chrome

from sluice_cli.console.server import Server
from tests.support.commands import project_of, project_with_local_aws
from tests.support.console_page import ConsolePage, serving
from tests.support.deployed import Deployment
from tests.support.waiting import eventually

EVIL = '<img src=x onerror="window.owned=1"><svg onload=window.owned=2>"><script>window.owned=3</script>\u202egnp'
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="window.owned=4"><script>window.owned=5</script></svg>'
MOST_ELEMENTS = 4000


@pytest.fixture
def evil_object(page: ConsolePage, deployment: Deployment) -> Iterator[str]:
    """The key of an object that is dropped onto the bucket, and taken away with its row."""
    key = f"{EVIL}.svg"
    page.open(stack="file-metadata")
    page.log()
    page.drop(page.node("file-metadata", "Uploads")["id"], key, SVG, "image/svg+xml")
    yield key
    s3, dynamodb = deployment.local.client("s3"), deployment.local.client("dynamodb")
    outputs = deployment.outputs("file-metadata")
    for version in s3.list_object_versions(Bucket=outputs["BucketName"], Prefix=key)["Versions"]:
        s3.delete_object(Bucket=outputs["BucketName"], Key=key, VersionId=version["VersionId"])
    named = {"KeyConditionExpression": "objectKey = :key", "ExpressionAttributeValues": {":key": {"S": key}}}
    for row in dynamodb.query(TableName=outputs["TableName"], **named)["Items"]:
        row_key = {name: row[name] for name in ("objectKey", "uploadTime")}
        dynamodb.delete_item(TableName=outputs["TableName"], Key=row_key)


def test_texts_of_strangers_are_never_markup(page: ConsolePage, evil_object: str) -> None:
    uploads, table = (page.node("file-metadata", title)["id"] for title in ("Uploads", "Metadata"))
    eventually(lambda: evil_object[:20] in page.text(".happening .title"), within=30)
    page.open(stack="file-metadata", node=uploads, tab="objects")
    page.click("#panel td button", evil_object[:20])
    eventually(lambda: "<script>window.owned=5</script>" in page.text("#panel .preview"))
    page.open(stack="file-metadata", node=table, tab="rows")
    page.fill("objectKey =", evil_object)
    page.click("#panel form button:not([type])", "Query")
    page.click("#panel td button[aria-label^='Open row <img']")
    eventually(lambda: evil_object[:20] in page.text("#panel .preview"))
    assert page.run("return window.owned === undefined")
    assert page.all("main img, main script, main iframe, main object, main embed, #panel svg") == []
    assert "\u202e" not in page.run("return document.body.textContent")  # shown as an escape: it would turn text around
    assert page.log() == []


def test_the_page_refuses_scripts_that_are_not_its_own(page: ConsolePage) -> None:
    page.open()
    page.log()
    page.run(
        "const s = document.createElement('script'); s.textContent = 'window.owned = true'; document.body.append(s);"
        "document.body.insertAdjacentHTML('beforeend', '<b onclick=\"window.owned = true\" id=x>x</b>');"
        "document.getElementById('x').click()"
    )
    assert page.run("return window.owned === undefined")
    assert len([one for one in page.log() if "Content Security Policy" in one["message"]]) == 2


def test_a_read_only_console_says_why_nothing_can_be_put_in(browser: Chrome, deployment: Deployment) -> None:
    with serving(project_of(deployment.local), deployment.local, writes=False) as server:
        page = ConsolePage(browser, server)
        uploads = page.node("file-metadata", "Uploads")
        page.open(stack="file-metadata", node=uploads["id"], tab="upload")
        assert "sluice console --allow-writes" in page.text("#panel .note")
        assert page.all("#panel fieldset:disabled button:not([type])") != []
        page.drop(uploads["id"], f"{uuid4().hex}.txt", b"text")
        eventually(lambda: "read-only" in page.text(".notice"))
        assert page.axe() == []


def shows(page: ConsolePage, words: str) -> bool:
    return words in page.text("#panel nav")


def test_many_rows_are_shown_page_by_page(page: ConsolePage, deployment: Deployment) -> None:
    node = page.node("object-tracker", "Records")
    client, name = deployment.local.client("dynamodb"), deployment.outputs("object-tracker")["TableName"]
    schema = client.describe_table(TableName=name)["Table"]["KeySchema"]
    keys = [{key["AttributeName"]: {"S": f"console-{number:05}"} for key in schema} for number in range(300)]
    for start in range(0, len(keys), 25):
        put = [{"PutRequest": {"Item": one}} for one in keys[start : start + 25]]
        assert client.batch_write_item(RequestItems={name: put})["UnprocessedItems"] == {}
    try:
        page.open(stack="object-tracker", node=node["id"], tab="rows")
        for number in range(2, 5):
            assert len(page.all("#panel tbody tr")) == 50
            page.click("#panel nav button", "Next page")
            eventually(partial(shows, page, f"Page {number}"))
        assert page.run("return document.querySelectorAll('*').length") < MOST_ELEMENTS
        page.click("#panel nav button", "Previous page")
        eventually(lambda: "Page 3" in page.text("#panel nav"))
    finally:
        for start in range(0, len(keys), 25):
            gone = [{"DeleteRequest": {"Key": one}} for one in keys[start : start + 25]]
            client.batch_write_item(RequestItems={name: gone})


def test_a_console_that_ends_and_comes_back_is_noticed(browser: Chrome, deployment: Deployment) -> None:
    project = project_of(deployment.local)
    with serving(project, deployment.local) as server:
        page, port = ConsolePage(browser, server), server.server_port
    eventually(lambda: "does not answer" in page.text("#trouble"), within=20)
    with serving(project, deployment.local, port=port):
        eventually(lambda: "The console was started again" in page.text("#trouble"), within=20)


def test_a_local_aws_that_is_not_running_is_named_and_nothing_deployed_says_what_to_do(
    browser: Chrome, tmp_path: Path
) -> None:
    project, local = project_with_local_aws(tmp_path)
    with serving(project, local) as server:
        page = ConsolePage(browser, server)
        eventually(lambda: "not running" in page.text("#trouble"), within=20)
        assert page.axe() == []
        local.start()
        try:
            eventually(lambda: not page.text("#trouble"), within=40)
            eventually(lambda: "sluice up" in page.text(".stacks"), within=20)
            assert page.axe() == []
            # Gone while it is shown, and back: another one, whose happenings begin anew.
            local.stop()
            eventually(lambda: page.text("#trouble"), within=60)
            local.start()
            eventually(lambda: not page.text("#trouble"), within=40)
            local.client("sns").publish(
                TopicArn=local.client("sns").create_topic(Name="back")["TopicArn"], Message="and back"
            )
            eventually(lambda: "and back" in page.text(".happening"), within=20)
        finally:
            local.stop()


# What a browser without a feature answers to the page's question for it.
LACKS = {
    "JavaScript modules": "delete HTMLScriptElement.prototype.noModule",
    "EventSource": "delete window.EventSource",
    "fetch": "delete window.AbortController",
    "the dialog element": "delete HTMLDialogElement.prototype.showModal",
    "Element.replaceChildren": "delete Element.prototype.replaceChildren",
    "Array.at": "delete Array.prototype.at",
    # Only of the page: Chromium's driver has regular expressions of its own in it.
    "regular expressions with lookbehind": """window.RegExp = new Proxy(RegExp, {construct(made, given) {
        if (String(given[0]).includes("(?<!")) throw new SyntaxError("Invalid group");
        return new made(...given);
    }})""",
    "Intl.DateTimeFormat": "Intl.DateTimeFormat = function () { throw new RangeError('fractionalSecondDigits') }",
    "CSS custom properties": "CSS.supports = () => false",
}
NEWER = "The page needs Chrome or Edge 92, Firefox 98, Safari 16.4, or newer."


@contextmanager
def before_the_page(page: ConsolePage, script: str, *blocked: str) -> Iterator[None]:
    """Loads the page after a script, without files that match; afterwards the browser is as before."""
    browser = page.browser
    made = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": list(blocked)})
    try:
        browser.get("about:blank")
        browser.get(page.address)
        yield
    finally:
        browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", made)
        browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})


@pytest.mark.parametrize("feature", LACKS)
def test_a_browser_that_is_too_old_is_told_what_it_lacks(page: ConsolePage, feature: str) -> None:
    with before_the_page(page, LACKS[feature]):
        assert page.text("#start [role=alert]") == f"This browser is too old for the page: it lacks {feature}. {NEWER}"
        assert page.all("#app[hidden]") != []


def test_a_browser_that_lacks_more_reads_one_sentence_and_one_without_scripts_the_versions(page: ConsolePage) -> None:
    with before_the_page(page, f"{LACKS['EventSource']}; {LACKS['Array.at']}"):
        assert "it lacks EventSource, Array.at. " in page.text("#start")
    page.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        page.browser.get("about:blank")
        page.browser.get(page.origin)
        assert f"which {NEWER.removeprefix('The page ')}" in page.browser.page_source
    finally:
        page.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize(
    ("script", "blocked", "words"),
    [
        ("", "*/main.js", "A file of the page did not arrive"),
        ("", "*/text.js", "A file of the page did not arrive"),  # which main.js imports
        (
            "addEventListener('DOMContentLoaded', () =>"
            " dispatchEvent(new ErrorEvent('error', {message: 'Unexpected token'})))",
            "*/main.js",
            "This browser cannot run the page: Unexpected token. The page needs",
        ),
        (
            "const own = fetch; window.fetch = (path, options) => own(path, {...options, credentials: 'omit'})",
            "nothing",
            "This browser keeps no cookies of this page",
        ),
    ],
    ids=["no module", "no imported module", "unknown syntax", "no cookies"],
)
def test_a_page_that_cannot_start_says_why(page: ConsolePage, script: str, blocked: str, words: str) -> None:
    with before_the_page(page, script, blocked):
        eventually(lambda: words in page.text("#start"))


def test_without_its_token_the_page_says_where_it_is(page: ConsolePage, console: Server) -> None:
    page.browser.delete_all_cookies()
    try:
        page.browser.get("about:blank")
        page.browser.get(page.origin)
        eventually(lambda: "Open the address that `sluice console` printed" in page.text("#start"))
    finally:
        page.enter()
