import pytest
from cdktf import TerraformStack

from modules import Key, PythonFunction, Topic

from .synthesized import ACCOUNT, Terraform, allow, allow_service, deny_without_tls

ARN = "${aws_sns_topic.News/Topic.arn}"
KEY_ARN = "${aws_kms_key.Key/Key.arn}"


@pytest.fixture
def news(stack: TerraformStack, key: Key) -> Topic:
    return Topic(stack, "News", name="news", key=key, account_id=ACCOUNT)


def test_a_topic_is_encrypted_with_its_key(stack: TerraformStack, news: Topic) -> None:
    assert Terraform(stack).all("aws_sns_topic") == {"News/Topic": {"name": "news", "kms_master_key_id": KEY_ARN}}


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


def test_a_grant_to_publish_brings_the_use_of_the_key(
    stack: TerraformStack, news: Topic, worker: PythonFunction
) -> None:
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
