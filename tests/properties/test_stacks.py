"""Parts in any of two stacks, connected by any verbs in any order: the app synthesizes, or a ConfigurationError says
why it does not. Never another exception, in a verb or at synth."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import modules  # first: it prepares the provider binding and jsii

# isort: split
import pytest
from cdktf import App, TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider
from hypothesis import given, settings
from hypothesis import strategies as st

from modules import ConfigurationError

ACCOUNT = "123456789012"
API_KEY = modules.Authorization.API_KEY
CERTIFICATE = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/x"
POOL = f"arn:aws:cognito-idp:us-east-1:{ACCOUNT}:userpool/us-east-1_abc"


class Parts:
    """One construct of each class, created on first use in the stack that `places` says."""

    def __init__(self, folder: Path, code: Path, places: dict[str, int]) -> None:
        self.app = App(outdir=str(folder))
        self.stacks = [TerraformStack(self.app, name) for name in ("one", "other")]
        for stack in self.stacks:
            AwsProvider(stack, "Aws", region="us-east-1")
        self._code = code
        self._places = places
        self._made: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = MAKERS[name](self, self.stacks[self._places.get(name, 0)])
        return self._made[name]

    def function(self, stack: TerraformStack, name: str, **options: Any) -> modules.PythonFunction:
        return modules.PythonFunction(stack, name.title(), name=name, packages=[self._code], **options)


Make = Callable[[Parts, TerraformStack], Any]
MAKERS: dict[str, Make] = {
    "key": lambda p, s: modules.Key(s, "Key", alias="alias/all", description="Encrypts all"),
    "bucket": lambda p, s: modules.Bucket(s, "Bucket", name="uploads"),
    "keyed": lambda p, s: modules.Bucket(s, "Keyed", name="keyed", key=p.key),
    "queue": lambda p, s: modules.Queue(s, "Queue", name="orders"),
    "secret_queue": lambda p, s: modules.Queue(s, "SecretQueue", name="secret", key=p.key),
    "topic": lambda p, s: modules.Topic(s, "Topic", name="news", key=p.key),
    "plain_topic": lambda p, s: modules.Topic(s, "Plain", name="plain"),
    "table": lambda p, s: modules.Table(s, "Table", name="records", partition_key="id"),
    "worker": lambda p, s: p.function(s, "worker"),
    "other": lambda p, s: p.function(s, "other", release=modules.Release(10)),
    "reader": lambda p, s: p.function(s, "reader", environment={"BUCKET": p.bucket.name, "QUEUE": p.queue.url}),
    "rule": lambda p, s: modules.Rule(s, "Rule", name="rule", pattern=p.bucket.event_pattern()),
    "schedule": lambda p, s: modules.Schedule(s, "Schedule", name="hourly", rate="1 hour"),
    "api": lambda p, s: modules.RestApi(s, "Api", name="api", description="", authorization=API_KEY),
    "secret": lambda p, s: modules.Secret(s, "Secret", name="secret", key=p.key),
    "role": lambda p, s: modules.Role.from_name(s, "Role", "reporting"),
    "theirs": lambda p, s: modules.Queue.from_arn(s, "Theirs", f"arn:aws:sqs:us-east-1:{ACCOUNT}:theirs"),
}
VERBS: list[Callable[[Parts], object]] = [
    lambda p: p.bucket.on_object_created(p.worker, prefix="in/"),
    lambda p: p.bucket.on_object_created(p.other),
    lambda p: p.bucket.on_object_removed(p.queue),
    lambda p: p.bucket.on_object_restored(p.topic, suffix=".jpg"),
    lambda p: p.bucket.on_object_created(p.secret_queue, prefix="queued/"),
    lambda p: p.bucket.send_events_to_eventbridge(),
    lambda p: p.bucket.grant_read(p.worker),
    lambda p: p.bucket.grant_write(p.worker, prefix="out/"),
    lambda p: p.bucket.grant_list(p.role),
    lambda p: p.bucket.restrict_objects_to(p.worker, p.role),
    lambda p: p.keyed.grant_presigned_write(p.other, prefix="in/"),
    lambda p: p.keyed.on_object_created(p.plain_topic),
    lambda p: p.queue.on_messages(p.worker),
    lambda p: p.queue.on_messages(p.other, max_concurrency=5),
    lambda p: p.secret_queue.on_messages(p.other),
    lambda p: p.queue.grant_send(p.other),
    lambda p: p.queue.grant_receive(p.role),
    lambda p: p.theirs.on_messages(p.worker),
    lambda p: p.bucket.on_object_created(p.theirs, prefix="theirs/"),
    lambda p: p.topic.on_message(p.queue),
    lambda p: p.topic.on_message(p.worker, filter_policy={"kind": ["order"]}),
    lambda p: p.plain_topic.on_message(p.secret_queue, raw=True),
    lambda p: p.topic.subscribe_email("a@example.com"),
    lambda p: p.topic.grant_publish(p.worker),
    lambda p: p.table.on_change(p.worker),
    lambda p: p.table.on_change(p.other, failures=p.queue),
    lambda p: p.table.grant_put(p.worker),
    lambda p: p.table.grant_stream(p.role),
    lambda p: p.table.grant_query(p.other, index="missing"),
    lambda p: p.rule.on_event(p.queue),
    lambda p: p.rule.on_event(p.worker),
    lambda p: p.rule.on_event(p.plain_topic),
    lambda p: p.schedule.on_time(p.other),
    lambda p: p.schedule.on_time(p.secret_queue),
    lambda p: p.schedule,
    lambda p: p.api,
    lambda p: p.api.on_request(p.worker, "ANY", "/{proxy+}"),
    lambda p: p.api.on_request(p.other, "GET", "/items/{id}"),
    lambda p: p.api.on_request(p.queue, "POST", "/orders"),
    lambda p: p.api.on_request(p.worker, "GET", "/", authorization=modules.CognitoAuthorizer("people", [POOL])),
    lambda p: p.api.on_request(p.worker, "PUT", "/", authorization=modules.LambdaAuthorizer("own", p.other)),
    lambda p: p.api.add_usage_plan("gold", keys=["a"]),
    lambda p: p.api.add_domain("api.example.com", certificate_arn=CERTIFICATE),
    lambda p: p.secret.grant_read(p.worker),
    lambda p: p.reader,
    lambda p: modules.Table(p.stacks[1], "Named", name=p.bucket.name, partition_key="id"),
]


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("code") / "worker"
    folder.mkdir()
    (folder / "handler.py").write_text("def handle(event, context): ...\n")
    return folder


outcomes: dict[str, int] = {}


@settings(max_examples=80)
@given(
    places=st.dictionaries(st.sampled_from(sorted(MAKERS)), st.integers(0, 1), max_size=len(MAKERS)),
    verbs=st.lists(st.integers(0, len(VERBS) - 1), min_size=1, max_size=7),
)
def test_any_order_of_verbs_over_two_stacks_synthesizes_or_is_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, code: Path, places: dict[str, int], verbs: list[int]
) -> None:
    parts = Parts(tmp_path_factory.mktemp("app"), code, places)
    for verb in verbs:
        with contextlib.suppress(ConfigurationError):  # as in a notebook, where people continue after an error
            VERBS[verb](parts)
    try:
        parts.app.synth()
    except ConfigurationError:
        outcome = "refused"
    else:
        outcome = "synthesized"
    outcomes[outcome] = outcomes.get(outcome, 0) + 1


def test_both_happened() -> None:
    assert outcomes["refused"] > 3
    assert outcomes["synthesized"] > 3
