import json
from typing import Any

import pytest
from cdktf import TerraformStack

from modules import ConfigurationError, Key, PythonFunction, Queue, Topic
from modules.testing import Block

from .synthesized import ACCOUNT, Terraform, allow, allow_service, deny_without_tls

ARN = "${aws_sns_topic.News/Topic.arn}"
KEY_ARN = "${aws_kms_key.Key/Key.arn}"
QUEUE_ARN = "${aws_sqs_queue.Orders/Queue.arn}"
UNDELIVERED = "${aws_sqs_queue.News/Undelivered/Queue.arn}"
REDRIVE = json.dumps({"deadLetterTargetArn": UNDELIVERED}, separators=(",", ":"))


@pytest.fixture
def news(stack: TerraformStack, key: Key) -> Topic:
    return Topic(stack, "News", name="news", key=key, account_id=ACCOUNT)


def only_this_topic(queue: str) -> Block:
    return {
        "sid": "AllowSns",
        "effect": "Allow",
        "principals": [{"type": "Service", "identifiers": ["sns.amazonaws.com"]}],
        "actions": ["sqs:SendMessage"],
        "resources": [queue],
        "condition": [{"test": "ArnEquals", "variable": "aws:SourceArn", "values": [ARN]}],
    }


def test_a_topic_is_encrypted_with_its_key(stack: TerraformStack, news: Topic) -> None:
    assert Terraform(stack).all("aws_sns_topic") == {"News/Topic": {"name": "news", "kms_master_key_id": KEY_ARN}}


def test_a_topic_without_a_key_is_encrypted_with_awss_and_takes_nothing_from_services(
    stack: TerraformStack, worker: PythonFunction
) -> None:
    topic = Topic(stack, "News", name="news", account_id=ACCOUNT)
    topic.grant_publish(worker)
    made = Terraform(stack)
    assert made.one("aws_sns_topic") == {"name": "news", "kms_master_key_id": "alias/aws/sns"}
    assert made.grants("Worker")["PublishNews"] == [allow("Publish", ["sns:Publish"], ARN)]
    with pytest.raises(
        ConfigurationError, match=r"^stack/News: cloudwatch.amazonaws.com cannot publish to a topic that"
    ):
        topic.allow_service("cloudwatch.amazonaws.com")


def test_a_topic_refuses_requests_without_tls_and_admits_no_service(stack: TerraformStack, news: Topic) -> None:
    made = Terraform(stack)
    assert made.all("aws_sns_topic_policy") == {
        "News/TopicPolicy": {"arn": ARN, "policy": "${data.aws_iam_policy_document.News/Policy.json}"}
    }
    assert made.policies()["News/Policy"] == [deny_without_tls(["sns:Publish"], ARN)]


def test_an_address_is_subscribed_only_where_asked(stack: TerraformStack, news: Topic) -> None:
    assert Terraform(stack).all("aws_sns_topic_subscription") == {}
    news.subscribe_email("team@example.com")
    assert Terraform(stack).all("aws_sns_topic_subscription") == {
        "News/Email": {"topic_arn": ARN, "protocol": "email", "endpoint": "team@example.com"}
    }


def test_several_addresses_are_subscribed_and_each_once(stack: TerraformStack, news: Topic) -> None:
    for address in ("a@example.com", "b@example.com", "a@example.com", "b+c@example.com"):
        news.subscribe_email(address)
    subscriptions = Terraform(stack).all("aws_sns_topic_subscription")
    assert [one["endpoint"] for one in subscriptions.values()].count("a@example.com") == 1
    assert subscriptions["News/Email"]["endpoint"] == "a@example.com"
    assert len(subscriptions) == 3


@pytest.mark.parametrize("address", ["team", "a@b@c", "a b@example.com", ""])
def test_an_invalid_address_is_rejected(news: Topic, address: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^stack/News: address is "):
        news.subscribe_email(address)


@pytest.mark.parametrize("name", ["", "a b", "n" * 257])
def test_a_name_that_sns_refuses_is_an_error(stack: TerraformStack, name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^stack/News: name is .* AWS allows 1 to 256 letters"):
        Topic(stack, "News", name=name)


def test_an_admitted_service_may_publish_and_use_the_key_for_this_account_only(
    stack: TerraformStack, news: Topic
) -> None:
    news.allow_service("cloudwatch.amazonaws.com")
    news.allow_service("cloudwatch.amazonaws.com")
    policies = Terraform(stack).policies()
    assert policies["News/Policy"] == [
        deny_without_tls(["sns:Publish"], ARN),
        allow_service("cloudwatch", ["sns:Publish"], ARN),
    ]
    assert policies["Key/Policy"][1:] == [allow_service("cloudwatch", ["kms:Decrypt", "kms:GenerateDataKey*"], "*")]


def test_a_grant_to_publish_includes_use_of_the_key(stack: TerraformStack, news: Topic, worker: PythonFunction) -> None:
    news.grant_publish(worker)
    news.grant_publish(worker)
    grants = Terraform(stack).grants("Worker")
    del grants["OperateWorker"]
    assert grants == {
        "PublishNews": [
            allow("Publish", ["sns:Publish"], ARN),
            allow("EncryptMessages", ["kms:Decrypt", "kms:GenerateDataKey"], KEY_ARN),
        ]
    }


def test_a_queue_gets_messages_once_its_policy_and_key_admit_the_topic(
    stack: TerraformStack, news: Topic, key: Key
) -> None:
    news.on_message(Queue(stack, "Orders", name="orders", key=key), raw=True)
    made = Terraform(stack)
    assert made.all("aws_sns_topic_subscription") == {
        "News/ToOrders": {
            "topic_arn": ARN,
            "protocol": "sqs",
            "endpoint": QUEUE_ARN,
            "raw_message_delivery": True,
            "redrive_policy": REDRIVE,
            "depends_on": ["aws_sqs_queue_policy.Orders/QueuePolicy"],
        }
    }
    policies = made.policies()
    assert policies["Orders/Policy"][1:] == [only_this_topic(QUEUE_ARN)]
    assert policies["Key/Policy"][1:] == [allow_service("sns", ["kms:Decrypt", "kms:GenerateDataKey*"], "*")]


def test_a_function_gets_messages_that_a_filter_lets_through(
    stack: TerraformStack, news: Topic, worker: PythonFunction
) -> None:
    news.on_message(worker, filter_policy={"kind": ["order", {"prefix": "x-"}]})
    made = Terraform(stack)
    assert made.all("aws_sns_topic_subscription") == {
        "News/ToWorker": {
            "topic_arn": ARN,
            "protocol": "lambda",
            "endpoint": "${aws_lambda_function.Worker/Function.arn}",
            "filter_policy": '{"kind": ["order", {"prefix": "x-"}]}',
            "filter_policy_scope": "MessageAttributes",
            "redrive_policy": REDRIVE,
            "depends_on": ["aws_lambda_permission.Worker/InvokeForNews"],
        }
    }
    permission = made.one("aws_lambda_permission")
    assert (permission["principal"], permission["source_arn"]) == ("sns.amazonaws.com", ARN)


def test_undeliverable_messages_are_kept_in_one_queue_with_an_alarm(
    stack: TerraformStack, news: Topic, key: Key, worker: PythonFunction
) -> None:
    news.on_message(worker)
    news.on_message(Queue(stack, "Orders", name="orders"))
    made = Terraform(stack)
    assert made.all("aws_sqs_queue")["News/Undelivered/Queue"] == {
        "name": "news-undelivered",
        "kms_master_key_id": KEY_ARN,
        "message_retention_seconds": 1209600,
    }
    assert made.policies()["News/Undelivered/Policy"] == [
        deny_without_tls(["sqs:*"], UNDELIVERED),
        only_this_topic(UNDELIVERED),
    ]
    alarm = made.all("aws_cloudwatch_metric_alarm")["News/UndeliveredAlarms/Kept"]
    assert alarm["alarm_name"] == "news-undelivered-ApproximateNumberOfMessagesVisible"


def test_the_failure_queue_of_a_long_name_has_a_name_that_sqs_takes(
    stack: TerraformStack, worker: PythonFunction
) -> None:
    Topic(stack, "News", name="n" * 256).on_message(worker)
    (name,) = [one["name"] for path, one in Terraform(stack).all("aws_sqs_queue").items() if path.startswith("News")]
    assert len(name) == 80
    assert name.endswith("-undelivered")


@pytest.mark.parametrize(
    ("target", "options", "message"),
    [
        ("queue", {"filter_policy": {"kind": "order"}}, r"filter_policy\['kind'\] has 'order'; give a list"),
        (
            "queue",
            {"filter_policy": {"a": {"b": ["c"]}}},
            r"filter_policy has names below others, .* give the filter_scope MessageBody",
        ),
        ("queue", {"filter_policy": {}}, r"filter_policy has \{\}; name a field"),
        ("queue", {"filter_policy": {str(n): ["x"] for n in range(6)}}, r"filter_policy has 6, AWS allows 1 to 5 keys"),
        ("queue", {"filter_policy": {"a": list(range(151))}}, r"filter_policy .* is 151, AWS allows 1 to 150"),
        ("queue", {"filter_policy": {"a": ["b"]}, "filter_scope": "Body"}, r"filter_scope is 'Body', AWS allows"),
        ("function", {"raw": True}, r"raw delivery is for queues"),
        ("fifo", {}, r"stack/Orders is a FIFO queue; SNS delivers to those from FIFO topics only"),
    ],
)
def test_subscription_arguments_that_sns_refuses_are_rejected(
    stack: TerraformStack, news: Topic, worker: PythonFunction, target: str, options: dict[str, Any], message: str
) -> None:
    fifo = target == "fifo"
    queue = Queue(stack, "Orders", name="orders.fifo" if fifo else "orders", fifo=fifo)
    with pytest.raises(ConfigurationError, match=rf"^stack/News: {message}"):
        news.on_message(worker if target == "function" else queue, **options)


def test_a_body_is_filtered_by_nested_keys(stack: TerraformStack, news: Topic) -> None:
    policy = {"order": {"kind": ["new"], "customer": {"country": ["DE", "FR"]}}}
    news.on_message(Queue(stack, "Orders", name="orders"), filter_policy=policy, filter_scope="MessageBody")
    subscription = Terraform(stack).one("aws_sns_topic_subscription")
    assert json.loads(subscription["filter_policy"]) == policy
    assert subscription["filter_policy_scope"] == "MessageBody"


def test_a_target_is_subscribed_once(stack: TerraformStack, news: Topic, worker: PythonFunction) -> None:
    news.on_message(worker)
    with pytest.raises(ConfigurationError, match=r"^stack/News: stack/Worker is subscribed already"):
        news.on_message(worker, filter_policy={"kind": ["order"]})
