"""Whether and how a browser opens with the console's address."""

import sys

import pytest

from sluice_cli.console.browser import forwarding_of, has_browser

VARIABLES = ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION", "CI")
FROM_ELSEWHERE = "192.0.2.1 50000 192.0.2.2 22"


@pytest.mark.parametrize(
    ("platform", "variables", "terminal", "expected"),
    [
        ("linux", {"DISPLAY": ":0"}, True, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True, True),
        ("linux", {"DISPLAY": "localhost:10.0", "SSH_CONNECTION": FROM_ELSEWHERE}, True, True),  # forwarded
        ("linux", {"SSH_CONNECTION": FROM_ELSEWHERE}, True, False),
        ("linux", {}, True, False),
        ("linux", {"DISPLAY": ":0"}, False, False),  # piped
        ("linux", {"DISPLAY": ":99", "CI": "true"}, True, False),  # a virtual display
        ("darwin", {}, True, True),
        ("darwin", {"SSH_CONNECTION": FROM_ELSEWHERE}, True, False),
        ("darwin", {}, False, False),
        ("darwin", {"CI": "true"}, True, False),
    ],
)
def test_a_browser_opens_for_a_person_at_a_terminal_with_a_display(
    monkeypatch: pytest.MonkeyPatch, platform: str, variables: dict[str, str], terminal: bool, expected: bool
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    assert has_browser() is expected


def test_who_came_by_ssh_reads_how_their_own_browser_reaches_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    address = "http://127.0.0.1:41234/#token=secret"
    monkeypatch.setenv("SSH_CONNECTION", FROM_ELSEWHERE)
    words = forwarding_of(address)
    assert words is not None
    assert " ssh -L 41234:127.0.0.1:41234 " in words
    assert "secret" not in words
    monkeypatch.delenv("SSH_CONNECTION")
    assert forwarding_of(address) is None
