"""Readable names of Terraform's types and attributes, in the module classes' words."""

import re
from collections.abc import Iterable
from dataclasses import replace

from .classification import TypeRules, classified
from .configuration import Configuration
from .plan import Plan
from .values import Difference

ATTRIBUTES = {
    "alarm_actions": "whom it tells",
    "api_key_required": "API key required",
    "attribute": "key attributes",
    "authorization": "authorization",
    "deletion_protection_enabled": "deletion protection",
    "deletion_window_in_days": "days before a deleted key is gone",
    "enable_key_rotation": "key rotation",
    "force_destroy": "emptying on destroy",
    "hash_key": "partition key",
    "kms_master_key_id": "encryption key",
    "memory_size": "memory (MB)",
    "message_retention_seconds": "message retention (s)",
    "point_in_time_recovery.enabled": "point-in-time recovery",
    "range_key": "sort key",
    "redrive_policy": "dead-letter queue",
    "reserved_concurrent_executions": "reserved concurrency",
    "retention_in_days": "log retention (days)",
    "schedule_expression": "schedule",
    "schedule_expression_timezone": "time zone",
    "server_side_encryption.enabled": "encryption with a key of its own",
    "settings.logging_level": "log level",
    "settings.metrics_enabled": "metrics",
    "settings.throttling_burst_limit": "throttling burst",
    "settings.throttling_rate_limit": "throttling (requests/s)",
    "sqs_managed_sse_enabled": "encryption",
    "threshold": "threshold",
    "timeout": "timeout (s)",
    "tracing_config.mode": "tracing",
    "triggers.functions": "the functions behind it",
    "triggers.routes": "its routes",
    "visibility_timeout_seconds": "visibility timeout (s)",
    "versioning_configuration.status": "versioning",
}
OFF: frozenset[str | bool] = frozenset({"Suspended", "Disabled", "PassThrough", False})
ON: frozenset[str | bool] = frozenset({"Enabled", "Active", True})

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_]+")
ACRONYMS = {"api": "API", "iam": "IAM", "kms": "KMS", "sns": "SNS", "sqs": "SQS", "cors": "CORS", "url": "URL"}


def words_of(component: str) -> str:
    """A construct id as words: `AlarmTopic` becomes "Alarm topic". Other names are unchanged."""
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", component):
        return component
    words = [ACRONYMS.get(one.lower(), one if one.isupper() else one.lower()) for one in WORD.findall(component)]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def attribute_words(name: str) -> str:
    for known in (name, name.rpartition(".")[2]):
        if known in ATTRIBUTES:
            return ATTRIBUTES[known]
    return name.replace("environment.variables.", "variable ")


def difference_words(one: Difference) -> str:
    """The changed attribute in words; for an index or another repeated block with its name."""
    block = one.block
    if block is None or not block.label or not block.name or block.name == one.name:
        return attribute_words(one.name)
    inner = one.name.removeprefix(f"{block.name}.")
    words = attribute_words(inner)
    return f"{block_words(block.name)} {block.label}: {inner.replace('_', ' ') if words == inner else words}"


def block_words(name: str) -> str:
    last = name.rpartition(".")[2]
    return "index" if last.endswith("_secondary_index") else attribute_words(last).replace("_", " ")


class ConstructNames:
    """Readable names of the constructs of one stack."""

    def __init__(self, plan: Plan, configuration: Configuration) -> None:
        self._configuration = configuration
        self._nouns: dict[tuple[str, ...], str] = {}
        types = {one.address: one.type for one in configuration.resources.values()}
        types |= {one.address: one.type for one in plan.changes}
        for address, type_ in types.items():
            kind = classified().get(type_)
            if kind and kind.primary and not address.startswith("data."):
                construct = self.construct(address)
                # A construct with a function and a role is named after the function, which comes first here.
                if construct not in self._nouns or _order(kind.noun) < _order(self._nouns[construct]):
                    self._nouns[construct] = kind.noun

    def path(self, address: str) -> tuple[str, ...]:
        return self._configuration.path(address)

    def construct(self, address: str) -> tuple[str, ...]:
        """The construct that a resource belongs to: `Objects` for `Objects/Bucket`."""
        path = self.path(address)
        return path[:-1] or path

    def label(self, construct: Iterable[str]) -> str:
        """ "Objects bucket", "Recorder function, Failures queue"."""
        path = tuple(construct)
        parts = []
        for end in range(1, len(path) + 1):
            noun = self._nouns.get(path[:end])
            if noun or end == 1:
                parts.append(_called(path[end - 1], noun or ""))
        return ", ".join(parts)

    def owner(self, address: str) -> tuple[str, ...]:
        """The nearest enclosing construct with a name of its own, else the outermost one."""
        path = self.construct(address)
        for end in range(len(path), 0, -1):
            if path[:end] in self._nouns:
                return path[:end]
        return path[:1]

    def kind(self, address: str, type_: str) -> TypeRules | None:
        """The kind of a resource; a construct is never named after a function's role."""
        kind = classified().get(type_)
        if kind and kind.primary and self._nouns.get(self.construct(address)) != kind.noun:
            return replace(kind, primary=False)
        return kind

    def part(self, address: str, kind: TypeRules | None) -> str:
        """The part of the path that distinguishes resources of a kind in their owner: "Errors" of
        `Recorder/Alarms/Errors`.
        """
        path, owner = self.path(address), self.owner(address)
        inner = path[len(owner) :]
        if kind is not None and kind.noun == "permission" and len(inner) > 1:
            return inner[0]
        last = inner[-1] if inner else ""
        noun = kind.noun.replace(" ", "").lower() if kind else ""
        return last[: -len(noun)] if noun and last.lower().endswith(noun) else last


def _called(component: str, noun: str) -> str:
    words = words_of(component)
    return words if not noun or words.lower().endswith(noun.split()[-1].lower()) else f"{words} {noun}"


def _order(noun: str) -> int:
    order = ("function", "REST API", "bucket", "table", "topic", "queue", "key")
    return order.index(noun) if noun in order else len(order)
