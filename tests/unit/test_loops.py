"""Event loops are errors at synth, through any resources and in any order of calls."""

from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import pytest
from cdktf import TerraformStack, Testing

from modules import Bucket, ConfigurationError, Key, PythonFunction, Queue, Role, Rule, Schedule, Table, Topic

LOOP = r"it would wake itself without end: "


class System:
    """One resource of each class, to be connected in a circle."""

    def __init__(self, stack: TerraformStack, code: Path) -> None:
        key = Key(stack, "Key", alias="alias/key", description="Encrypts messages")
        self.stack = stack
        self.bucket = Bucket(stack, "Uploads", name="uploads")
        self.queue = Queue(stack, "Orders", name="orders")
        self.topic = Topic(stack, "News", name="news", key=key)
        self.table = Table(stack, "Records", name="records", partition_key="id")
        self.worker = PythonFunction(stack, "Worker", name="worker", packages=[code])
        self.other = PythonFunction(stack, "Other", name="other", packages=[code])

    def rule_to(self, target: PythonFunction | Queue | Topic) -> None:
        Rule(self.stack, "Rule", name="rule", pattern=self.bucket.event_pattern(prefix="in/")).on_event(target)


Step = Callable[[System], object]
LOOPS: dict[str, list[Step]] = {
    "queue": [lambda s: s.queue.on_messages(s.worker), lambda s: s.queue.grant_send(s.worker)],
    "topic": [lambda s: s.topic.on_message(s.worker), lambda s: s.topic.grant_publish(s.worker)],
    "table": [lambda s: s.table.on_change(s.worker), lambda s: s.table.grant_update(s.worker)],
    "deleting what is removed": [
        lambda s: s.bucket.on_object_removed(s.worker, prefix="in/"),
        lambda s: s.bucket.grant_delete(s.worker, prefix="in/done/"),
    ],
    "bucket, queue": [
        lambda s: s.bucket.on_object_created(s.queue, prefix="in/"),
        lambda s: s.queue.on_messages(s.worker),
        lambda s: s.bucket.grant_write(s.worker, prefix="in/"),
    ],
    "bucket, topic, queue": [
        lambda s: s.bucket.on_object_created(s.topic),
        lambda s: s.topic.on_message(s.queue),
        lambda s: s.queue.on_messages(s.worker),
        lambda s: s.bucket.grant_write(s.worker),
    ],
    "bucket, rule": [lambda s: s.rule_to(s.worker), lambda s: s.bucket.grant_write(s.worker)],
    "bucket, rule, queue": [
        lambda s: s.rule_to(s.queue),
        lambda s: s.queue.on_messages(s.worker),
        lambda s: s.bucket.grant_write(s.worker, prefix="in/"),
    ],
    "two functions": [
        lambda s: s.bucket.on_object_created(s.worker, prefix="in/"),
        lambda s: s.bucket.grant_write(s.worker, prefix="out/"),
        lambda s: s.bucket.on_object_created(s.other, prefix="out/"),
        lambda s: s.bucket.grant_write(s.other, prefix="in/"),
    ],
}


@pytest.mark.parametrize("loop", LOOPS)
def test_a_loop_is_an_error_in_whatever_order_it_is_written(
    new_stack: Callable[[], TerraformStack], code: Path, loop: str
) -> None:
    for steps in list(permutations(LOOPS[loop]))[:6]:
        system = System(new_stack(), code)
        for step in steps[:-1]:
            step(system)
        with pytest.raises(ConfigurationError, match=LOOP):
            steps[-1](system)


def test_a_loop_is_named_from_place_to_place(stack: TerraformStack, code: Path) -> None:
    system = System(stack, code)
    system.bucket.on_object_created(system.queue, prefix="in/")
    system.queue.on_messages(system.worker)
    with pytest.raises(ConfigurationError) as error:
        system.bucket.grant_write(system.worker, prefix="in/done/")
    assert str(error.value) == (
        "stack/Worker: it would wake itself without end: stack/Worker -> stack/Uploads (objects created with prefix "
        "'in/done/') -> stack/Orders (objects created with prefix 'in/') -> stack/Worker. Write to another resource, "
        "or under a prefix of its own. Where the functions end the loop themselves, grant the write with "
        "function.allow(resource, verb, Statement(...))"
    )


NO_LOOPS: dict[str, list[Step]] = {
    "another prefix": [
        lambda s: s.bucket.on_object_created(s.queue, prefix="in/"),
        lambda s: s.queue.on_messages(s.worker),
        lambda s: s.bucket.grant_write(s.worker, prefix="out/"),
    ],
    "another event": [lambda s: s.bucket.on_object_removed(s.worker), lambda s: s.bucket.grant_write(s.worker)],
    "one writes, another listens": [
        lambda s: s.queue.on_messages(s.worker),
        lambda s: s.queue.grant_send(s.other),
        lambda s: s.topic.on_message(s.other),
    ],
    "stages under prefixes of their own": [
        lambda s: s.bucket.on_object_created(s.worker, prefix="1/"),
        lambda s: s.bucket.grant_write(s.worker, prefix="2/"),
        lambda s: s.bucket.on_object_created(s.other, prefix="2/"),
        lambda s: s.bucket.grant_write(s.other, prefix="3/"),
    ],
    "a filter ends it": [
        lambda s: s.table.on_change(s.worker, filters=[{"eventName": ["INSERT"]}]),
        lambda s: s.table.grant_update(s.worker),
        lambda s: s.topic.on_message(s.worker, filter_policy={"kind": ["order"]}),
        lambda s: s.topic.grant_publish(s.worker),
    ],
    "reading is no writing": [
        lambda s: s.bucket.on_object_created(s.worker),
        lambda s: s.bucket.grant_read(s.worker),
        lambda s: s.table.on_change(s.worker),
        lambda s: s.table.grant_query(s.worker),
        lambda s: s.queue.on_messages(s.worker),
        lambda s: s.queue.grant_receive(s.worker),
    ],
    "an existing role": [
        lambda s: s.queue.on_messages(s.worker),
        lambda s: s.queue.grant_send(Role.from_name(s.stack, "Role", "role")),
    ],
    "a schedule": [
        lambda s: Schedule(s.stack, "Schedule", name="schedule", rate="1 hour").on_time(s.queue),
        lambda s: s.queue.on_messages(s.worker),
    ],
}


@pytest.mark.parametrize("case", NO_LOOPS)
def test_connections_that_form_no_loop_are_accepted(stack: TerraformStack, code: Path, case: str) -> None:
    system = System(stack, code)
    for step in NO_LOOPS[case]:
        step(system)
    Testing.synth(stack)
