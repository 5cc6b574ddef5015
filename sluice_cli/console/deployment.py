"""The deployed stacks of a project: their resources, pictures and nodes, read again after changes."""

import hashlib
import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from sluice_cli.deployed.resources import Resource, in_state
from sluice_cli.errors import DeploymentError, InputError
from sluice_cli.failures.queue import Sources, sources_of
from sluice_cli.local_aws.environment import cache_folder
from sluice_cli.project import MANIFEST, Project
from sluice_cli.review.model import Box, Picture
from sluice_cli.review.picture.layout import LayoutError, Placed, place
from sluice_cli.stack import Stack, synthesized_stacks
from sluice_cli.target import Target, local_target

from .guard import HttpError
from .local import LocalConnection
from .nodes import Node, Nodes
from .outside import Outside
from .pictures import edge_id, node_id, picture_from, same_elsewhere, with_outputs, with_places

AT_ONCE = 4
NOTHING = "nothing of this project is deployed on its local AWS: run `sluice up`"


@dataclass(frozen=True)
class Deployment:
    """What is deployed at one moment."""

    target: Target
    stacks: Sequence[Stack] = ()
    states: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    resources: Sequence[Resource] = ()
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    nodes: Nodes = field(default_factory=lambda: Nodes((), ()))
    same: Mapping[str, str | None] = field(default_factory=dict)
    failure_queues: Sequence[Sources] = ()
    revision: str = ""
    problem: str | None = None  # why it could not be read
    outside: Outside | None = None

    def find(self, id_: str) -> Node | None:
        """A node of the pictures, or a resource of the local AWS that no deployed stack has, by its ARN."""
        node = self.nodes.by_id.get(id_)
        if node is None:
            return self.outside.node(id_) if self.outside else None
        return node if self.same.get(id_) or not self.outside else self.outside.completed(node)

    def node(self, id_: str) -> Node:
        """Raises `HttpError` where it is not there, or no longer."""
        node = self.find(id_)
        if node is None:
            raise HttpError(404, f"{id_[:200]} is not deployed (any more)")
        return node

    def stack(self, name: str) -> Stack:
        return next(one for one in self.stacks if one.name == name)

    @cached_property
    def edges(self) -> dict[tuple[str, str], list[str]]:
        """The ids of the arrows between two nodes, where foreign boxes count as what they stand for."""
        found: dict[tuple[str, str], list[str]] = {}
        for stack, picture in self.pictures.items():
            # Arrows of events come first; keys deliver no events.
            for one in sorted(picture.arrows, key=lambda one: one.kind != "data"):
                if one.kind != "key":
                    source, target = (node_id(stack, end) for end in (one.source, one.target))
                    ends = self.same.get(source) or source, self.same.get(target) or target
                    found.setdefault(ends, []).append(edge_id(stack, one.source, one.target, one.kind))
        return found

    def edges_along(self, ends: Iterable[tuple[str | None, str | None]]) -> list[str]:
        """The ids of the arrows from each first node to its second, the first two of each."""
        found = (
            self.edges.get((source, target), ())[:2] for source, target in dict.fromkeys(ends) if source and target
        )
        return [edge for edges in found for edge in edges]


class Deployments:
    """Reads what is deployed, and keeps it until something changes. Pictures are laid out once for each change."""

    def __init__(self, project: Project, connection: LocalConnection) -> None:
        self._project = project
        self._connection = connection
        self._outside = Outside(connection)
        self._lock = threading.Lock()
        self._current: Deployment | None = None
        self._placed: dict[str, Placed] = {}
        self._cache = cache_folder() / "pictures"

    def current(self) -> Deployment:
        """Raises `SluiceError` where it cannot be read."""
        self._connection.running()
        with self._lock:
            if self._current is None:
                self._current = self._read()
            return self._current

    def refresh(self) -> bool:
        """Read it again. Returns whether it changed."""
        with self._lock:
            before = self._current.revision if self._current else ""
            self._current = self._read()
            return self._current.revision != before

    def _read(self) -> Deployment:
        target = local_target(self._project, self._connection.local)
        if not (target.output / MANIFEST).is_file():
            return Deployment(target, revision="nothing", outside=self._outside)
        try:
            return self._read_stacks(target)
        except (InputError, DeploymentError) as error:  # such as a file that is being written
            return Deployment(target, revision=f"unreadable: {error}", problem=str(error), outside=self._outside)

    def _read_stacks(self, target: Target) -> Deployment:
        stacks = synthesized_stacks(target)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            read = list(pool.map(self._state, stacks))
        states = {one.name: state for one, state in zip(stacks, read, strict=True)}
        documents = {one.name: one.configuration for one in stacks}
        resources = [one for stack in stacks for one in in_state(stack, dict(states[stack.name]))]
        deployed = [one for one in stacks if any(of.stack == one.name for of in resources)]
        pictures = {one.name: picture_from(one.name, with_outputs(documents[one.name], states)) for one in deployed}
        queues = [one for state in states.values() for one in sources_of(dict(state))]
        own = nodes_of(pictures, resources, queues)
        nodes = Nodes(own, resources)
        same = {
            node_id(stack, box.id): same_elsewhere(box.id, box.title, resources, nodes)
            for stack, picture in pictures.items()
            for box in picture.boxes
        }
        nodes = Nodes([one if same[one.id] else self._outside.completed(one) for one in own], resources)
        text = json.dumps([states, documents], sort_keys=True, default=str)
        revision = hashlib.sha256(text.encode()).hexdigest()[:16]
        return Deployment(
            target, stacks, states, resources, pictures, nodes, same, queues, revision, outside=self._outside
        )

    def _state(self, stack: Stack) -> Mapping[str, Any]:
        """A stack's Terraform state, read from its bucket: Terraform itself takes a second for each."""
        kind, settings = stack.backend
        if kind != "s3":
            return stack.state() if stack.initialized else {}
        s3 = self._connection.client("s3", settings.get("region"))
        try:
            body = s3.get_object(Bucket=settings["bucket"], Key=settings["key"])["Body"].read()
        except ClientError:
            return {}  # never deployed
        try:
            return dict(json.loads(body))
        except ValueError:
            return {}  # being written

    def as_json(self) -> dict[str, Any]:
        """All stacks with their pictures, for the page."""
        current = self.current()
        placed, problem = self._places(current)
        shown = [
            with_places(one.name, current.pictures[one.name], placed.get(one.name), current.nodes, current.same)
            if one.name in current.pictures
            else {"name": one.name, "deployed": False, "width": 0, "height": 0, "left_out": 0, "nodes": [], "edges": []}
            for one in current.stacks
        ]
        if not current.pictures:
            problem = current.problem or NOTHING
        return {"revision": current.revision, "running": True, "stacks": shown, "problem": problem}

    def _places(self, current: Deployment) -> tuple[dict[str, Placed], str | None]:
        with self._lock:
            wanted = {name: repr(one) for name, one in current.pictures.items()}
            new = [name for name, text in wanted.items() if text not in self._placed]
            try:
                laid_out = place([current.pictures[name] for name in new], self._cache) if new else []
            except LayoutError as error:
                return {}, str(error)
            self._placed |= {wanted[name]: one for name, one in zip(new, laid_out, strict=True)}
            self._placed = {text: one for text, one in self._placed.items() if text in wanted.values()}
            return {name: self._placed[text] for name, text in wanted.items()}, None


def nodes_of(
    pictures: Mapping[str, Picture], resources: Sequence[Resource], failure_queues: Sequence[Sources]
) -> list[Node]:
    """The nodes of the pictures' boxes, with the resources behind them."""
    found = {(one.stack, one.address): one for one in reversed(resources)}
    queues = {one.arn: one for one in failure_queues}
    readings = {
        (one.stack, one.attributes.get("bucket"))
        for one in resources
        if one.type == "aws_s3_bucket_notification" and _takes_json(one.attributes)
    }
    return [
        _node(stack, box, found.get((stack, box.id)), queues, readings)
        for stack, picture in pictures.items()
        for box in picture.boxes
    ]


def _node(
    stack: str, box: Box, resource: Resource | None, queues: Mapping[str, Sources], readings: set[tuple[str, Any]]
) -> Node:
    return Node(
        id=node_id(stack, box.id),
        stack=stack,
        address=box.id,
        type=resource.type if resource else box.kind,
        title=box.title,
        subtitle=box.subtitle,
        resource=resource,
        failure_queue=queues.get(resource.arn) if resource else None,
        takes_readings=resource is not None and (stack, resource.attributes.get("bucket")) in readings,
    )


def _takes_json(notification: Mapping[str, Any]) -> bool:
    blocks = [one for kind in ("lambda_function", "queue", "topic") for one in notification.get(kind) or []]
    return any((one.get("filter_suffix") or ".json").startswith(".json") for one in blocks)
