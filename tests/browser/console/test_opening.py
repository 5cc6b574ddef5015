"""The page as it opens by itself at the end of `make demo` and by `sluice console`."""

from pathlib import Path

import pytest

from sluice_cli.console.browser import open_browser
from sluice_cli.console.server import Server
from tests.support.console_page import ConsolePage
from tests.support.deployed import Deployment
from tests.support.own_modules import write_modules_like_pythons
from tests.support.waiting import eventually

# Says what it was given, and stays open as a text browser in a terminal does.
BROWSER = """#!/bin/sh
printf %s "$1" > {given}.part && mv {given}.part {given}
while [ ! -e {end} ]; do sleep 0.1; done
"""


def test_the_browser_gets_a_file_that_leads_to_the_page_and_is_not_waited_for(
    page: ConsolePage, console: Server, deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, given, end = (tmp_path / name for name in ("browser", "given", "end"))
    program.write_text(BROWSER.format(given=given, end=end))
    program.chmod(0o700)
    monkeypatch.setenv("BROWSER", str(program))
    write_modules_like_pythons(tmp_path)
    monkeypatch.chdir(tmp_path)
    page.browser.delete_all_cookies()
    page.browser.get("about:blank")
    try:
        open_browser(deployment.local, console.address)
        eventually(given.exists, within=60)
        address = given.read_text()
        assert console.guard.token not in address  # which other users of the machine see
        assert Path(address.removeprefix("file://")).stat().st_mode & 0o077 == 0
        page.browser.get(address)
        eventually(lambda: page.all("#app:not([hidden]) .picture .box"))
        assert page.browser.current_url == page.origin  # without the token
    finally:
        end.touch()
        page.enter()
