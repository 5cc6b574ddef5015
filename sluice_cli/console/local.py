"""The console's connection to AWS, which leads to the project's local AWS and nowhere else."""

import json
import os
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from sluice_cli.errors import LocalAwsError
from sluice_cli.local_aws.server import LOOPBACK, LocalAws, Running
from sluice_cli.local_aws.signed_request import own_request
from sluice_cli.target import FOREIGN_VARIABLES

# How long an answer of the local AWS counts as a sign that it runs.
FRESH_SECONDS = 0.5
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


class NotRunningError(LocalAwsError):
    """The local AWS is not running at the moment."""


class LocalConnection:
    """Clients of one local AWS. Clients are made anew when another local AWS runs in its folder."""

    def __init__(self, local: LocalAws) -> None:
        self.local = local
        self._lock = threading.Lock()
        self._checked = 0.0
        self._running: Running | None = None
        self._clients: dict[tuple[str, str], Any] = {}

    def running(self) -> Running:
        """The running local AWS. Raises `NotRunningError`, also for an address that is not of this machine."""
        with self._lock:
            if self._running is None or time.monotonic() - self._checked > FRESH_SECONDS:
                running = self.local.running()
                if running and urlsplit(running.url).hostname != LOOPBACK:
                    raise NotRunningError(f"{running.url} is no local AWS: the console uses {LOOPBACK} only")
                if running != self._running:
                    self._clients.clear()
                self._running, self._checked = running, time.monotonic()
            if self._running is None:
                raise NotRunningError("the local AWS is not running: run `sluice up`")
            return self._running

    def client(self, service: str, region_name: str | None = None, **options: Any) -> Any:
        """A boto3 client of the local AWS. Raises `NotRunningError`."""
        self.running()
        region = {"region_name": region_name} if region_name else {}
        with self._lock:
            if options:
                return self.local.client(service, **region, **options)
            name = service, region_name or ""
            if name not in self._clients:
                self._clients[name] = self.local.client(service, **region)
            return self._clients[name]

    def own(self, path: str) -> Any:
        """What the local AWS answers at one of its own paths. Raises `NotRunningError`."""
        self.running()
        status, body = own_request(self.local, "GET", path)
        if status != 200:
            raise NotRunningError(f"the local AWS has no {path.partition('?')[0]}: run `sluice down` and `sluice up`")
        return json.loads(body)


def forget_account(local: LocalAws) -> None:
    """Replace this process's environment by one that leads to the local AWS only: no credentials, profiles, endpoints
    or proxies of the caller's remain. Raises `LocalAwsError` if it is not running."""
    environment = {
        name: value
        for name, value in local.environment().items()
        if name not in PROXIES and not FOREIGN_VARIABLES.fullmatch(name)
    }
    os.environ.clear()
    os.environ.update(environment)
