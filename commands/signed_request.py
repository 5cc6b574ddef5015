"""Requests to a REST API with IAM authorization."""

import ssl
import urllib.error
import urllib.request

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .local_aws import REGION, LocalAws, LocalAwsError


def signed_request(local: LocalAws, method: str, url: str, body: bytes | None = None) -> tuple[int, bytes]:
    """Send a request signed by the deployer; gives the status and the body, of refusals too."""
    running = local.running()
    if running is None:
        raise LocalAwsError("the local AWS is not running: run `make up` first")
    request = AWSRequest(method=method, url=url, data=body, headers={"Content-Type": "application/json"})
    credentials = Credentials(running.access_key_id, running.secret_access_key)
    SigV4Auth(credentials, "execute-api", REGION).add_auth(request)
    return send(local, method, url, body, dict(request.headers))


def send(
    local: LocalAws, method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """Send a request as it is; gives the status and the body, of refusals too."""
    context = ssl.create_default_context(cafile=str(local.folder / "client.pem"))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})  # noqa: S310 - https only
    try:
        with opener.open(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read()
