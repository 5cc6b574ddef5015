"""What belongs to what in a plan: parts of what is destroyed, policies of what is made."""

from typing import Any

from .classification import classified
from .configuration import Configuration, references, without_index
from .hidden import Hidden, revealed
from .plan import Plan, ResourceChange
from .words import ConstructNames

# What a policy, a permission or a setting belongs to is named by one of these.
OWNERS = ("role", "bucket", "arn", "queue_url", "function_name", "rest_api_id", "group", "user", "key_id", "topic_arn")
# What a resource is named by.
IDENTITIES = ("arn", "id", "name", "bucket", "url", "function_name", "key_id")


class Ownership:
    def __init__(self, plan: Plan, configuration: Configuration, names: ConstructNames) -> None:
        self._configuration = configuration
        self._names = names
        managed = [one for one in plan.changes if one.mode == "managed" and not one.deposed]
        self._by_address = {one.address: one for one in plan.changes if not one.deposed}
        destroyed = [one for one in managed if one.verb == "delete" and is_primary(one.type)]
        self._destroyed = {names.construct(one.address) for one in destroyed}
        self._destroyed_names = {name for one in destroyed for name in _identities(one.before)}
        made = [one for one in managed if one.verb == "create" and is_primary(one.type)]
        self._made = {name for one in made for name in _identities(one.after)}
        self._subscriptions: dict[str, int] = {}
        for one in managed:
            if one.type == "aws_sns_topic_subscription":
                topic = str(revealed((one.before or {}).get("topic_arn")))
                self._subscriptions[topic] = self._subscriptions.get(topic, 0) + 1

    def is_part_of_destroyed(self, change: ResourceChange) -> bool:
        """Whether what it belongs to is destroyed by the same plan."""
        path = self._names.path(change.address)
        if len(path) < 2:
            # No construct path tells: it names what it belongs to.
            values = revealed(change.before or {})
            return not is_primary(change.type) and any(values.get(name) in self._destroyed_names for name in OWNERS)
        if is_primary(change.type) and self._names.construct(change.address) in self._destroyed:
            path = path[:-2]  # its own construct does not count
            return any(path[:end] in self._destroyed for end in range(1, len(path) + 1))
        return any(path[:end] in self._destroyed for end in range(1, len(path)))

    def has_new_owner(self, change: ResourceChange) -> bool:
        """Whether what it belongs to is made by the same plan."""
        if change.verb == "create" and is_primary(change.type):
            return True
        configured = self._configuration.resources.get(without_index(change.address))
        written = {name: configured.values.get(name) for name in OWNERS} if configured else {}
        owners = [self._by_address.get(address) for address, _ in references(written) if "data." not in address]
        if owners:
            return all(one is not None and one.verb == "create" for one in owners)
        values = revealed(change.after or {})
        return any(str(values[name]) in self._made for name in OWNERS if values.get(name))

    def subscriptions(self, change: ResourceChange) -> int:
        """How many subscriptions of the stack's own a topic has."""
        arn = revealed((change.before or {}).get("arn"))
        return self._subscriptions.get(str(arn), 0) if change.type == "aws_sns_topic" and arn else 0


def is_primary(type_: str) -> bool:
    rules = classified().get(type_)
    return rules is not None and rules.primary


def _identities(values: Any) -> set[str]:
    named = ((values or {}).get(name) for name in IDENTITIES)
    return {str(revealed(one)) for one in named if one and isinstance(one, str | Hidden)}
