"""Headless Chromium."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions, ChromeService

ARGUMENTS = (
    "--headless",
    # Without tabs and an address bar, which are drawn although nobody sees them: a tenth of the processor time.
    "--app=data:,",
    "--no-sandbox",  # which root may not have
    "--disable-gpu",
    # One process for all pages, which loads them for a third less processor time than a new one for each page.
    "--disable-site-isolation-trials",
    "--renderer-process-limit=1",
    "--in-process-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-features=HttpsUpgrades",  # pages under test are served over HTTP
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium(profile: Path, *arguments: str, accept_insecure_certs: bool = False) -> Iterator[Chrome]:
    """A browser that keeps its console's log; prompts of a page stay open."""
    program = shutil.which("chromium") or shutil.which("google-chrome") or ""
    driver = shutil.which("chromedriver") or ""
    assert all((program, driver)), "Chromium and its driver are missing: apt-get install chromium chromium-driver"
    options = ChromeOptions()
    options.binary_location = program
    for argument in (*ARGUMENTS, f"--user-data-dir={profile}", *arguments):
        options.add_argument(argument)
    options.accept_insecure_certs = accept_insecure_certs
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.set_capability("unhandledPromptBehavior", "ignore")
    browser = Chrome(options, ChromeService(driver))
    try:
        yield browser
    finally:
        browser.quit()
