"""Requests to the local AWS that boto3 does not make: to a REST API with IAM authorization, and to its own paths."""

import socket
import time
from collections.abc import Mapping
from functools import lru_cache

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.credentials import Credentials
from botocore.exceptions import ConnectionClosedError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

from sluice_cli.errors import LocalAwsError
from sluice_cli.local_aws.server import NOT_RUNNING, REGION, TOKEN, LocalAws

SECONDS = 30  # for an answer
SECONDS_OF_A_SESSION = 2  # less than a connection may be idle
AS_JSON = {"Content-Type": "application/json"}


def signed_request(
    local: LocalAws, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] = AS_JSON
) -> tuple[int, bytes]:
    """Send a request signed by the deployer. Returns the status and the body, of refusals too. Raises `LocalAwsError`
    if the local AWS does not answer."""
    return send(local, method, url, body, signed_headers(local, method, url, body, headers))


def signed_headers(
    local: LocalAws, method: str, url: str, body: bytes | None, headers: Mapping[str, str]
) -> dict[str, str]:
    """The headers with the deployer's signature for a REST API. Raises `LocalAwsError` if nothing runs."""
    running = local.process()
    if running is None:
        raise LocalAwsError(NOT_RUNNING)
    request = AWSRequest(method=method, url=url, data=body, headers=headers)
    credentials = Credentials(running.access_key_id, running.secret_access_key)
    SigV4Auth(credentials, "execute-api", REGION).add_auth(request)
    return dict(request.headers)


def own_request(local: LocalAws, method: str, path: str, seconds: float = SECONDS) -> tuple[int, bytes]:
    """Send a request to a path of the local AWS's own (below `/_sluice/`). Returns the status and the body. Raises
    `LocalAwsError` if it does not answer."""
    running = local.process()
    if running is None:
        raise LocalAwsError(NOT_RUNNING)
    token = local.folder / TOKEN
    headers = {"X-Sluice-Token": token.read_text()} if token.exists() else {}  # other versions have no token
    answer = answered(local, method, f"{running.url}{path}", b"" if method == "POST" else None, headers, seconds)
    return answer.status_code, answer.content


def send(
    local: LocalAws, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    """Send a request without headers that a client would add. Returns the status and the body. Raises `LocalAwsError`
    if the local AWS does not answer."""
    answer = answered(local, method, url, body, headers)
    return answer.status_code, answer.content


def answered(
    local: LocalAws,
    method: str,
    url: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    seconds: float = SECONDS,
) -> AWSResponse:
    """As `send`, with the answer's headers. `seconds` is the longest time that the answer may take."""
    request = AWSRequest(method=method, url=url, data=body, headers=headers or {}).prepare()
    ca_bundle = local.folder / "client.pem"  # another one where the local AWS was started anew
    now = int(time.monotonic() / SECONDS_OF_A_SESSION)
    try:
        return _session_of(str(ca_bundle), ca_bundle.stat().st_mtime_ns, now, seconds).send(request)
    except (ConnectTimeoutError, ReadTimeoutError) as error:
        raise LocalAwsError(f"the local AWS does not answer within {seconds:g} s") from error
    except (ConnectionClosedError, EndpointConnectionError, FileNotFoundError) as error:  # its folder may be gone, too
        raise LocalAwsError(NOT_RUNNING) from error


@lru_cache(2)
def _session_of(ca_bundle: str, changed: int, now: int, seconds: float) -> URLLib3Session:
    """The same for requests that follow each other: a new one takes longer than most requests."""
    return session(ca_bundle, timeout=seconds, connections=16)


def session(ca_bundle: str, *, timeout: float, connections: int = 1) -> URLLib3Session:
    """An HTTP session that reads no proxy settings from the environment, and neither follows redirects nor retries."""
    # Headers and body are sent separately: with Nagle's algorithm the body would wait 40 ms for an acknowledgement.
    at_once = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    return URLLib3Session(verify=ca_bundle, timeout=timeout, max_pool_connections=connections, socket_options=at_once)
