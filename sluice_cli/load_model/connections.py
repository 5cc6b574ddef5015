"""How the parts of a stack are wired: who sends to whom, who polls which queue, and where events come in."""

from collections.abc import Iterator, Mapping

from sluice_cli.review.cost.sides import blocks

from .model import Entry, FunctionWork
from .stack_reader import StackReader

FUNCTION, QUEUE, TOPIC, BUCKET = "aws_lambda_function", "aws_sqs_queue", "aws_sns_topic", "aws_s3_bucket"
RULE, ALIAS, SCHEDULE = "aws_cloudwatch_event_rule", "aws_lambda_alias", "aws_scheduler_schedule"
STREAM_CONSUMER = "aws_kinesis_stream_consumer"
TABLE, KINESIS, FUNCTION_URL = "aws_dynamodb_table", "aws_kinesis_stream", "aws_lambda_function_url"
APIS = ("aws_api_gateway_rest_api", "aws_apigatewayv2_api")
# What brings events from outside, the likeliest first; a bucket with a filter comes after all others.
KINDS_OF_ENTRIES = {
    BUCKET: "bucket",
    APIS[0]: "API",
    APIS[1]: "API",
    FUNCTION_URL: "function URL",
    RULE: "rule",
    TOPIC: "topic",
    QUEUE: "queue",
    KINESIS: "stream",
    TABLE: "table's stream",
    SCHEDULE: "schedule",
    FUNCTION: "function",
}


class Connections:
    """Reads the notifications, subscriptions, rules, integrations and event source mappings of a stack."""

    def __init__(self, reader: StackReader, works: Mapping[str, FunctionWork]) -> None:
        self._reader, self._works, self._side = reader, works, reader.side
        self.mappings: list[tuple[str, str, str]] = []
        # Event source mappings by the stream that they read, each with its function.
        self.streams: dict[str, list[tuple[str, str]]] = {}
        self._filtered: set[str] = set()
        self._routes: dict[str, list[str]] = {}
        self._read_mappings()
        for source, target in (
            *self._notifications(),
            *self._subscriptions(),
            *self._rules(),
            *self._schedules(),
            *self._integrations(),
            *self._function_urls(),
        ):
            if target not in self._routes.setdefault(source, []):
                self._routes[source].append(target)
        self._outside = {source: list(targets) for source, targets in self._routes.items()}
        self._add_calls()

    def routes(self) -> dict[str, tuple[str, ...]]:
        return {source: tuple(targets) for source, targets in self._routes.items()}

    def entries(self) -> Iterator[Entry]:
        """Where events may come in: what sends to a part and gets nothing from one, the likeliest first."""
        inner = {target for targets in self._routes.values() for target in targets}
        polled = {queue for _, queue, _ in self.mappings}
        candidates = [*self._outside, *polled, *self.streams, *self._side.of(FUNCTION)]
        handled = {one for targets in self._outside.values() for one in targets} | {one for *_, one in self.mappings}
        handled |= {function for consumers in self.streams.values() for _, function in consumers}
        found = []
        for address in dict.fromkeys(candidates):
            type_ = self._side.types[address]
            if type_ not in KINDS_OF_ENTRIES or (address in inner and address not in self._filtered):
                continue
            if type_ == FUNCTION and address in handled:
                continue
            label, kind = self._reader.label(address), KINDS_OF_ENTRIES[type_]
            if type_ == RULE and self.is_schedule(address):
                kind = KINDS_OF_ENTRIES[SCHEDULE]
            label = f"stream of {label}" if type_ == TABLE else label
            found.append(Entry(address, self._reader.path(address), label, kind, is_filtered=address in self._filtered))
        order = list(KINDS_OF_ENTRIES.values())
        yield from sorted(found, key=lambda one: (one.is_filtered, order.index(one.kind), one.name))

    def functions_in(self, value: object) -> set[str]:
        """The functions that a value names, by themselves or by an alias."""
        found = self._side.named_in(value, FUNCTION)
        for alias in self._side.named_in(value, ALIAS):
            found |= self._side.linked(alias, "function_name", types=[FUNCTION])
        return found

    def _targets_in(self, value: object) -> set[str]:
        return self.functions_in(value) | self._side.named_in(value, QUEUE, TOPIC)

    def _read_mappings(self) -> None:
        for one in self._side.of("aws_lambda_event_source_mapping"):
            values = self._side.values[one]
            queues = self._side.named_in(values.get("event_source_arn"), QUEUE)
            functions = self.functions_in(values.get("function_name"))
            streams = self._side.named_in(values.get("event_source_arn"), TABLE, KINESIS)
            for consumer in self._side.named_in(values.get("event_source_arn"), STREAM_CONSUMER):
                streams |= self._side.linked(consumer, "stream_arn", types=[KINESIS])
            for stream in sorted(streams):
                self.streams.setdefault(stream, []).extend((one, function) for function in sorted(functions)[:1])
            self.mappings += [(one, queue, function) for queue in queues for function in sorted(functions)[:1]]

    def _notifications(self) -> Iterator[tuple[str, str]]:
        for one in self._side.of("aws_s3_bucket_notification"):
            values = self._side.values[one]
            for bucket in self._side.named_in(values.get("bucket"), BUCKET):
                for kind in ("lambda_function", "queue", "topic"):
                    for block in blocks(values.get(kind)):
                        if block.get("filter_prefix") or block.get("filter_suffix"):
                            self._filtered.add(bucket)
                        for target in sorted(self._targets_in(block)):
                            yield bucket, target
                if values.get("eventbridge") is True:
                    for rule in self._side.of(RULE):
                        if bucket in self._side.linked(rule, "event_pattern", types=[BUCKET]):
                            yield bucket, rule

    def _subscriptions(self) -> Iterator[tuple[str, str]]:
        for one in self._side.of("aws_sns_topic_subscription"):
            values = self._side.values[one]
            for topic in self._side.named_in(values.get("topic_arn"), TOPIC):
                for target in sorted(self._targets_in(values.get("endpoint"))):
                    yield topic, target

    def _rules(self) -> Iterator[tuple[str, str]]:
        for one in self._side.of("aws_cloudwatch_event_target"):
            values = self._side.values[one]
            rules = self._side.named_in(values.get("rule"), RULE)
            for rule in rules:
                for target in sorted(self._targets_in(values.get("arn"))):
                    yield rule, target

    def is_schedule(self, address: str) -> bool:
        """Whether a schedule, or a rule with a schedule, starts runs at its own times."""
        return self._side.types[address] == SCHEDULE or bool(self._side.values[address].get("schedule_expression"))

    def _schedules(self) -> Iterator[tuple[str, str]]:
        for one in self._side.of(SCHEDULE):
            for block in blocks(self._side.values[one].get("target")):
                for target in sorted(self._targets_in(block.get("arn"))):
                    yield one, target

    def _function_urls(self) -> Iterator[tuple[str, str]]:
        for one in self._side.of(FUNCTION_URL):
            for function in sorted(self.functions_in(self._side.values[one].get("function_name"))):
                yield one, function

    def _integrations(self) -> Iterator[tuple[str, str]]:
        for type_, api, *attributes in (
            ("aws_api_gateway_integration", "rest_api_id", "uri"),
            ("aws_apigatewayv2_integration", "api_id", "integration_uri", "request_parameters"),
        ):
            for one in self._side.of(type_):
                values = self._side.values[one]
                for source in self._side.named_in(values.get(api), *APIS):
                    for attribute in attributes:
                        for target in sorted(self._targets_in(values.get(attribute))):
                            yield source, target

    def _add_calls(self) -> None:
        """What a function writes to may start another one, but where a filter names keys, which are not known."""
        for function, work in self._works.items():
            for target, kinds in work.calls.items():
                is_written = kinds.get("write", 0) > 0 or kinds.get("write_units", 0) > 0
                sends = self._side.types[target] in (QUEUE, TOPIC, BUCKET, TABLE, KINESIS) and is_written
                starts = target in self._routes or any(queue == target for _, queue, _ in self.mappings)
                starts = starts or target in self.streams
                if sends and starts and target not in self._filtered and function not in self._below(target):
                    self._routes.setdefault(function, []).append(target)

    def _below(self, address: str) -> set[str]:
        found, waiting = {address}, [address]
        while waiting:
            one = waiting.pop()
            polled = [function for _, queue, function in self.mappings if queue == one]
            polled += [function for _, function in self.streams.get(one, ())]
            for target in (*self._routes.get(one, ()), *polled):
                if target not in found:
                    found.add(target)
                    waiting.append(target)
        return found
