"""Buckets, tables, queues, topics, rules and schedules: whatever they are given, in whatever order they are connected,
they are valid Terraform or a ConfigurationError."""

from collections.abc import Callable
from typing import Any

import modules  # first: it prepares the provider binding and jsii

# isort: split
import pytest
from constructs import Construct
from hypothesis import given, settings
from hypothesis import strategies as st

from modules import Capacity, Index, LifecycleRule, OnDemandLimit

from .gathering import NAMES, NUMBER_TOKEN, NUMBERS, TEXTS, Gathering, numbers, options, options_of

ACCOUNT = "123456789012"
PREFIXES = st.one_of(
    st.sampled_from(["", "in/", "in/done/", "out/", "Monthly Reports/", "données/", "a-b/", "a/b/", "year=2026/"]),
    st.text(st.characters(codec="utf-8"), max_size=30),
    TEXTS,
)
CLASSES = st.sampled_from(
    ["STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE", "?"]
)
RULES = options_of(
    LifecycleRule("old", expire_after_days=1),
    name=NAMES,
    prefix=PREFIXES,
    tags=st.dictionaries(NAMES, NAMES, max_size=2),
    larger_than_bytes=st.one_of(st.none(), numbers(1, 1024)),
    smaller_than_bytes=st.one_of(st.none(), numbers(2048)),
    transitions=st.dictionaries(CLASSES, numbers(0, 30, 60, 90, 365), max_size=3),
    expire_after_days=st.one_of(st.none(), numbers(1, 400)),
    noncurrent_transitions=st.dictionaries(CLASSES, numbers(0, 30, 60), max_size=2),
    noncurrent_expire_after_days=st.one_of(st.none(), numbers(1, 89)),
    noncurrent_versions_kept=st.one_of(st.none(), numbers(1, 3)),
)
BUCKETS = options(
    {"name": NAMES},
    versioned=st.booleans(),
    noncurrent_days=st.one_of(st.none(), numbers(1, 90)),
    lifecycle=st.lists(RULES, max_size=3),
)
QUEUES = options(
    {"name": st.one_of(NAMES, NAMES.map("{}.fifo".format))},
    retention_days=numbers(0.5, 1, 14),
    visibility_timeout_seconds=numbers(0, 30, 180, 43200),
    max_receives=numbers(1, 5),
    fifo=st.booleans(),
)
POLLING = options(
    {},
    batch_size=numbers(1, 10, 100),
    window_seconds=numbers(0, 20),
    max_concurrency=numbers(2, 10),
    partial_failures=st.booleans(),
)
JSON_LIKE = st.recursive(
    st.one_of(TEXTS, st.lists(TEXTS, max_size=3)), lambda inner: st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)
PATTERNS = st.one_of(st.just({"source": ["orders"]}), st.dictionaries(NAMES, JSON_LIKE, max_size=4))
DELIVERY = {"retries": numbers(0, 185), "event_age_seconds": numbers(60, 86400), "description": TEXTS}
RULES_OF_EVENTS = options({"name": NAMES, "pattern": PATTERNS}, event_bus=NAMES, **DELIVERY)
CRON_FIELDS = st.sampled_from(
    ["*", "?", "0", "1", "5", "0/15", "1-5", "MON-FRI", "L", "15W", "1W,15W", "2#1", "60", "2026", "JAN", "", "x"]
)
SCHEDULES = options(
    {"name": NAMES},
    rate=st.one_of(st.sampled_from(["1 minute", "5 minutes", "1 minutes", "2 days"]), TEXTS),
    cron=st.one_of(st.just("0 8 ? * MON-FRI *"), st.lists(CRON_FIELDS, min_size=5, max_size=7).map(" ".join), TEXTS),
    at=st.one_of(st.just("2026-12-01T08:00:00"), st.datetimes(), TEXTS),
    time_zone=st.one_of(st.sampled_from(["Europe/Berlin", "UTC", "Berlin"]), TEXTS),
    **DELIVERY,
)
KEYS = st.one_of(NAMES, TEXTS)
INDEXES = options_of(
    Index("by-kind", "kind"),
    name=NAMES,
    partition_key=KEYS,
    sort_key=st.one_of(st.none(), KEYS),
    attributes=st.one_of(st.none(), st.lists(KEYS, max_size=3)),
)
TABLES = options(
    {"name": NAMES, "partition_key": KEYS},
    sort_key=KEYS,
    attribute_types=st.dictionaries(KEYS, st.sampled_from(["string", "number", "binary", "N"]), max_size=1),
    indexes=st.lists(INDEXES, max_size=3),
    capacity=st.one_of(
        options_of(Capacity(1, 1), numbers(1, 5), numbers(1, 5), st.one_of(st.none(), numbers(5, 40))),
        options_of(OnDemandLimit(1), st.one_of(st.none(), numbers(1)), st.one_of(st.none(), numbers(1))),
    ),
    recovery_days=numbers(1, 35),
    stream=st.one_of(st.sampled_from(["NEW_IMAGE", "KEYS_ONLY"]), TEXTS),
    expiry_attribute=KEYS,
)
ARNS = st.one_of(
    st.sampled_from(
        [
            f"arn:aws:sqs:us-east-1:{ACCOUNT}:orders",
            f"arn:aws-cn:sqs:cn-north-1:{ACCOUNT}:orders.fifo",
            f"arn:aws:sns:us-east-1:{ACCOUNT}:news",
            f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/records",
            "arn:aws:s3:::uploads",
            "arn:aws:s3:::uploads/key",
            f"arn:aws:iam::{ACCOUNT}:role/worker",
            "<text>",
        ]
    ),
    TEXTS,
)


@pytest.fixture(scope="module")
def gathering(tmp_path_factory: pytest.TempPathFactory) -> Gathering:
    return Gathering(tmp_path_factory.mktemp("connections"))


def function(gathering: Gathering, scope: Construct, id_: str = "Worker", **options: Any) -> modules.PythonFunction:
    return modules.PythonFunction(scope, id_, name=id_.lower(), packages=[gathering.code], **gathering.given(options))


@settings(max_examples=30)
@given(chosen=BUCKETS, areas=st.lists(st.tuples(PREFIXES, PREFIXES), max_size=3))
def test_buckets(gathering: Gathering, chosen: dict[str, Any], areas: list[tuple[str, str]]) -> None:
    def build(scope: Construct) -> None:
        bucket = modules.Bucket(scope, "Bucket", **gathering.given(chosen))
        queue = modules.Queue(scope, "Queue", name="orders")
        for prefix, suffix in gathering.given([list(one) for one in areas]):
            bucket.on_object_created(queue, prefix=prefix, suffix=suffix)

    gathering.make(build)


@settings(max_examples=30)
@given(prefixes=st.lists(PREFIXES, max_size=3))
def test_grants_on_objects(gathering: Gathering, prefixes: list[str]) -> None:
    def build(scope: Construct) -> None:
        bucket, role = modules.Bucket(scope, "Bucket", name="uploads"), modules.Role.from_name(scope, "Role", "worker")
        for prefix in gathering.given(prefixes):
            bucket.grant_read(role, prefix=prefix)
            bucket.grant_list(role, prefix=prefix)
            bucket.grant_delete(role, prefix=prefix)
            bucket.event_pattern(prefix=prefix)

    gathering.make(build)


@settings(max_examples=30)
@given(chosen=QUEUES, polling=POLLING, timeout=st.sampled_from([30, NUMBER_TOKEN]))
def test_queues(gathering: Gathering, chosen: dict[str, Any], polling: dict[str, Any], timeout: Any) -> None:
    def build(scope: Construct) -> None:
        queue = modules.Queue(scope, "Queue", **gathering.given(chosen))
        queue.on_messages(function(gathering, scope, timeout_seconds=timeout), **gathering.given(polling))

    gathering.make(build)


@settings(max_examples=30)
@given(
    name=NAMES,
    policy=st.dictionaries(TEXTS, JSON_LIKE, max_size=4),
    scope_=st.sampled_from(["MessageBody", "MessageAttributes", "Body"]),
    addresses=st.lists(st.one_of(st.emails(), TEXTS), max_size=3),
)
def test_topics(gathering: Gathering, name: str, policy: dict[str, Any], scope_: str, addresses: list[str]) -> None:
    def build(scope: Construct) -> None:
        topic = modules.Topic(scope, "Topic", name=gathering.given(name))
        queue = modules.Queue(scope, "Queue", name="orders")
        topic.on_message(queue, filter_policy=gathering.given(policy), filter_scope=scope_)
        for address in gathering.given(addresses):
            topic.subscribe_email(address)

    gathering.make(build)


@settings(max_examples=30)
@given(chosen=RULES_OF_EVENTS, text=st.one_of(st.none(), TEXTS, st.dictionaries(NAMES, NUMBERS, max_size=2)))
def test_rules(gathering: Gathering, chosen: dict[str, Any], text: Any) -> None:
    def build(scope: Construct) -> None:
        rule = modules.Rule(scope, "Rule", **gathering.given(chosen))
        rule.on_event(modules.Queue(scope, "Queue", name="orders"), input=text)

    gathering.make(build)


@settings(max_examples=40)
@given(chosen=SCHEDULES)
def test_schedules(gathering: Gathering, chosen: dict[str, Any]) -> None:
    def build(scope: Construct) -> None:
        schedule = modules.Schedule(scope, "Schedule", **gathering.given(chosen))
        schedule.on_time(modules.Queue(scope, "Queue", name="orders"))

    gathering.make(build)


@settings(max_examples=30)
@given(chosen=TABLES, index=NAMES)
def test_tables(gathering: Gathering, chosen: dict[str, Any], index: str) -> None:
    def build(scope: Construct) -> None:
        table = modules.Table(scope, "Table", **gathering.given(chosen))
        role = modules.Role.from_name(scope, "Role", "worker")
        table.grant_transact_write(role)
        for one in chosen.get("indexes", []):
            table.grant_query(role, index=gathering.given(one.name))

    gathering.make(build)


@settings(max_examples=30)
@given(arn=ARNS, names=st.lists(NAMES, max_size=2))
def test_what_exists_already(gathering: Gathering, arn: str, names: list[str]) -> None:
    def grant(scope: Construct) -> modules.Role:
        return modules.Role.from_name(scope, "Role", "worker")

    kinds: list[Callable[[Construct, str], Any]] = [
        lambda scope, given: modules.Queue.from_arn(scope, "Queue", given).grant_send(grant(scope)),
        lambda scope, given: modules.Topic.from_arn(scope, "Topic", given).grant_publish(grant(scope)),
        lambda scope, given: modules.Table.from_arn(scope, "Table", given, indexes=names).grant_get(grant(scope)),
        lambda scope, given: modules.Bucket.from_arn(scope, "Bucket", given).grant_read(grant(scope)),
        lambda scope, given: modules.Bucket.from_name(scope, "Bucket", given).grant_list(grant(scope)),
        lambda scope, given: modules.Bucket(scope, "Bucket", name="own").grant_read(
            modules.Role.from_arn(scope, "Role", given)
        ),
    ]
    for kind in kinds:
        gathering.make(lambda scope, kind=kind: kind(scope, gathering.given(arn)))  # type: ignore[misc]


Step = Callable[[dict[str, Any]], object]
STEPS: dict[str, Step] = {
    "created to worker": lambda s: s["bucket"].on_object_created(s["worker"], prefix="in/"),
    "created to queue": lambda s: s["bucket"].on_object_created(s["queue"], prefix="queued/"),
    "removed to topic": lambda s: s["bucket"].on_object_removed(s["topic"]),
    "all to queue": lambda s: s["bucket"].on_object_created(s["queue"]),
    "write in": lambda s: s["bucket"].grant_write(s["worker"], prefix="in/done/"),
    "write queued": lambda s: s["bucket"].grant_write(s["worker"], prefix="queued/"),
    "write out": lambda s: s["bucket"].grant_write(s["worker"], prefix="out/"),
    "delete": lambda s: s["bucket"].grant_delete(s["other"], prefix="in/"),
    "queue to worker": lambda s: s["queue"].on_messages(s["worker"]),
    "queue to other": lambda s: s["queue"].on_messages(s["other"]),
    "send": lambda s: s["queue"].grant_send(s["other"]),
    "topic to queue": lambda s: s["topic"].on_message(s["queue"]),
    "topic to other": lambda s: s["topic"].on_message(s["other"]),
    "publish": lambda s: s["topic"].grant_publish(s["worker"]),
    "table to worker": lambda s: s["table"].on_change(s["worker"]),
    "put": lambda s: s["table"].grant_put(s["worker"]),
    "put other": lambda s: s["table"].grant_put(s["other"]),
}


@settings(max_examples=30)
@given(st.permutations(sorted(STEPS)), st.permutations(range(6)), st.integers(1, 6))
def test_whether_connections_are_accepted_does_not_depend_on_their_order(
    gathering: Gathering, names: list[str], order: list[int], count: int
) -> None:
    chosen = names[:count]
    outcomes = []
    for sequence in (chosen, [chosen[position] for position in order if position < count]):
        outcomes.append(_accepted(gathering, sequence))
    assert outcomes[0] == outcomes[1], chosen


def _accepted(gathering: Gathering, names: list[str]) -> bool:
    before = gathering.accepted

    def build(scope: Construct) -> None:
        key = modules.Key(scope, "Key", alias="alias/messages", description="Encrypts messages")
        system = {
            "bucket": modules.Bucket(scope, "Bucket", name="uploads"),
            "queue": modules.Queue(scope, "Queue", name="orders", key=key),
            "topic": modules.Topic(scope, "Topic", name="news", key=key),
            "table": modules.Table(scope, "Table", name="records", partition_key="id"),
            "worker": function(gathering, scope),
            "other": function(gathering, scope, "Other"),
        }
        for name in names:
            STEPS[name](system)

    gathering.make(build)
    return gathering.accepted > before


def test_all_that_was_accepted_is_valid_terraform(gathering: Gathering) -> None:
    assert gathering.accepted > 100
    gathering.validate()
