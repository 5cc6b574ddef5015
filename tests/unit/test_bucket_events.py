"""A bucket's notifications of created and removed objects."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cdktf import App, TerraformStack, Testing
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.s3_bucket_notification import S3BucketNotification

from modules import Bucket, ConfigurationError, Key, PythonFunction, Queue, Topic
from modules.testing import Block

from .synthesized import ACCOUNT, PARTITION, Terraform, deny_without_tls

ARN = "${aws_s3_bucket.Uploads/Bucket.arn}"
QUEUE_ARN = "${aws_sqs_queue.Orders/Queue.arn}"
TOPIC_ARN = "${aws_sns_topic.News/Topic.arn}"


def uploads(stack: TerraformStack) -> Bucket:
    return Bucket(stack, "Uploads", name="uploads", account_id=ACCOUNT)


def only_this_bucket(actions: list[str], resource: str) -> Block:
    return {
        "sid": "AllowS3",
        "effect": "Allow",
        "principals": [{"type": "Service", "identifiers": ["s3.amazonaws.com"]}],
        "actions": actions,
        "resources": [resource],
        "condition": [
            {"test": "ArnEquals", "variable": "aws:SourceArn", "values": [ARN]},
            {"test": "StringEquals", "variable": "aws:SourceAccount", "values": [ACCOUNT]},
        ],
    }


def test_a_queue_hears_of_objects_once_its_policy_and_its_key_admit_the_bucket(stack: TerraformStack, key: Key) -> None:
    uploads(stack).on_object_created(Queue(stack, "Orders", name="orders", key=key), prefix="in/", suffix=".json")
    made = Terraform(stack)
    assert made.all("aws_s3_bucket_notification") == {
        "Uploads/Notification": {
            "bucket": "${aws_s3_bucket.Uploads/Bucket.bucket}",
            "queue": [
                {
                    "events": ["s3:ObjectCreated:*"],
                    "filter_prefix": "in/",
                    "filter_suffix": ".json",
                    "queue_arn": QUEUE_ARN,
                }
            ],
            "depends_on": ["aws_sqs_queue_policy.Orders/QueuePolicy"],
        }
    }
    assert made.policies()["Orders/Policy"] == [
        deny_without_tls(["sqs:*"], QUEUE_ARN),
        only_this_bucket(["sqs:SendMessage"], QUEUE_ARN),
    ]
    assert made.policies()["Key/Policy"][1:] == [
        {
            "sid": "AllowS3",
            "effect": "Allow",
            "principals": [{"type": "Service", "identifiers": ["s3.amazonaws.com"]}],
            "actions": ["kms:Decrypt", "kms:GenerateDataKey*"],
            "resources": ["*"],
            "condition": [{"test": "StringEquals", "variable": "aws:SourceAccount", "values": [ACCOUNT]}],
        }
    ]


def test_a_topic_hears_of_objects_once_its_policy_and_its_key_admit_the_bucket(stack: TerraformStack, key: Key) -> None:
    uploads(stack).on_object_removed(Topic(stack, "News", name="news", key=key, account_id=ACCOUNT))
    made = Terraform(stack)
    assert made.one("aws_s3_bucket_notification") == {
        "bucket": "${aws_s3_bucket.Uploads/Bucket.bucket}",
        "topic": [{"events": ["s3:ObjectRemoved:*"], "topic_arn": TOPIC_ARN}],
        "depends_on": ["aws_sns_topic_policy.News/TopicPolicy"],
    }
    assert made.policies()["News/Policy"][1:] == [only_this_bucket(["sns:Publish"], TOPIC_ARN)]
    assert [one["sid"] for one in made.policies()["Key/Policy"]] == ["AccountPolicies", "AllowS3"]


def test_all_targets_share_the_buckets_one_notification(
    stack: TerraformStack, key: Key, worker: PythonFunction
) -> None:
    bucket = uploads(stack)
    bucket.on_object_created(worker, prefix="in/")
    bucket.on_object_created(Queue(stack, "Orders", name="orders"), prefix="orders/")
    bucket.on_object_restored(worker)
    bucket.on_object_removed(Topic(stack, "News", name="news", key=key))
    bucket.send_events_to_eventbridge()
    function = "${aws_lambda_function.Worker/Function.arn}"
    assert Terraform(stack).all("aws_s3_bucket_notification") == {
        "Uploads/Notification": {
            "bucket": "${aws_s3_bucket.Uploads/Bucket.bucket}",
            "eventbridge": True,
            "lambda_function": [
                {"events": ["s3:ObjectCreated:*"], "filter_prefix": "in/", "lambda_function_arn": function},
                {"events": ["s3:ObjectRestore:*"], "lambda_function_arn": function},
            ],
            "queue": [{"events": ["s3:ObjectCreated:*"], "filter_prefix": "orders/", "queue_arn": QUEUE_ARN}],
            "topic": [{"events": ["s3:ObjectRemoved:*"], "topic_arn": TOPIC_ARN}],
            "depends_on": [
                "aws_lambda_permission.Worker/InvokeForUploads",
                "aws_sqs_queue_policy.Orders/QueuePolicy",
                "aws_sns_topic_policy.News/TopicPolicy",
            ],
        }
    }


def test_several_buckets_share_one_statement_of_a_queue(stack: TerraformStack) -> None:
    queue = Queue(stack, "Orders", name="orders")
    for name in ("third", "fourth"):
        bucket = Bucket(stack, name, name=name, account_id=ACCOUNT)
        bucket.on_object_created(queue)
        bucket.on_object_removed(queue)
    (_, admitted) = Terraform(stack).policies()["Orders/Policy"]
    assert admitted["condition"] == [
        {
            "test": "ArnEquals",
            "variable": "aws:SourceArn",
            "values": [f"${{aws_s3_bucket.{name}/Bucket.arn}}" for name in ("third", "fourth")],
        },
        {"test": "StringEquals", "variable": "aws:SourceAccount", "values": [ACCOUNT]},
    ]


def test_a_bucket_that_moves_its_events_to_a_queue_keeps_the_functions_permission(
    stack: TerraformStack, new_stack: Callable[[], TerraformStack], code: Path
) -> None:
    before = new_stack()
    uploads(before).on_object_created(PythonFunction(before, "Worker", name="worker", packages=[code]))
    worker, queue = PythonFunction(stack, "Worker", name="worker", packages=[code]), Queue(stack, "Orders", name="q")
    bucket = uploads(stack)
    bucket.on_object_created(queue)
    bucket.permit_delivery(worker)
    bucket.permit_delivery(worker)
    made = Terraform(stack)
    permissions = made.all("aws_lambda_permission")
    assert permissions == Terraform(before).all("aws_lambda_permission")
    assert list(permissions) == ["Worker/InvokeForUploads"]
    notification = made.one("aws_s3_bucket_notification")
    assert notification["queue"] == [{"events": ["s3:ObjectCreated:*"], "queue_arn": QUEUE_ARN}]
    assert "lambda_function" not in notification
    assert notification["depends_on"] == ["aws_sqs_queue_policy.Orders/QueuePolicy"]


def test_a_permission_alone_makes_no_notification(stack: TerraformStack) -> None:
    queue = Queue(stack, "Orders", name="orders")
    uploads(stack).permit_delivery(queue)
    made = Terraform(stack)
    assert made.all("aws_s3_bucket_notification") == {}
    assert [one["sid"] for one in made.policies()["Orders/Policy"]] == ["DenyInsecureTransport", "AllowS3"]


def test_one_permission_is_enough_for_all_prefixes_of_a_bucket(stack: TerraformStack, worker: PythonFunction) -> None:
    bucket = uploads(stack)
    for number in range(100):
        bucket.on_object_created(worker, prefix=f"{number:02}/")
    made = Terraform(stack)
    assert list(made.all("aws_lambda_permission")) == ["Worker/InvokeForUploads"]
    assert len(made.one("aws_s3_bucket_notification")["lambda_function"]) == 100


def test_s3_takes_a_hundred_targets(stack: TerraformStack, worker: PythonFunction) -> None:
    bucket = uploads(stack)
    for number in range(100):
        bucket.on_object_created(worker, prefix=f"{number:02}/")
    with pytest.raises(ConfigurationError, match=r"/Uploads: .* has 101, AWS allows 0 to 100 notifications"):
        bucket.on_object_created(worker, prefix="100/")


def test_different_events_of_the_same_objects_can_go_to_different_targets(
    stack: TerraformStack, worker: PythonFunction
) -> None:
    bucket = uploads(stack)
    bucket.on_object_created(worker)
    bucket.on_object_removed(worker)
    bucket.on_object_restored(worker)
    events = [one["events"] for one in Terraform(stack).one("aws_s3_bucket_notification")["lambda_function"]]
    assert events == [["s3:ObjectCreated:*"], ["s3:ObjectRemoved:*"], ["s3:ObjectRestore:*"]]


@pytest.mark.parametrize("verb", ["on_object_created", "on_object_removed", "on_object_restored"])
def test_one_event_of_one_object_cannot_go_to_two_targets(
    stack: TerraformStack, worker: PythonFunction, verb: str
) -> None:
    bucket = uploads(stack)
    getattr(bucket, verb)(worker, prefix="in/")
    with pytest.raises(ConfigurationError, match=r"objects \w+ overlap with objects \w+ with prefix 'in/'"):
        getattr(bucket, verb)(Queue(stack, "Orders", name="orders"))


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("Monthly Reports/", "Monthly+Reports/"),
        ("year=2026/", "year%3D2026/"),
        ("données/", "donn%C3%A9es/"),
        ("a+b & c/", "a%2Bb+%26+c/"),
        ("in_(1)/it's-!.txt", "in_(1)/it's-!.txt"),
    ],
)
def test_filters_are_encoded_as_s3_wants_them(
    stack: TerraformStack, worker: PythonFunction, text: str, encoded: str
) -> None:
    uploads(stack).on_object_created(worker, prefix=text, suffix=text)
    (target,) = Terraform(stack).one("aws_s3_bucket_notification")["lambda_function"]
    assert (target["filter_prefix"], target["filter_suffix"]) == (encoded, encoded)


@pytest.mark.parametrize("text", ["in/*", "a\nb", "x" * 1025, "%{if}"])
@pytest.mark.parametrize("parameter", ["prefix", "suffix"])
def test_filters_that_s3_or_terraform_refuses_are_errors(
    stack: TerraformStack, worker: PythonFunction, parameter: str, text: str
) -> None:
    with pytest.raises(ConfigurationError, match=rf"/Uploads: {parameter} is .*AWS allows 0 to 1024 characters"):
        uploads(stack).on_object_created(worker, **{parameter: text})


def test_s3_delivers_to_no_fifo_queue(stack: TerraformStack) -> None:
    queue = Queue(stack, "Orders", name="orders.fifo", fifo=True)
    with pytest.raises(ConfigurationError, match=r"/Uploads: S3 delivers to no FIFO queue or topic, and stack/Orders"):
        uploads(stack).on_object_created(queue)


def test_a_pattern_matches_one_kind_of_event_of_one_bucket(stack: TerraformStack) -> None:
    bucket = uploads(stack)
    bucket_name = {"name": [bucket.name]}
    created = {"source": ["aws.s3"], "detail-type": ["Object Created"]}
    assert bucket.event_pattern() == {**created, "detail": {"bucket": bucket_name}}
    for filters, key in (
        ({"prefix": "in/"}, {"prefix": "in/"}),
        ({"suffix": ".csv"}, {"suffix": ".csv"}),
        ({"prefix": "in/", "suffix": ".csv"}, {"wildcard": "in/*.csv"}),
        ({"prefix": "a\\b/", "suffix": ".csv"}, {"wildcard": "a\\\\b/*.csv"}),
    ):
        assert bucket.event_pattern(**filters) == {
            **created,
            "detail": {"bucket": bucket_name, "object": {"key": [key]}},
        }
    assert bucket.event_pattern("Object Tags Added")["detail-type"] == ["Object Tags Added"]
    with pytest.raises(ConfigurationError, match=r"event is 'ObjectCreated:\*', AWS allows"):
        bucket.event_pattern("ObjectCreated:*")


def test_a_second_notification_of_a_bucket_is_an_error_at_synth(stack: TerraformStack, worker: PythonFunction) -> None:
    bucket = uploads(stack)
    bucket.on_object_created(worker)
    for number, name in enumerate((bucket.name, bucket.resource.id)):
        S3BucketNotification(stack, f"Mine{number}", bucket=name, eventbridge=True)
    S3BucketNotification(stack, "Another", bucket="another", eventbridge=True)
    with pytest.raises(RuntimeError) as error:
        Testing.synth(stack, True)
    told = str(error.value)
    assert "stack/Mine0: the bucket's notification is stack/Uploads/Notification already" in told
    assert "stack/Mine1: the bucket's notification is stack/Uploads/Notification already" in told
    assert "stack/Another" not in told


def test_a_bucket_without_targets_says_so_to_scanners_and_with_targets_no_longer(
    stack: TerraformStack, worker: PythonFunction
) -> None:
    bucket = uploads(stack)
    assert "CKV2_AWS_62" in Terraform(stack).accepted["Uploads/Bucket"]
    bucket.on_object_created(worker)
    assert "CKV2_AWS_62" not in Terraform(stack).accepted["Uploads/Bucket"]


def with_provider(stack: TerraformStack) -> TerraformStack:
    AwsProvider(stack, "Aws", region="us-east-1")
    return stack


class TestInTwoStacks:
    """Bucket and target in different stacks."""

    @pytest.fixture
    def app(self, new_app: Callable[[], App]) -> App:
        return new_app()

    @pytest.fixture
    def storage(self, app: App) -> TerraformStack:
        return with_provider(TerraformStack(app, "storage"))

    @pytest.fixture
    def work(self, app: App) -> TerraformStack:
        return with_provider(TerraformStack(app, "work"))

    @pytest.mark.parametrize("order", ["grants first", "grants last"])
    def test_the_permission_and_the_grants_are_in_the_buckets_stack(
        self, app: App, storage: TerraformStack, work: TerraformStack, code: Path, order: str
    ) -> None:
        bucket = Bucket(storage, "Uploads", name="uploads", account_id=ACCOUNT)
        worker = PythonFunction(work, "Worker", name="worker", packages=[code])
        steps: list[Callable[[], Any]] = [
            lambda: bucket.grant_read(worker, prefix="in/"),
            lambda: bucket.on_object_created(worker, prefix="in/"),
            lambda: bucket.grant_write(worker, prefix="out/"),
        ]
        for step in steps if order == "grants first" else reversed(steps):
            step()
        app.synth()
        made = json.loads(Path(app.outdir, "stacks", "storage", "cdk.tf.json").read_text())["resource"]
        assert len(made["aws_lambda_permission"]) == 1
        assert len(made["aws_iam_role_policy"]) == 2
        other = json.loads(Path(app.outdir, "stacks", "work", "cdk.tf.json").read_text())
        assert "terraform_remote_state" not in other.get("data", {})

    @pytest.mark.parametrize("account_id", [ACCOUNT, None])
    def test_a_queue_names_the_bucket_without_a_reference_to_its_stack(
        self, app: App, storage: TerraformStack, work: TerraformStack, account_id: str | None
    ) -> None:
        queue = Queue(work, "Orders", name="orders")
        Bucket(storage, "Uploads", name="uploads", account_id=account_id).on_object_created(queue)
        app.synth()
        (_, admitted) = Terraform(work).policies()["Orders/Policy"]
        assert [one["values"] for one in admitted["condition"]] == [
            [f"arn:{PARTITION}:s3:::uploads"],
            [account_id or "${data.aws_caller_identity.CurrentAccount.account_id}"],
        ]

    def test_a_queue_cannot_name_a_bucket_whose_name_only_terraform_knows(
        self, storage: TerraformStack, work: TerraformStack
    ) -> None:
        bucket = Bucket(storage, "Uploads", name="${var.name}", account_id=ACCOUNT)
        with pytest.raises(ConfigurationError, match=r"storage/Uploads: its name is known to Terraform only"):
            bucket.on_object_created(Queue(work, "Orders", name="orders"))

    def test_stacks_that_would_need_each_other_are_an_error_in_words(
        self, storage: TerraformStack, work: TerraformStack, code: Path
    ) -> None:
        work.add_dependency(storage)
        worker = PythonFunction(work, "Worker", name="worker", packages=[code])
        with pytest.raises(ConfigurationError, match=r"two stacks that would need each other"):
            Bucket(storage, "Uploads", name="uploads").on_object_created(worker)
