"""Generated requests, by hypothesis: the same seed gives the same requests."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st

from checks.systems.system import Api

# A marker that stands for a secret. It is sent in headers and file contents, which must never be logged.
SECRET = "fuzz-secret-8d1f0c7a2b"  # noqa: S105 - a marker
# A forged log line. It must not appear on a line of its own.
FORGED = '\n{"level": "CRITICAL", "message": "fuzz-forged"}\n'

METHODS = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "X"])
TEXT = st.one_of(st.text(st.characters(codec="utf-8"), max_size=30), st.sampled_from(["", "..", "\x00", FORGED, "%00"]))
TYPES = st.sampled_from(
    [
        *("application/json", "application/json; charset=utf-16", "APPLICATION/JSON", "text/plain", "application/xml"),
        *("multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "*/*", "json", ""),
    ]
)
# HTTP clients cannot send control characters in a header.
HEADER_VALUES = st.one_of(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=60), st.just(SECRET))
HEADER_NAMES = st.from_regex(r"\AX-[A-Za-z0-9-]{1,20}\Z")
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT, st.just("\ud800"))
NAMES = st.sampled_from(
    ["key", "versionId", "productId", "productName", "price", "fileName", "contentType", "content", "size", "__class__"]
)
JSON: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.one_of(NAMES, TEXT), inner, max_size=4)),
    max_leaves=10,
)
FILE = base64.b64encode(f"{SECRET} is what the file says".encode()).decode()


@dataclass(frozen=True)
class FuzzedRequest:
    """One request. `path` and `query` follow the stage in the URL; `route` is the path as the API defines it."""

    system: str
    route: str
    method: str
    path: str
    query: str
    body: bytes
    headers: Mapping[str, str] = field(hash=False)
    signed: bool


@st.composite
def requests(draw: st.DrawFn, apis: Mapping[str, Api]) -> FuzzedRequest:
    system = draw(st.sampled_from(sorted(apis)))
    route, methods = apis[system].path, apis[system].methods
    # Most requests go to the routes that a function serves: API Gateway alone answers all others.
    at_home = draw(st.integers(0, 9)) < 8
    method = draw(st.sampled_from(methods) if at_home else METHODS)
    path = route if at_home else draw(st.one_of(st.just(route), TEXT.map(lambda text: "/" + quote(text, safe="/."))))
    names = st.one_of(st.sampled_from(["key", "versionId", "key[]"]), TEXT)
    query = "&".join(
        f"{quote(name)}={quote(value)}" for name, value in draw(st.lists(st.tuples(names, TEXT), max_size=3))
    )
    headers = {"Content-Type": "application/json", "Idempotency-Key": draw(st.uuids()).hex, "X-Secret": SECRET}
    if draw(st.integers(0, 3)) == 0:
        headers["Content-Type"] = draw(TYPES)
    if draw(st.integers(0, 5)) == 0:
        headers["Idempotency-Key"] = draw(HEADER_VALUES)
    headers |= draw(st.dictionaries(HEADER_NAMES, HEADER_VALUES, max_size=2))
    return FuzzedRequest(
        system, route, method, path, query, draw(bodies(_accepted(apis[system]))), headers, draw(st.integers(0, 9)) < 9
    )


def _accepted(api: Api) -> dict[str, Any]:
    """A body that the API accepts, with markers where they fit: a forged log line in a key, a secret in a file's
    content.
    """
    marked = {"key": f"fuzz/{FORGED}", "content": FILE}
    return {name: marked.get(name, value) for name, value in api.accepted.items()}


def bodies(valid: Mapping[str, Any]) -> st.SearchStrategy[bytes]:
    def encoded(value: Any) -> bytes:
        return json.dumps(value).encode()

    return st.one_of(
        st.just(encoded(valid)),
        # Valid except for one or two fields: such requests get past the first checks.
        st.dictionaries(st.one_of(st.sampled_from(sorted(valid)), NAMES), SCALARS, max_size=2).map(
            lambda changes: encoded({**valid, **changes})
        ),
        JSON.map(encoded),
        st.binary(max_size=200),
        st.binary(max_size=60).map(base64.b64encode),
        st.sampled_from(
            [
                *(b"", b"\xff\xfe{}", b"{" * 5000, b"[" * 50_000, b'{"key": ' * 3000, b"9" * 20_000, b"x" * 1_000_000),
                *(encoded({**valid, "content": FILE * 4000}), encoded(valid) + b"\n" + encoded(valid)),
            ]
        ),
    )


def drawn(count: int, seed_: int, apis: Mapping[str, Api]) -> list[FuzzedRequest]:
    """`count` requests, or slightly fewer where hypothesis runs out of new ones."""
    found: list[FuzzedRequest] = []

    @seed(seed_)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    @given(requests(apis))
    def collect(request: FuzzedRequest) -> None:
        found.append(request)

    collect()
    return found
