from cdktf import TerraformStack

from modules import Key, Queue

from .synthesized import Terraform, deny_without_tls

ARN = "${aws_sqs_queue.Kept/Queue.arn}"


def test_a_queue_is_encrypted_and_keeps_messages_for_two_weeks(stack: TerraformStack) -> None:
    Queue(stack, "Kept", name="kept")
    assert Terraform(stack).all("aws_sqs_queue") == {
        "Kept/Queue": {"name": "kept", "sqs_managed_sse_enabled": True, "message_retention_seconds": 1209600}
    }


def test_a_queue_refuses_requests_without_tls(stack: TerraformStack) -> None:
    Queue(stack, "Kept", name="kept")
    made = Terraform(stack)
    assert made.policies() == {"Kept/Policy": [deny_without_tls(["sqs:*"], ARN)]}
    assert made.all("aws_sqs_queue_policy") == {
        "Kept/QueuePolicy": {
            "queue_url": "${aws_sqs_queue.Kept/Queue.url}",
            "policy": "${data.aws_iam_policy_document.Kept/Policy.json}",
        }
    }


def test_a_queue_keeps_messages_as_long_as_asked(stack: TerraformStack) -> None:
    Queue(stack, "Kept", name="kept", retention_days=4)
    assert Terraform(stack).one("aws_sqs_queue")["message_retention_seconds"] == 345600


def test_a_queue_is_encrypted_with_a_key_where_there_is_one(stack: TerraformStack, key: Key) -> None:
    Queue(stack, "Kept", name="kept", key=key)
    assert Terraform(stack).one("aws_sqs_queue") == {
        "name": "kept",
        "kms_master_key_id": "${aws_kms_key.Key/Key.arn}",
        "message_retention_seconds": 1209600,
    }
