"""An argument of another type than annotated is refused with its name, by every class and verb."""

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import modules  # first: it prepares the provider binding and jsii

# isort: split
import pytest
from cdktf import TerraformStack, TerraformVariable

from modules import ConfigurationError

# Type checkers would refuse what follows, too.
sluice: Any = modules

Use = Callable[[Any], object]


class Parts:
    """A stack with one thing of each class."""

    def __init__(self, stack: TerraformStack, code: Path) -> None:
        self.stack = stack
        self.code = code
        self.worker = sluice.PythonFunction(stack, "Worker", name="worker", packages=[code])
        self.bucket = sluice.Bucket(stack, "Bucket", name="bucket")
        self.queue = sluice.Queue(stack, "Queue", name="queue")
        self.topic = sluice.Topic(stack, "Topic", name="topic")
        self.table = sluice.Table(stack, "Table", name="table", partition_key="id")
        self.api = sluice.RestApi(stack, "Api", name="api", description="Answers")
        self.schedule = sluice.Schedule(stack, "Schedule", name="schedule", rate="1 hour")

    def known_later(self, type_: str) -> TerraformVariable:
        return TerraformVariable(self.stack, "Later", type=type_)


@pytest.fixture
def parts(stack: TerraformStack, code: Path) -> Parts:
    return Parts(stack, code)


USES: dict[str, tuple[Use, str]] = {
    "queue as key": (
        lambda p: sluice.Queue(p.stack, "Q", name="q", key="alias/x"),
        "stack/Q: key is 'alias/x'; give a Key or None",
    ),
    "text as alarm topic": (
        lambda p: sluice.Table(p.stack, "T", name="ttt", partition_key="id", alarm_topic="arn:x"),
        "stack/T.*: .*topic is 'arn:x'; give a Topic or None",
    ),
    "text as authorization": (
        lambda p: sluice.RestApi(p.stack, "A", name="a", description="", authorization="none"),
        "stack/A: authorization is 'none'; give an Authorization",
    ),
    "text as a route's authorization": (
        lambda p: p.api.on_request(p.worker, "GET", "/", authorization="none"),
        "authorization is 'none'; give an Authorization or a CognitoAuthorizer or a LambdaAuthorizer or None",
    ),
    "topic behind an API": (
        lambda p: p.api.on_request(p.topic, "GET", "/"),
        "stack/Api: target is stack/Topic, a Topic; give a PythonFunction or a Queue",
    ),
    "queue polled by a topic": (
        lambda p: p.queue.on_messages(p.topic),
        "stack/Queue: function is stack/Topic, a Topic; give a PythonFunction",
    ),
    "bucket at a time": (
        lambda p: p.schedule.on_time(p.bucket),
        "stack/Schedule: target is stack/Bucket, a Bucket; give a PythonFunction or a Queue or a Topic",
    ),
    "text behind a bucket": (
        lambda p: p.bucket.on_object_created("worker"),
        "stack/Bucket: target is 'worker'; give a PythonFunction or a Queue or a Topic",
    ),
    "grant to a name": (
        lambda p: p.table.grant_get("role"),
        "stack/Table: grantee is 'role'; give a PythonFunction or Role",
    ),
    "grant to nobody": (
        lambda p: p.queue.grant_send(None),
        "stack/Queue: grantee is None; give a PythonFunction or Role",
    ),
    "text as list": (
        lambda p: sluice.Bucket(p.stack, "B", name="bbb", cors_origins="https://a.com"),
        "stack/B: cors_origins is 'https://a.com', AWS allows a list of 0 to 100 origins",
    ),
    "texts as rules": (
        lambda p: sluice.Bucket(p.stack, "B", name="bbb", lifecycle=["x"]),
        r"stack/B: lifecycle is \['x'\]; give a list of LifecycleRule",
    ),
    "text as capacity": (
        lambda p: sluice.Table(p.stack, "T", name="ttt", partition_key="id", capacity="on-demand"),
        "stack/T: capacity is 'on-demand'; give a Capacity or an OnDemandLimit or None",
    ),
    "True as release": (
        lambda p: sluice.PythonFunction(p.stack, "F", name="f", packages=[p.code], release=True),
        "stack/F: release is True; give a Release or None",
    ),
    "list as schema": (
        lambda p: p.api.on_request(p.worker, "POST", "/", body_schema=["a"]),
        r"stack/Api: body_schema is \['a'\]; give a dict of values or None",
    ),
    "boolean known later": (
        lambda p: sluice.Bucket(p.stack, "B", name="bbb", versioned=p.known_later("bool").boolean_value),
        "stack/B: versioned is known to Terraform only, and decides what is synthesized; give True or False",
    ),
    "map known later": (
        lambda p: sluice.PythonFunction(
            p.stack, "F", name="f", packages=[p.code], environment=p.known_later("map").value
        ),
        "stack/F: environment is an .*; give a dict of texts or None",
    ),
    "id known later": (
        lambda p: sluice.Queue(p.stack, p.known_later("string").string_value, name="q"),
        "id is known to Terraform only, and decides what is synthesized; give a text",
    ),
    "id taken": (
        lambda p: sluice.Queue(p.stack, "Queue", name="q"),
        "stack/Queue: there is a construct with the id 'Queue' already",
    ),
    "no id": (lambda p: sluice.Queue(p.stack, "", name="q"), "stack: id is empty"),
    "no scope": (lambda p: sluice.Queue(None, "Q", name="q"), "Queue: scope is None; give a Construct"),
    "outside of a stack": (
        lambda p: sluice.Queue(p.stack.node.root, "Q", name="q"),
        "Q: it is in no TerraformStack; give a stack, or a construct in one, as its scope",
    ),
    "option of another type": (
        lambda p: sluice.LifecycleRule("old", transitions=["GLACIER"]),
        r"LifecycleRule: transitions is \['GLACIER'\]; give a dict of numbers",
    ),
    "text as number in an option": (lambda p: sluice.Quota("many"), "Quota: requests is 'many'; give a number"),
}


@pytest.mark.parametrize("use", USES)
def test_an_argument_of_another_type_is_refused_with_its_name(parts: Parts, use: str) -> None:
    give, said = USES[use]
    with pytest.raises(ConfigurationError, match=said):
        give(parts)


def test_a_limit_says_more_than_a_type(stack: TerraformStack) -> None:
    with pytest.raises(ConfigurationError, match="name is None, AWS allows 1 to 80 letters"):
        sluice.Queue(stack, "Q", name=None)


def test_a_missing_or_unknown_argument_stays_pythons_own_error(stack: TerraformStack) -> None:
    with pytest.raises(TypeError, match="name"):
        sluice.Queue(stack, "Q")
    with pytest.raises(TypeError, match="colour"):
        sluice.Queue(stack, "Q", name="q", colour="red")


def test_a_long_value_is_shortened_in_the_error(stack: TerraformStack) -> None:
    with pytest.raises(ConfigurationError) as error:
        sluice.Key(stack, "Key", alias="x" * 5000, description="")
    assert len(str(error.value)) < 400
    assert "(5002 characters)" in str(error.value)


def methods(kind: type) -> Iterator[tuple[str, Any]]:
    for name, member in vars(kind).items():
        function = member.__func__ if isinstance(member, staticmethod | classmethod) else member
        if inspect.isfunction(function) and (name == "__init__" or not name.startswith("_")):
            yield f"{kind.__name__}.{name}", function


def test_every_public_class_and_verb_checks_its_arguments() -> None:
    kinds = {getattr(modules, name) for name in modules.__all__} | {sluice.Rule, sluice.Schedule}
    checked = {
        name: hasattr(function, "checks_arguments")
        for kind in kinds
        if isinstance(kind, type) and kind is not ConfigurationError
        for name, function in methods(kind)
    }
    assert len(checked) > 120
    assert [name for name, is_checked in checked.items() if not is_checked] == []
