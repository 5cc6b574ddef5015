"""Checkov on buckets, tables, queues, topics, rules and schedules with every option: each finding has a reason."""

import json
from pathlib import Path

import modules  # first: it prepares the provider binding and jsii

# isort: split
import pytest
from cdktf import App, TerraformStack

from modules import Bucket, Capacity, Index, Key, LifecycleRule, OnDemandLimit, PythonFunction, Queue, Table, Topic
from sluice_cli.scanning.scanners import checkov
from sluice_cli.scanning.stack import ScannedStack
from sluice_cli.scanning.verdict import judge

FRAMEWORK = "terraform_json"  # plans are made of what is deployed
ACCOUNT = "123456789012"


def connect_everything(stack: TerraformStack, code: Path, key: Key | None) -> None:
    """Every class with every option, with a key of its own or without one."""
    name = "keyed" if key else "plain"
    alarms = Topic(
        stack,
        f"{name}Alarms",
        name=f"{name}-alarms",
        key=key or Key(stack, "Own", alias="alias/own", description="Own"),
    )
    work = Queue(stack, f"{name}Work", name=f"{name}-work", key=key, max_receives=3, alarm_topic=alarms)
    in_order = Queue(stack, f"{name}InOrder", name=f"{name}.fifo", key=key, fifo=True)
    news = Topic(stack, f"{name}News", name=f"{name}-news", key=key, alarm_topic=alarms)
    worker = PythonFunction(stack, f"{name}Worker", name=f"{name}-worker", packages=[code], key=key)
    rules = [
        LifecycleRule("old", tags={"a": "b"}, transitions={"STANDARD_IA": 30, "GLACIER": 60}, expire_after_days=90)
    ]
    bucket = Bucket(stack, f"{name}Bucket", name=f"{name}-bucket", key=key, lifecycle=rules, protected=True)
    quiet = Bucket(stack, f"{name}Quiet", name=f"{name}-quiet", key=key, versioned=False, noncurrent_days=None)
    scaled = Table(
        stack,
        f"{name}Scaled",
        name=f"{name}-scaled",
        partition_key="id",
        indexes=[Index("by-kind", "kind", attributes=["title"])],
        capacity=Capacity(1, 1, autoscale_to=5),
        key=key,
        alarm_topic=alarms,
    )
    limited = Table(
        stack,
        f"{name}Limited",
        name=f"{name}-limited",
        partition_key="id",
        sort_key="at",
        attribute_types={"at": "number"},
        capacity=OnDemandLimit(10, 10),
        key=key,
        stream="KEYS_ONLY",
        expiry_attribute="expires",
        recovery_days=7,
    )
    Table(stack, f"{name}Fixed", name=f"{name}-fixed", partition_key="id", capacity=Capacity(1, 1), key=key)
    rule = modules.Rule(
        stack, f"{name}Rule", name=f"{name}-rule", pattern=bucket.event_pattern(), key=key, alarm_topic=alarms
    )
    schedule = modules.Schedule(
        stack, f"{name}Schedule", name=f"{name}-schedule", rate="1 hour", key=key, alarm_topic=alarms
    )

    bucket.on_object_created(work, prefix="in/")
    bucket.on_object_removed(worker)
    bucket.send_events_to_eventbridge()
    work.on_messages(worker, max_concurrency=2)
    news.on_message(worker, filter_policy={"kind": ["order"]})
    news.on_message(work, raw=True)
    scaled.on_change(worker)
    limited.on_change(worker, filters=[{"eventName": ["INSERT"]}])
    for target in (worker, work, in_order):
        rule.on_event(target)
        schedule.on_time(target)
    for grant in (
        bucket.grant_read,
        bucket.grant_list,
        bucket.grant_read_tags,
        bucket.grant_write_tags,
        quiet.grant_write,
    ):
        grant(worker)
    quiet.restrict_objects_to(worker)
    limited.grant_query(worker)
    scaled.grant_query(worker, index="by-kind")
    limited.grant_get(worker)
    Queue.from_arn(stack, f"{name}TheirQueue", f"arn:aws:sqs:us-east-1:{ACCOUNT}:theirs", key=key).on_messages(worker)
    Topic.from_arn(stack, f"{name}TheirTopic", f"arn:aws:sns:us-east-1:{ACCOUNT}:theirs", key=key).grant_publish(worker)
    Table.from_arn(stack, f"{name}TheirTable", f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/theirs").grant_get(worker)
    Bucket.from_name(stack, f"{name}TheirBucket", "theirs", key=key).grant_read(worker)


@pytest.fixture(scope="module")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> ScannedStack:
    folder = tmp_path_factory.mktemp("connections")
    code = folder / "worker"
    code.mkdir()
    (code / "handler.py").write_text("def handle(event, context): ...\n")
    app = App(outdir=str(folder / "out"), skip_validation=True)  # providers make no difference to Checkov
    stack = TerraformStack(app, "connections")
    connect_everything(stack, code, Key(stack, "Key", alias="alias/all", description="Encrypts all"))
    connect_everything(stack, code, None)
    app.synth()
    return ScannedStack("connections", json.loads((folder / "out/stacks/connections/cdk.tf.json").read_text()), {})


def test_every_option_is_clean_or_accepted_with_a_reason_that_is_used(synthesized: ScannedStack) -> None:
    verdict = judge([synthesized], [checkov([synthesized], [FRAMEWORK])])
    assert verdict.failed == []
    # The linter of policies finds these, in plans only.
    of_linter = {"RESOURCE_MISMATCH", "RESOURCE_STAR", "UNKNOWN_CONDITION_FOR_ACTION"}
    assert [one for one in verdict.unused if one.check not in of_linter] == []
    assert {finding.check for finding, _ in verdict.accepted} >= {"CKV_AWS_21", "CKV_AWS_297", "CKV2_AWS_16"}
