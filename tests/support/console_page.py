"""The console's page in a browser."""

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from urllib.parse import urlencode

from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By

from checks import ROOT
from sluice_cli.console.console import Console
from sluice_cli.console.server import Server
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.project import Project
from tests.support.waiting import eventually

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
VIOLATIONS = {"resultTypes": ["violations"], "selectors": False}  # as what is right takes most of the answer
WIDE, NARROW = (1400, 1000), (360, 780)

# What the picture showed, since when a file was dropped: boxes and arrows as they lit up, and moving dots.
WATCH = """
window.shown = []; window.dots = 0;
new MutationObserver((changes) => {
  for (const {target, addedNodes} of changes) {
    const id = target.dataset.edge ?? target.dataset.node;
    if (id && target.classList.contains("lit")) window.shown.push([id, performance.now() - window.dropped]);
    window.dots += [...addedNodes].filter((one) => one.classList?.contains("dot")).length;
  }
}).observe(document.getElementById("picture"), {subtree: true, childList: true, attributeFilter: ["class"]});
"""
DROP = """
const [id, name, type, content] = arguments;
const box = [...document.querySelectorAll(".picture .box")].find((one) => one.dataset.node === id);
const files = new DataTransfer();
files.items.add(new File([Uint8Array.from(atob(content), (one) => one.charCodeAt(0))], name, {type}));
window.dropped = performance.now();
for (const kind of ["dragover", "drop"])
  box.dispatchEvent(new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: files}));
"""
FILL = """
const [text, value] = arguments;
const label = [...document.querySelectorAll("#panel label")].find((one) => one.textContent === text);
if (!label) return false;
const input = document.getElementById(label.htmlFor);
input.value = value;
input.dispatchEvent(new Event("change", {bubbles: true}));
return true;
"""


@contextmanager
def serving(project: Project, local: LocalAws, *, writes: bool = True, port: int = 0) -> Iterator[Server]:
    """A console of a project, until the end of the block."""
    console = Console(project, local, writes=writes)
    with Server(console, port) as server:
        console.follow()
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
            console.close()


class ConsolePage:
    """A page of a console. Its token is given once, as the address that the command prints does."""

    def __init__(self, browser: Chrome, server: Server) -> None:
        self.browser = browser
        self.address = server.address
        self.origin = server.address.partition("#")[0]
        self._loads = count()
        self.enter()

    def enter(self) -> None:
        self.resize(WIDE)
        self.browser.get("about:blank")
        self.browser.get(self.address)
        eventually(lambda: self.all("#app:not([hidden]) #happenings-name"))
        self.log()

    def open(self, *, dark: bool = False, size: tuple[int, int] = WIDE, motion: bool = False, **place: str) -> None:
        """Load the page anew at a place: `stack`, `node` and `tab`, or `follow`."""
        features = [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "no-preference" if motion else "reduce"},
        ]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        self.resize(size)
        # Another address than before: with the same one the page would not be loaded.
        self.browser.get(f"{self.origin}?{next(self._loads)}#{urlencode(place)}")
        eventually(lambda: self.all(".picture .box"))
        self.settle()

    def go(self, **place: str) -> None:
        """Go to a place of the page that is open, as a link does."""
        self.run("location.hash = arguments[0]", urlencode(place))
        self.settle()

    def resize(self, size: tuple[int, int]) -> None:
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def settle(self) -> None:
        """Wait until nothing is loading any more."""
        # Later than what waits already, such as the change of the address.
        script = (
            "return new Promise((done) => setTimeout(done)).then(() => !document.querySelector('[aria-busy=true]') &&"
            "![...document.querySelectorAll('#panel .quiet')].some((one) => one.textContent === 'Loading…'))"
        )
        eventually(lambda: self.run(script))

    def run(self, script: str, *arguments: Any) -> Any:
        return self.browser.execute_script(script, *arguments)

    def get(self, path: str, **query: Any) -> Any:
        """What the server answers the page."""
        if not self.browser.current_url.startswith(self.origin):  # the page of another console, which may have ended
            self.browser.get(self.origin)
        script = "fetch(arguments[0]).then((one) => one.json()).then(arguments[arguments.length - 1])"
        return self.browser.execute_async_script(script, f"{path}?{urlencode(query)}")

    def stacks(self) -> list[dict[str, Any]]:
        return list(self.get("/api/stacks")["stacks"])

    def node(self, stack: str, title: str) -> dict[str, Any]:
        """The box with a title."""
        (shown,) = [one for one in self.stacks() if one["name"] == stack]
        return next(one for one in shown["nodes"] if one["title"] == title)

    def drop(self, node: str, name: str, content: bytes, type_: str = "") -> None:
        self.run(WATCH)
        self.run(DROP, node, name, type_, base64.b64encode(content).decode())

    def shown(self) -> dict[str, float]:
        """The boxes and arrows that lit up since the drop, with the milliseconds until then."""
        lit: dict[str, float] = {}
        for one, after in self.run("return window.shown"):
            lit.setdefault(one, after)
        return lit

    def all(self, selector: str) -> list[Any]:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        """The texts of elements, read at once: the list changes while it is read."""
        return list(
            self.run("return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText)", selector)
        )

    def text(self, selector: str) -> str:
        return "\n".join(self.texts(selector))

    def click(self, selector: str, text: str = "") -> None:
        """Click what has a text, as a pointer or a key does."""
        script = (
            "const [selector, text] = arguments, all = [...document.querySelectorAll(selector)];"
            "const found = all.find((one) => one.textContent.includes(text)); found?.click(); return Boolean(found)"
        )
        eventually(lambda: self.run(script, selector, text))

    def fill(self, label: str, text: str) -> None:
        """Write into the panel's field of a label."""
        eventually(lambda: self.run(FILL, label, text))

    def press(self, *keys: str) -> None:
        ActionChains(self.browser).send_keys(*keys).perform()

    def focused(self) -> str:
        """What has the focus, by id, label or text."""
        return str(
            self.run("const e = document.activeElement; return e.id || e.getAttribute('aria-label') || e.textContent")
        )

    def axe(self, *rules: str) -> list[tuple[str, str]]:
        """What axe finds wrong: rules, and the first element of each. With `rules` only those are tried."""
        if not self.run("return Boolean(window.axe)"):
            self.run(AXE.read_text())
        script = "axe.run(arguments[0]).then(arguments[arguments.length - 1])"
        found = self.browser.execute_async_script(script, {**VIOLATIONS, **({"runOnly": rules} if rules else {})})
        assert found["passes"]
        return [(one["id"], one["nodes"][0]["html"][:200]) for one in found["violations"]]

    def beyond_the_window(self) -> list[str]:
        """The elements because of which the page scrolls sideways."""
        script = (
            "const e = document.documentElement; if (e.scrollWidth <= e.clientWidth) return [];"
            "return [...document.querySelectorAll('body *')].filter((one) => !one.closest('.scroll, svg, .tabs')"
            "&& one.getBoundingClientRect().right > e.clientWidth).map((one) => one.outerHTML.slice(0, 150))"
        )
        return list(self.run(script))

    def log(self) -> list[Any]:
        """The browser's messages since the last call: errors, and what the security policy refused."""
        return list(self.browser.get_log("browser"))  # type: ignore[no-untyped-call]
