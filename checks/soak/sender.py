"""Many signed HTTP requests over few connections."""

import json
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import HTTPClientError

from sluice_cli.errors import LocalAwsError
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_aws.signed_request import session

NO_ANSWER = 0


class Sender:
    """Sends with the deployer's credentials over open connections; follows no redirects and retries nothing.
    Thread-safe.
    """

    def __init__(self, local: LocalAws) -> None:
        running = local.running()
        if running is None:
            raise LocalAwsError("the local AWS is not running: there is nothing to send to")
        self._credentials = Credentials(running.access_key_id, running.secret_access_key)
        self._session = session(running.ca_bundle, timeout=40, connections=16)

    def post(self, url: str, body: Any, headers: dict[str, str], region: str) -> int:
        """Send a request. Returns the status, or `NO_ANSWER`. A str is sent as it is, anything else as JSON."""
        content = (body if isinstance(body, str) else json.dumps(body)).encode()
        request = AWSRequest("POST", url, data=content, headers={"Content-Type": "application/json", **headers})
        SigV4Auth(self._credentials, "execute-api", region).add_auth(request)
        try:
            return int(self._session.send(request.prepare()).status_code)
        except HTTPClientError:
            return NO_ANSWER
