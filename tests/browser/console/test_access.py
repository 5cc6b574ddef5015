"""The console for everybody: by keyboard, for a screen reader, light and dark, narrow, in every time zone."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from selenium.webdriver.common.keys import Keys

from tests.support.console_page import NARROW, WIDE, ConsolePage
from tests.support.waiting import eventually

ZONE = "Asia/Kathmandu"


def places(page: ConsolePage) -> list[dict[str, str]]:
    """A box with each tab that boxes have, the start, and a thing that is followed."""
    found: dict[str, dict[str, str]] = {}
    for stack in page.stacks():
        for node in stack["nodes"]:
            for tab in [*node["tabs"], *node["actions"], "about"]:
                if tab != "routes":
                    found.setdefault(tab, {"stack": stack["name"], "node": node["id"], "tab": tab})
    followed = next(one["follow"] for one in page.get("/api/happenings")["happenings"] if one["follow"])
    return [{}, *found.values(), {"follow": followed}]


def tab_until(page: ConsolePage, wanted: str) -> None:
    for _ in range(60):
        if page.focused().startswith(wanted):
            return
        page.press(Keys.TAB)
    raise AssertionError(f"{wanted} is not reached by keyboard")


# What depends on colours and on the window's size.
OF_THE_LOOK = ("color-contrast", "scrollable-region-focusable", "target-size")


@pytest.mark.parametrize(
    ("dark", "size", "rules"),
    [(False, WIDE, ()), (True, NARROW, OF_THE_LOOK)],
    ids=["light wide", "dark narrow"],
)
def test_axe_finds_nothing_in_any_state_and_the_page_only_scrolls_down(
    page: ConsolePage, dark: bool, size: tuple[int, int], rules: tuple[str, ...]
) -> None:
    wrong: dict[str, Any] = {}
    page.open(dark=dark, size=size, motion=True)
    for place in places(page):
        page.go(**place)
        page.run("for (const one of [...document.querySelectorAll('#panel details')].slice(0, 3)) one.open = true")
        found: list[Any] = [*page.axe(*rules), *page.beyond_the_window()]
        if found:
            wrong[str(place)] = found
    assert wrong == {}


def test_light_and_dark_look_different(page: ConsolePage) -> None:
    colours = []
    for dark in (False, True):
        page.open(dark=dark)
        script = "const s = getComputedStyle(document.querySelector(arguments[0])); return s.backgroundColor + s.fill"
        colours.append([page.run(script, one) for one in ("body", ".pane", ".picture .card")])
    assert all(light != dark for light, dark in zip(*colours, strict=True))


def test_a_box_is_reached_and_opened_by_keyboard(page: ConsolePage) -> None:
    page.open(stack="file-metadata")
    (shown,) = [one for one in page.stacks() if one["name"] == "file-metadata"]
    order = [one["title"] for one in sorted(shown["nodes"], key=lambda one: (one["x"], one["y"]))]
    tab_until(page, order[0])  # from left to right
    page.press(Keys.END)
    assert page.focused().startswith(order[-1])
    page.press(Keys.HOME)
    assert page.focused().startswith(order[0])
    tab_until(page, "Uploads S3 bucket")
    page.press(Keys.ARROW_RIGHT)
    assert page.focused().startswith("Extractor Lambda function")
    stroke = "return getComputedStyle(document.activeElement.querySelector('.card')).strokeWidth"
    eventually(lambda: page.run(stroke) == "4px")
    page.press(Keys.ARROW_LEFT)
    assert page.focused().startswith("Uploads S3 bucket")
    page.press(Keys.ENTER)
    eventually(lambda: page.all("#panel [role=tab]"))


def test_focus_is_visible_on_every_stop(page: ConsolePage) -> None:
    node = page.node("file-metadata", "Failures")
    page.open(stack="file-metadata", node=node["id"], tab="message", motion=True)
    seen, invisible = set(), []
    for _ in range(50):
        page.press(Keys.TAB)
        visible = page.run(
            "const e = document.activeElement, s = getComputedStyle(e), card = e.querySelector(':scope > .card');"
            "return e === document.body ? null : card ? getComputedStyle(card).strokeWidth === '4px' :"
            "s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 1"
        )
        if visible is None:
            break
        seen.add(page.focused())
        if not visible:
            invisible.append(page.focused())
    assert len(seen) > 12
    assert invisible == []


def test_going_back_and_loading_again_keep_what_is_open(page: ConsolePage) -> None:
    uploads, extractor = page.node("file-metadata", "Uploads"), page.node("file-metadata", "Extractor")
    page.open(stack="file-metadata", node=uploads["id"])
    (box,) = page.all(f"[data-node='{extractor['id']}']")
    box.click()
    eventually(lambda: page.text("#panel h2").startswith("Extractor"))
    page.browser.back()
    eventually(lambda: page.text("#panel h2").startswith("Uploads"))
    page.browser.refresh()
    eventually(lambda: page.text("#panel h2").startswith("Uploads"))


def test_times_are_in_the_readers_zone(page: ConsolePage) -> None:
    page.browser.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": ZONE})
    try:
        page.open()
        newest = page.get("/api/happenings", limit=1)["happenings"][0]["time"]
        local = datetime.fromtimestamp(newest, ZoneInfo(ZONE)).strftime("%H:%M:%S")
        eventually(lambda: local in page.text(".happening time"))
        assert f"Times are in {page.run('return Intl.DateTimeFormat().resolvedOptions().timeZone')}." in page.text(
            ".happenings"
        )
    finally:
        page.browser.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": ""})
