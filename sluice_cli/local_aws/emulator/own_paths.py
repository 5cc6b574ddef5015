"""Protects the paths that are not calls to AWS, which IAM does not check: every user of the machine can reach the port.

The tool's paths (`/_sluice/`) and those of ministack 1.5.33 (`/_ministack/`, which delete everything, set variables and
show messages) need the token in the server's folder, which only the user who started the server may read.
"""

import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

HEADER = b"x-sluice-token"
TOKEN = Path("token").resolve()  # the server's working directory is its folder
GUARDED = ("/_sluice/", "/_ministack/", "/_localstack/")
# Paths without information, and those that CloudFormation's custom resources call with a token of their own.
OPEN = ("/_ministack/health", "/_ministack/cfn-response/", "/_ministack/cfn-signal/")


def serving(application: Any, method: str, path: str, content_of: Callable[[bytes], Any]) -> Any:
    """The ASGI application, which also answers a path with JSON; `content_of` receives the query string."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == path and scope["method"] == method:
            await answer(send, 200, content_of(scope["query_string"]))
        else:
            await application(scope, receive, send)

    return app


def guarded(application: Any) -> Any:
    """The ASGI application, which refuses these paths to requests without the token."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        guarded = scope["type"] == "http" and scope["path"].startswith(GUARDED) and not scope["path"].startswith(OPEN)
        if guarded and not hmac.compare_digest(dict(scope["headers"]).get(HEADER, b""), TOKEN.read_bytes()):
            await answer(send, 403, {"message": "the token of the local AWS is missing or wrong"})
        else:
            await application(scope, receive, send)

    return app


async def answer(send: Any, status: int, content: Any) -> None:
    """Answer a request with JSON."""
    body = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
