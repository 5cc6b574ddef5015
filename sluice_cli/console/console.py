"""The console of one project: what its answers share."""

import secrets
import threading
from typing import Any
from uuid import uuid4

from sluice_cli.local_aws.server import LocalAws
from sluice_cli.project import Project
from sluice_cli.version import version

from .deployment import Deployment, Deployments
from .happenings import Happenings
from .local import LocalConnection
from .log_positions import LogPositions
from .nodes import Node
from .requests import PageRequest


class Console:
    """Answers requests about a project's local AWS; changes something there only with `writes`."""

    def __init__(self, project: Project, local: LocalAws, *, writes: bool = False) -> None:
        self.project = project
        self.writes = writes
        self.connection = LocalConnection(local)
        self.deployments = Deployments(project, self.connection)
        self.happenings = Happenings(self.connection, self.deployments)
        self.log_positions = LogPositions()
        # Message numbers of an earlier console mean nothing to this one.
        self.started = secrets.token_hex(4)

    def follow(self) -> None:
        """Begin to follow what happens, until `close`."""
        threading.Thread(target=self.happenings.run, daemon=True, name="happenings").start()

    def close(self) -> None:
        self.happenings.close()

    @property
    def deployment(self) -> Deployment:
        return self.deployments.current()

    def client(self, service: str, region_name: str | None = None, **options: Any) -> Any:
        return self.connection.client(service, region_name, **options)

    def node(self, request: PageRequest) -> Node:
        """The node that a request names. Raises `HttpError` where it is not deployed."""
        id_ = request.needed("node")
        return self.deployment.node(id_)

    def unique(self) -> str:
        """An id that no message had before."""
        return uuid4().hex

    def session(self) -> dict[str, Any]:
        return {"writes": self.writes, "project": self.project.folder.name, "version": version()}
