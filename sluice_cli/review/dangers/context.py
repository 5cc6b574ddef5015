"""What a change can be judged by besides itself: the other resources of its plan."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from ..configuration import Configuration, references, without_index
from ..hidden import revealed
from ..plan import Plan, ResourceChange

ACCOUNT = re.compile(r"^arn:aws[\w-]*:[\w-]+:[\w-]*:(\d{12}):")
# By what other resources name one.
IDENTITIES = ("arn", "id", "name", "bucket", "function_name", "url", "qualified_arn", "invoke_arn", "key_id")


Alike = tuple[str, ...]


class PlanContext:
    def __init__(self, plan: Plan, configuration: Configuration) -> None:
        self._configuration = configuration
        self._prior = plan.prior
        self._changes = [one for one in plan.changes if one.mode == "managed" and not one.deposed]
        self._alike: dict[str, dict[Alike, list[ResourceChange]]] = {}
        self._by_address = {one.address: one for one in self._changes}

    @cached_property
    def account(self) -> str:
        """The account that the plan's own resources are in; empty where none tells."""
        for address, values in self._prior.items():
            if address.startswith("data.aws_caller_identity.") and values.get("account_id"):
                return str(revealed(values["account_id"]))
        arns = (str((one.before or one.after or {}).get("arn", "")) for one in self._changes)
        counted = Counter(found.group(1) for found in map(ACCOUNT.match, arns) if found)
        return counted.most_common(1)[0][0] if counted else ""

    def is_foreign(self, arn: str) -> bool:
        """Whether an ARN is of another account than this plan's resources, or of an unknown one."""
        parts = arn.split(":")
        return arn.startswith("arn:") and len(parts) > 5 and parts[4] not in ("", "aws", self.account)

    def is_written(self, change: ResourceChange, name: str) -> bool:
        """Whether the configuration sets an argument. Where the resource is not known, it may."""
        resource = self._configuration.resources.get(without_index(change.address))
        return resource is None or _has(resource.values, name.split("."))

    def refers_to_the_same(self, change: ResourceChange, name: str, before: Any) -> bool:
        """Whether a value that is known only after apply refers to the resource that it names now."""
        resource = self._configuration.resources.get(without_index(change.address))
        if resource is None or not isinstance(before, str) or not before:
            return False
        targets = [address for address, _ in references(resource.values.get(name.partition(".")[0]))]
        return any(before in self._identities(address) for address in targets)

    def _identities(self, address: str) -> set[str]:
        change = self._by_address.get(address)
        values = revealed((change.before if change else None) or {})
        return {str(values[name]) for name in IDENTITIES if values.get(name)}

    def after_of(self, type_: str) -> Iterator[tuple[ResourceChange, Mapping[str, Any]]]:
        """The resources of a type as they will be."""
        for one in self._by_type.get(type_, []):
            if one.verb not in ("delete", "forget"):
                yield one, revealed(one.after or one.before or {})

    def alike(
        self, type_: str, names: tuple[str, ...], optional: tuple[str, ...]
    ) -> Mapping[Alike, list[ResourceChange]]:
        """The resources of a type as they will be, by the values of some arguments; those are left out where one that
        is not optional is known only after apply."""
        if type_ not in self._alike:
            found: dict[Alike, list[ResourceChange]] = {}
            for change, values in self.after_of(type_):
                if all(values.get(name) or name in optional for name in names):
                    found.setdefault(tuple(str(values.get(name) or "") for name in names), []).append(change)
            self._alike[type_] = found
        return self._alike[type_]

    @cached_property
    def _by_type(self) -> dict[str, list[ResourceChange]]:
        found: dict[str, list[ResourceChange]] = {}
        for one in self._changes:
            found.setdefault(one.type, []).append(one)
        return found

    @cached_property
    def consumers(self) -> list[tuple[ResourceChange, ResourceChange, Mapping[str, Any]]]:
        """Each queue with the function that takes its messages, and the event source mapping between."""
        return self._consumers(self.after_of("aws_lambda_event_source_mapping"))

    @cached_property
    def consumers_before(self) -> list[tuple[ResourceChange, ResourceChange, Mapping[str, Any]]]:
        """The same as it is before the plan."""
        mappings = self._by_type.get("aws_lambda_event_source_mapping", [])
        return self._consumers((one, revealed(one.before)) for one in mappings if one.before)

    def same_consumer(self, notification: ResourceChange, old: str, new: str) -> bool:
        """Whether events that a bucket sent to one target reach the same function by another: by a queue in between, or
        no longer by one. `new` is empty if it is known only after apply.
        """
        resource = self._configuration.resources.get(without_index(notification.address))
        written = [(resource.values if resource else {}).get(kind) for kind in ("queue", "lambda_function")]
        names = {new} if new else {address for one in written for address, _ in references(one)}
        gained = [(self._names(function), self._names(queue)) for queue, function, _ in self.consumers]
        given_up = [(self._names(queue), self._names(function)) for queue, function, _ in self.consumers_before]
        return any(old in from_ and names & to for from_, to in (*gained, *given_up))

    def is_notified(self, queue: ResourceChange) -> bool:
        """Whether a bucket sends its events to a queue before the plan."""
        notifications = [revealed(one.before or {}) for one in self._by_type.get("aws_s3_bucket_notification", [])]
        targets = {str(route.get("queue_arn")) for one in notifications for route in one.get("queue") or []}
        return bool(targets & self._names(queue))

    def _consumers(
        self, mappings: Iterable[tuple[ResourceChange, Mapping[str, Any]]]
    ) -> list[tuple[ResourceChange, ResourceChange, Mapping[str, Any]]]:
        found = []
        queues = {key: one for one in self._by_type.get("aws_sqs_queue", []) for key in self._names(one)}
        functions = {key: one for one in self._by_type.get("aws_lambda_function", []) for key in self._names(one)}
        for mapping, values in mappings:
            written = self._configuration.resources.get(without_index(mapping.address))
            known = written.values if written else {}
            ends = []
            for made, argument in ((queues, "event_source_arn"), (functions, "function_name")):
                targets = [address for address, _ in references(known.get(argument))]
                value = str(values.get(argument) or "")
                # An alias or a version is named after the function's own ARN.
                keys = [*targets, value, re.sub(r"(:function:[^:]+):.*", r"\1", value)]
                ends.append(next((made[key] for key in keys if key in made), None))
            if ends[0] is not None and ends[1] is not None:
                found.append((ends[0], ends[1], values))
        return found

    @staticmethod
    def _names(change: ResourceChange) -> set[str]:
        values = [revealed(one or {}) for one in (change.before, change.after)]
        return {change.address, *(str(one[name]) for one in values for name in IDENTITIES if one.get(name))}


def _has(values: Any, path: list[str]) -> bool:
    """Whether a configuration has something at a path, or an expression that may make it."""
    if not path or isinstance(values, str):
        return values is not None
    if isinstance(values, list):
        return any(_has(one, path) for one in values)
    return isinstance(values, Mapping) and path[0] in values and _has(values[path[0]], path[1:])
