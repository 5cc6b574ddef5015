"""The console by keyboard: where the focus goes, and where it comes back to."""

from selenium.webdriver.common.keys import Keys

from tests.support.console_page import ConsolePage
from tests.support.waiting import eventually

STACK = "file-metadata"


def selected(page: ConsolePage) -> str:
    """The chosen tab of the panel; it has the focus."""
    (name,) = page.texts("#panel [role=tab][aria-selected=true]")
    return name if focused_text(page) == name else f"{name}, not focused"


def focused_text(page: ConsolePage) -> str:
    return str(page.run("return document.activeElement.textContent"))


def test_the_first_stop_skips_to_what_happens_and_what_is_open_stays(page: ConsolePage) -> None:
    page.open(stack=STACK, node=page.node(STACK, "Metadata")["id"], tab="rows")
    before = page.browser.current_url
    first = "return document.querySelector('a, button, input, select, textarea, [tabindex=\"0\"]').textContent"
    assert page.run(first) == "Skip to what happens"
    page.run("document.querySelector('.skip').focus()")
    page.press(Keys.SHIFT)  # a window without any key has no focus of its own
    assert page.run("return document.activeElement.getBoundingClientRect().left") >= 0  # seen while it has the focus
    page.press(Keys.ENTER)
    assert page.focused() == "happenings-name"
    assert page.browser.current_url == before
    assert page.text("#panel h2").startswith("Metadata")


def test_arrows_go_from_tab_to_tab(page: ConsolePage) -> None:
    page.open(stack=STACK, node=page.node(STACK, "Metadata")["id"], tab="rows")
    page.run("document.querySelector('#panel [role=tab][aria-selected=true]').focus()")
    names = page.texts("#panel [role=tab]")
    assert names == ["Rows", "Metrics", "Alarms", "About"]
    seen = []
    for key in (
        Keys.ARROW_RIGHT,
        Keys.END,
        Keys.ARROW_RIGHT,
        Keys.ARROW_LEFT,
        Keys.HOME,
        Keys.ARROW_DOWN,
        Keys.ARROW_UP,
    ):
        page.press(key)
        seen.append(selected(page))
    assert seen == ["Metrics", "About", "Rows", "About", "Rows", "Metrics", "Rows"]
    page.press(Keys.TAB)  # out of the tabs, into what the chosen one shows
    assert page.run("return document.getElementById('panel').contains(document.activeElement)")
    assert page.run("return document.activeElement.getAttribute('role')") != "tab"
    stacks = page.texts("#stack-tabs [role=tab]")
    page.run("document.querySelector('#stack-tabs [role=tab][aria-selected=true]').focus()")
    page.press(Keys.END)
    eventually(lambda: page.texts("#stack-tabs [role=tab][aria-selected=true]") == [stacks[-1]])
    eventually(lambda: focused_text(page) == stacks[-1])


def test_escape_closes_what_was_opened_last_and_the_focus_comes_back(page: ConsolePage) -> None:
    uploads = page.node(STACK, "Uploads")["id"]
    page.open(stack=STACK)
    page.run("[...document.querySelectorAll('.box')].find((one) => one.dataset.node === arguments[0]).focus()", uploads)
    page.press(Keys.ENTER)
    eventually(lambda: page.all("#panel td button"))
    opener = "document.querySelector('#panel td button')"
    page.run(f"{opener}.focus()")
    page.press(Keys.ENTER)
    eventually(lambda: page.all("#panel .preview:not([hidden]) dl"))
    page.press(Keys.ESCAPE)  # the preview
    assert page.run(f"return document.activeElement === {opener}")
    assert page.text("#panel h2").startswith("Uploads")
    page.press(Keys.ESCAPE)  # the box
    eventually(lambda: page.focused().startswith("Uploads S3 bucket"))
    assert "Choose a box" in page.text("#panel")
    page.press(Keys.ESCAPE)  # nothing is open: nothing happens
    assert page.focused().startswith("Uploads S3 bucket")


def test_a_form_is_sent_by_keyboard_and_keeps_the_focus(page: ConsolePage) -> None:
    page.open(stack=STACK, node=page.node(STACK, "Extractor")["id"], tab="invoke")
    page.fill("Event, as JSON", '{"Records": []}')
    page.run("document.querySelector('#panel form button:not([type])').focus()")
    page.press(Keys.ENTER)
    eventually(lambda: "Succeeded" in page.text("#panel .answer"), within=30)
    assert page.focused() == "Invoke"
    assert page.all("#panel form button[aria-disabled]") == []


def test_focus_goes_from_the_stacks_to_the_picture_to_the_panel_to_what_happens(page: ConsolePage) -> None:
    page.open(stack=STACK, node=page.node(STACK, "Metadata")["id"], tab="about")
    page.run("document.querySelector('.skip').focus()")
    places = ["stack-tabs", "picture", "panel", "happenings"]
    where = f"return {places}.find((one) => document.getElementById(one).contains(document.activeElement)) ?? ''"
    seen: list[str] = []
    for _ in range(80):
        page.press(Keys.TAB)
        place = page.run(where)
        if place and (not seen or seen[-1] != place):
            seen.append(place)
        if place == "happenings":
            break
    assert seen == places
