"""The HTTP server of the console: threads, as boto3's calls block; from the standard library, as pages are few."""

import contextlib
import json
import logging
import secrets
import socket
import threading
from collections import OrderedDict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from sluice_cli.errors import InputError, SluiceError
from sluice_cli.local_aws.server import LOOPBACK
from sluice_cli.review.look import shared_style
from sluice_cli.text import error_text

from .console import Console
from .guard import API, CHANGING, HEADERS, POLICY, Guard, HttpError
from .local import NotRunningError
from .refusals import refusal_text, status_of, without_classes
from .requests import PageRequest, Reply, query_of
from .routes import answer_of

PAGE = Path(__file__).parent / "page"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
SERVER = "sluice-console"  # in the header of that name
SHARED_STYLE = "shared.css"  # the same policy as the review's page
FILES = b"FILES/"  # in the page, for the folder that its files are in
MOST_CONNECTIONS = 64
IDLE_SECONDS = 60
DRAINED = 256 * 1024  # bytes of a refused body that are read, so that the client sees the answer

# Headers that may come once: a proxy could read the other of two.
NAMED_ONCE = ("Host", "Origin", "Content-Length", "Transfer-Encoding", "Sec-Fetch-Site", "X-Sluice-Console")

logger = logging.getLogger(__name__)


class Server(ThreadingHTTPServer):
    """Serves the page and the console's answers on a loopback port; port 0 is a free one. Raises `InputError` where
    the port is taken."""

    daemon_threads = True
    request_queue_size = 32

    def __init__(self, console: Console, port: int = 0) -> None:
        self.console = console
        # The folder of the page's files. Browsers keep them, as nothing else can have been at these addresses: another
        # server may have had this port before.
        self.files = secrets.token_hex(8)
        self._lock = threading.Lock()
        # Whether a request with the session's cookie came over each open connection.
        self._connections: OrderedDict[Any, bool] = OrderedDict()
        try:
            super().__init__((LOOPBACK, port), Handler)
        except (OSError, OverflowError) as error:
            raise InputError(
                f"--port: {port} cannot be used ({getattr(error, 'strerror', None) or error}); another console may run "
                "there: leave out --port for a free one"
            ) from error
        self.guard = Guard(self.server_port)

    @property
    def address(self) -> str:
        """The page's address with the token."""
        return f"http://{LOOPBACK}:{self.server_port}/#token={self.guard.token}"

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._admit(request):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._connections.pop(request, None)

    def _admit(self, request: Any) -> bool:
        """Whether there is room for a connection. The oldest one without a session makes room: clients that send
        nothing, or slowly, do not keep the page out."""
        with self._lock:
            if len(self._connections) >= MOST_CONNECTIONS:
                oldest = next((one for one, has_session in self._connections.items() if not has_session), None)
                if oldest is None:
                    return False
                del self._connections[oldest]
                with contextlib.suppress(OSError):  # its thread ends as if the client had left
                    oldest.shutdown(socket.SHUT_RDWR)
            self._connections[request] = False
            return True

    def keep(self, request: Any) -> None:
        """A request with the session's cookie came over this connection."""
        with self._lock:
            if request in self._connections:
                self._connections[request] = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A closed connection is no error; of others the log has the traceback.
        logger.debug("request of %s", client_address, exc_info=True)


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = SERVER
    sys_version = ""
    default_request_version = "HTTP/1.0"  # of 0.9, which the library assumes, an answer has no headers
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        self._handle()

    do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_GET  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        logger.debug(format, *args)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is no request, such as too many headers, as all else is answered: JSON, with the same headers."""
        del explain
        self._left, self.close_connection = 0, True
        with contextlib.suppress(ConnectionError, TimeoutError):
            self._send(Reply({"error": message or HTTPStatus(code).phrase}, code))

    def _handle(self) -> None:
        self._left = 0
        try:
            answer = self._answer()
        except HttpError as error:
            answer = Reply({"error": str(error)}, error.status)
        except NotRunningError as error:
            answer = Reply({"error": str(error), "aws": "stopped"}, 503)
        except InputError as error:
            answer = Reply({"error": str(error)}, 400)
        except SluiceError as error:
            answer = Reply({"error": str(error)}, 502)
        except ClientError as error:
            answer = Reply({"error": refusal_text(error)}, status_of(error))
        except ParamValidationError as error:
            answer = Reply({"error": without_classes(error)}, 400)
        except BotoCoreError as error:
            answer = Reply({"error": f"the local AWS does not answer: {error}", "aws": "stopped"}, 503)
        except OSError:
            raise  # the connection is gone
        except Exception as error:  # the page gets words, and the terminal the traceback
            logger.exception("%s %s", self.command, self.path.partition("?")[0])
            answer = Reply({"error": f"unexpected error, please report it: {error_text(error)}"}, 500)
        with contextlib.suppress(ConnectionError, TimeoutError):
            self._drain()
            self._send(answer)

    def _answer(self) -> Reply:
        guard, console = self.server.guard, self.server.console
        for name in NAMED_ONCE:
            if len(self.headers.get_all(name, ())) > 1:
                self.close_connection = True
                raise HttpError(400, f"the header {name} is given more than once")
        length = self._length()
        if not self.path.startswith("/"):  # also `http://another.host/`, which would count instead of Host
            raise HttpError(400, "the path has to begin with /")
        try:
            parts = urlsplit(self.path)
        except ValueError:
            raise HttpError(400, "the path is none") from None
        guard.check_origin(self.command, parts.path, self.headers)
        if not parts.path.startswith(API):
            return self._static(parts.path)
        request = PageRequest(self.command, parts.path, query_of(parts.query), self.headers, length, _Body(self))
        if parts.path == "/api/session" and self.command == "POST":
            cookie = guard.cookie_for(request.json().get("token"))
            return Reply(console.session(), headers={"Set-Cookie": cookie})
        guard.check_session(self.headers)
        self.server.keep(self.connection)
        if self.command in CHANGING and not console.writes:
            raise HttpError(403, "this console only reads: start it with --allow-writes to change something")
        return answer_of(console, request)

    def _length(self) -> int:
        text = self.headers.get("Content-Length") or "0"
        if self.headers.get("Transfer-Encoding") or not (text.isascii() and text.isdigit()):
            self.close_connection = True
            raise HttpError(411, "a body needs a Content-Length")
        self._left = int(text)
        return self._left

    def _static(self, path: str) -> Reply:
        if self.command not in ("GET", "HEAD"):
            raise HttpError(405, "only GET")
        own_folder = f"/{self.server.files}/"
        name = path.removeprefix(own_folder).removeprefix("/") or "index.html"
        is_kept = path.startswith(own_folder) and name != "index.html"
        kept = {"Cache-Control": "max-age=86400, immutable"} if is_kept else {}
        if name == SHARED_STYLE:
            body = shared_style().encode()
            return Reply(headers={"Content-Type": TYPES[".css"], **kept}, parts=iter([body]), length=len(body))
        files = {one.name: one for one in PAGE.iterdir() if one.suffix in TYPES} if PAGE.is_dir() else {}
        if name not in files:
            raise HttpError(404, "there is no such page")
        file = files[name]
        body = file.read_bytes().replace(FILES, own_folder.encode()) if file.suffix == ".html" else file.read_bytes()
        return Reply(headers={"Content-Type": TYPES[file.suffix], **kept}, parts=iter([body]), length=len(body))

    def _drain(self) -> None:
        """Read what is left of a short body; after a long one the connection ends."""
        if self._left > DRAINED:
            self.close_connection = True
        for _ in range(DRAINED // 65_536):
            if not self._left:
                return
            read = self.rfile.read(min(self._left, 65_536))
            self._left -= len(read) or self._left

    def _send(self, answer: Reply) -> None:
        self.send_response(answer.status)
        length, parts = answer.length, answer.parts
        headers = {**HEADERS, "Content-Security-Policy": POLICY, **answer.headers}
        if parts is None:
            body = as_json(answer.content)
            length, parts = len(body), iter([body])
            headers["Content-Type"] = "application/json"
        if length is None:
            self.close_connection = True
        else:
            headers["Content-Length"] = str(length)
        if self.close_connection:
            headers["Connection"] = "close"
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            for part in parts:
                self.wfile.write(part)


def as_json(content: Any) -> bytes:
    """JSON as browsers read it: a function may answer with NaN, which Python writes and no browser reads."""
    try:
        return json.dumps(content, allow_nan=False).encode()
    except ValueError:
        return json.dumps(json.loads(json.dumps(content), parse_constant=str)).encode()


class _Body:
    """The body of a request, as long as its Content-Length. Raises `HttpError` if the client leaves before its end."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    def read(self, size: int = -1, /) -> bytes:
        handler = self._handler
        wanted = handler._left if size < 0 else min(size, handler._left)
        data = handler.rfile.read(wanted) if wanted else b""
        handler._left -= len(data)
        if len(data) < wanted:
            raise HttpError(400, "the connection ended before the body did")
        return data
