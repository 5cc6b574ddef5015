"""Decides which requests the console accepts: those of its own page, with its token.

Any program of this machine and any web page in the browser can send requests to a loopback port. The token keeps
programs of other users out. Of web pages, `Host` refuses those whose name was rebound to this address, and `Origin`,
`Sec-Fetch-Site`, SameSite=Strict and a header that no form can send refuse those of other origins.
https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
"""

import hmac
import secrets
from typing import Protocol

# Names by which a browser of this machine reaches the console.
HOSTS = ("127.0.0.1", "localhost")
CHANGING = ("POST", "PUT", "PATCH", "DELETE")
API = "/api/"
OWN_HEADER = "X-Sluice-Console"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# Untrusted objects: no scripts, no resources, an origin of their own.
STRANGERS_POLICY = "default-src 'none'; sandbox"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


class Headers(Protocol):
    """The headers of a request, whose names are not case-sensitive."""

    def get(self, name: str, /) -> str | None: ...


class HttpError(Exception):
    """A request that the console does not take: the status and the words of the answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Guard:
    """Checks requests to a port. `token` opens a session, whose cookie the other requests need."""

    def __init__(self, port: int) -> None:
        self.token = secrets.token_urlsafe(32)
        self._session = secrets.token_urlsafe(32)
        self._hosts = {f"{host}:{port}" for host in HOSTS} | ({*HOSTS} if port == 80 else set())
        # Cookies do not tell ports apart: each console has a name of its own.
        self._cookie = f"sluice-console-{port}"

    def check_origin(self, method: str, path: str, headers: Headers) -> None:
        """Raises `HttpError` for a request that does not come from the console's own page or from a program. The page
        itself, which has no data, may be reached by a link."""
        host = str(headers.get("Host") or "").lower()
        if host not in self._hosts:
            raise HttpError(403, "the Host header names another server: use the address that `sluice console` printed")
        origin = headers.get("Origin")
        if origin is not None and origin != f"http://{host}":
            raise HttpError(403, "requests of other origins are refused")
        if path.startswith(API) and headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
            raise HttpError(403, "requests of other sites are refused")
        if method in CHANGING and headers.get(OWN_HEADER) != "1":
            raise HttpError(403, f"the header {OWN_HEADER} is missing")

    def check_session(self, headers: Headers) -> None:
        """Raises `HttpError` for a request without the session's cookie."""
        # By hand: other servers of this machine send cookies to the same host, at which Python's parser stops.
        pairs = (one.strip().partition("=") for one in str(headers.get("Cookie") or "").split(";"))
        if not any(name == self._cookie and _equal(value, self._session) for name, _, value in pairs):
            raise HttpError(401, "open the address that `sluice console` printed: it has the token")

    def cookie_for(self, token: object) -> str:
        """The Set-Cookie header of a session. Raises `HttpError` for a wrong token."""
        if not isinstance(token, str) or not _equal(token, self.token):
            raise HttpError(401, "the token is wrong: open the address that `sluice console` printed last")
        return f"{self._cookie}={self._session}; HttpOnly; SameSite=Strict; Path=/"


def _equal(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())
