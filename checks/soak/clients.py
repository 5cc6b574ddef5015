"""Cached boto3 clients of the local AWS: creating one takes longer than dozens of calls."""

import threading
from typing import Any

import boto3
from botocore.config import Config

from sluice_cli.errors import LocalAwsError
from sluice_cli.local_aws.server import REGION, LocalAws


class Clients:
    """Creates clients as `LocalAws.client` does, once for each service and role. Thread-safe."""

    def __init__(self, local: LocalAws) -> None:
        running = local.running()
        if running is None:
            raise LocalAwsError("the local AWS is not running: there is nothing to send to")
        self._session = boto3.Session(running.access_key_id, running.secret_access_key, region_name=REGION)
        self._options = {"endpoint_url": running.url, "verify": running.ca_bundle}
        self._made: dict[tuple[str, str, Config], Any] = {}
        self._lock = threading.Lock()

    def __call__(self, service: str, region_name: str = REGION, config: Config | None = None) -> Any:
        config = config or DEFAULT
        key = (service, region_name, config)
        with self._lock:
            if key not in self._made:
                self._made[key] = self._session.client(service, region_name, config=config, **self._options)
            return self._made[key]


# Many threads share a client, and a busy machine answers slowly.
DEFAULT = Config(s3={"addressing_style": "path"}, max_pool_connections=32, read_timeout=120)
