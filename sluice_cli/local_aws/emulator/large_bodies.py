"""Sends large answers in parts: ministack 1.5.33 sends each in one, of which the server encrypts all before the first
byte leaves. An object of 1 GB would take several of memory, and no other request would be answered meanwhile.
"""

from typing import Any

PART = 256 * 1024


def sent_in_parts(application: Any) -> Any:
    """The ASGI application, whose answers are sent as fast as the client reads them."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def send_parts(message: Any) -> None:
            body = message.get("body", b"") if message["type"] == "http.response.body" else b""
            more = message.get("more_body", False)
            for start in range(0, len(body) - PART, PART):
                await send({**message, "body": body[start : start + PART], "more_body": True})
            if len(body) > PART:
                message = {**message, "body": body[(len(body) - 1) // PART * PART :], "more_body": more}
            await send(message)

        await application(scope, receive, send_parts)

    return app
