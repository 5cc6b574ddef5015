"""A stack that is destroyed while it is shown, and two consoles in one browser."""

import pytest
from selenium.webdriver import Chrome

from sluice_cli.console.server import Server
from tests.support.commands import project_of
from tests.support.console_page import ConsolePage, serving
from tests.support.deployed import Deployment
from tests.support.waiting import eventually

STACK = "file-metadata"


def test_two_consoles_are_used_side_by_side(page: ConsolePage, browser: Chrome, deployment: Deployment) -> None:
    """As two tabs of one browser: their cookies are of one host."""
    first = browser.current_window_handle
    with serving(project_of(deployment.local), deployment.local, writes=False) as server:
        browser.switch_to.new_window("tab")
        try:
            second = ConsolePage(browser, server)
            assert second.text("#mode") == "read-only"
            node = second.node(STACK, "Metadata")["id"]
            second.open(stack=STACK, node=node, tab="rows")
            browser.switch_to.window(first)
            page.open(stack=STACK, node=node, tab="rows")
            assert page.text("#mode") == ""
            assert page.get("/api/session")["writes"] is True
            deployment.local.client("s3").put_object(
                Bucket=deployment.outputs(STACK)["BucketName"], Key="both.txt", Body=b"both"
            )
            for handle, shown in ((first, page), (browser.window_handles[1], second)):
                browser.switch_to.window(handle)
                eventually(lambda: "both.txt" in shown.text(".happening"), within=20)  # noqa: B023 - called at once
        finally:
            browser.switch_to.window(browser.window_handles[1])
            browser.close()
            browser.switch_to.window(first)


def test_the_token_stays_out_of_the_address_and_of_what_is_sent(page: ConsolePage, console: Server) -> None:
    page.enter()
    assert console.guard.token not in page.browser.current_url
    assert page.run("return document.referrer") == ""
    page.run("history.back()")  # the address with the token is not in the history
    page.run("return new Promise((done) => setTimeout(done, 300))")
    assert console.guard.token not in page.browser.current_url
    stored = page.run("return JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert console.guard.token not in stored
    assert "sluice-console" not in stored  # no script reads the cookie
    page.enter()


@pytest.fixture(scope="session")
def shown(page: ConsolePage) -> ConsolePage:
    """A page that shows a function's log, which it asks for all the time."""
    page.open(stack=STACK, node=page.node(STACK, "Extractor")["id"], tab="log")
    eventually(lambda: page.all("#panel .log li"))
    page.log()
    return page


def is_quiet(page: ConsolePage) -> bool:
    """Whether the page asks the server for nothing for a while: a log that is open is asked for every 1.5 seconds."""
    page.run("performance.clearResourceTimings()")
    page.run("return new Promise((done) => setTimeout(done, 2500))")
    asked = page.run("return performance.getEntriesByType('resource').map((one) => new URL(one.name).pathname)")
    return not [one for one in asked if one.startswith("/api/")]


def test_a_stack_that_is_destroyed_while_it_is_shown_is_said_to_be_gone(
    shown: ConsolePage, destroyed: Deployment
) -> None:
    del destroyed
    eventually(lambda: "is not deployed (any more)" in shown.text("#panel"), within=60)
    eventually(lambda: "The stack is not deployed yet" in shown.text("#picture"), within=60)
    assert shown.all(".picture .box") == []
    eventually(lambda: "run `sluice up`" in shown.text(".stacks"))
    assert shown.text(".happening") != ""  # what happened is still to be read
    # It does not ask for what is gone again and again.
    eventually(lambda: is_quiet(shown), within=40)
    shown.log()
    assert is_quiet(shown)
    assert shown.log() == []
    assert shown.axe() == []
    shown.click("#panel button", "Close")
    assert "Choose a box" in shown.text("#panel")
