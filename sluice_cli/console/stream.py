"""The live stream to a page, as server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html"""

import json
import time
from collections.abc import Iterator

from .happenings import REPLAYED, Happenings, Message

KEEP_ALIVE_SECONDS = 15.0
RETRY_MILLISECONDS = 1_000
AT_ONCE = 500  # messages that are written together


def stream(happenings: Happenings, last_id: str | None, started: str) -> Iterator[bytes]:
    """The messages from here on; before them the last happenings, or what was missed since the id of a message."""
    yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
    server, _, number = (last_id or "").partition("-")
    if server == started and number.isdigit():
        after = int(number)
    else:
        after = happenings.last_message
        for one in list(happenings.kept)[-REPLAYED:]:
            data = json.dumps({**one.shown, "replayed": True}).encode()
            yield _event(Message(after, "happening", data), started)
    last_sent = time.monotonic()
    while not happenings.closed:
        new, dropped = happenings.waited(after, KEEP_ALIVE_SECONDS)
        if dropped and new:
            data = json.dumps({"count": dropped, "from": after + 1, "to": after + dropped}).encode()
            yield _event(Message(after + dropped, "skipped", data), started)
        for begin in range(0, len(new), AT_ONCE):
            yield b"".join(_event(one, started) for one in new[begin : begin + AT_ONCE])
        if new:
            after, last_sent = new[-1].number, time.monotonic()
        elif time.monotonic() - last_sent >= KEEP_ALIVE_SECONDS:
            last_sent = time.monotonic()
            yield b": still here\n\n"


def _event(message: Message, started: str) -> bytes:
    return b"id: %b-%d\nevent: %b\ndata: %b\n\n" % (
        started.encode(),
        message.number,
        message.type.encode(),
        message.data,
    )
