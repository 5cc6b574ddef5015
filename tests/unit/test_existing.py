"""Existing resources: the same grants and connections if AWS allows them, and errors with advice otherwise."""

from collections.abc import Callable
from typing import Any

import pytest
from cdktf import TerraformOutput, TerraformStack, TerraformVariable

from modules import Alarms, Bucket, ConfigurationError, Key, PythonFunction, Queue, Role, Rule, Schedule, Table, Topic

from .synthesized import ACCOUNT, DNS_SUFFIX, PARTITION, REGION, Terraform, allow

BUCKET_ARN = f"arn:{PARTITION}:s3:::theirs"
QUEUE_ARN = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:theirs"
TOPIC_ARN = f"arn:aws:sns:eu-west-1:{ACCOUNT}:theirs"
TABLE_ARN = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/theirs"
KEY_ARN = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/0a1b"
FUNCTION = "${aws_lambda_function.Worker/Function.arn}"


def own_grants(terraform: Terraform) -> dict[str, Any]:
    grants = terraform.grants("Worker")
    del grants["OperateWorker"]
    return dict(grants)


def test_an_existing_bucket_has_the_grants_of_a_new_one_and_makes_nothing(
    stack: TerraformStack, worker: PythonFunction
) -> None:
    bucket = Bucket.from_name(stack, "Theirs", "theirs", key=Key.from_arn(stack, "TheirKey", KEY_ARN))
    bucket.grant_read(worker, prefix="in/")
    bucket.grant_write(worker, prefix="out/")
    bucket.grant_delete(worker)
    bucket.grant_list(worker, prefix="in/")
    bucket.grant_read_tags(worker)
    bucket.grant_write_tags(worker)
    made = Terraform(stack)
    assert made.all("aws_s3_bucket") == {}
    assert own_grants(made) == {
        "ReadInTheirs": [
            allow("Read", ["s3:GetObject", "s3:GetObjectVersion"], f"{BUCKET_ARN}/in/*"),
            allow("ReadKey", ["kms:Decrypt"], KEY_ARN),
        ],
        "WriteOutTheirs": [
            allow("Write", ["s3:PutObject"], f"{BUCKET_ARN}/out/*"),
            allow("WriteKey", ["kms:GenerateDataKey", "kms:Decrypt"], KEY_ARN),
        ],
        "DeleteTheirs": [allow("Delete", ["s3:DeleteObject"], f"{BUCKET_ARN}/*")],
        "ListInTheirs": [
            {
                **allow("List", ["s3:ListBucket"], BUCKET_ARN),
                "condition": [{"test": "StringLike", "variable": "s3:prefix", "values": ["in/*"]}],
            }
        ],
        "ReadTagsTheirs": [allow("ReadTags", ["s3:GetObjectTagging", "s3:GetObjectVersionTagging"], f"{BUCKET_ARN}/*")],
        "WriteTagsTheirs": [
            allow(
                "WriteTags",
                ["s3:PutObjectTagging", "s3:PutObjectVersionTagging", "s3:DeleteObjectTagging"],
                f"{BUCKET_ARN}/*",
            )
        ],
    }


def test_the_notification_of_an_existing_bucket_is_replaced_only_where_asked(
    stack: TerraformStack, worker: PythonFunction
) -> None:
    theirs = Bucket.from_name(stack, "Theirs", "theirs")
    attempts: list[Callable[[], None]] = [
        lambda: theirs.on_object_created(worker),
        lambda: theirs.on_object_removed(worker),
        theirs.send_events_to_eventbridge,
    ]
    for connect in attempts:
        with pytest.raises(
            ConfigurationError, match=r"^stack/Theirs: the notification of a bucket that exists already"
        ):
            connect()
    Bucket.from_arn(stack, "Ours", "arn:aws:s3:::ours", owns_notification=True).on_object_created(worker)
    made = Terraform(stack)
    assert made.all("aws_s3_bucket_notification") == {
        "Ours/Notification": {
            "bucket": "ours",
            "lambda_function": [{"events": ["s3:ObjectCreated:*"], "lambda_function_arn": FUNCTION}],
            "depends_on": ["aws_lambda_permission.Worker/InvokeForOurs"],
        }
    }
    assert made.one("aws_lambda_permission")["source_arn"] == "arn:aws:s3:::ours"


def test_a_rule_matches_the_events_of_an_existing_bucket(stack: TerraformStack, worker: PythonFunction) -> None:
    bucket = Bucket.from_name(stack, "Theirs", "theirs")
    Rule(stack, "Created", name="created", pattern=bucket.event_pattern(prefix="in/")).on_event(worker)
    assert '"bucket": {"name": ["theirs"]}' in Terraform(stack).one("aws_cloudwatch_event_rule")["event_pattern"]


def test_an_existing_queue_is_sent_to_and_polled(stack: TerraformStack, worker: PythonFunction, code: Any) -> None:
    queue = Queue.from_arn(stack, "Theirs", QUEUE_ARN)
    sender = PythonFunction(stack, "Sender", name="sender", packages=[code], environment={"QUEUE_URL": queue.url})
    queue.grant_send(sender)
    queue.on_messages(worker)
    made = Terraform(stack)
    assert made.grants("Sender")["SendTheirs"] == [allow("Send", ["sqs:SendMessage"], QUEUE_ARN)]
    variables = made.all("aws_lambda_function")["Sender/Function"]["environment"]["variables"]
    assert variables["QUEUE_URL"] == f"https://sqs.eu-west-1.{DNS_SUFFIX}/{ACCOUNT}/theirs"
    assert made.all("aws_lambda_event_source_mapping") == {
        "Theirs/ToWorker": {
            "event_source_arn": QUEUE_ARN,
            "function_name": FUNCTION,
            "batch_size": 10,
            "function_response_types": ["ReportBatchItemFailures"],
            "depends_on": ["aws_iam_role_policy.Worker/PollTheirs/RolePolicy"],
        }
    }
    assert [path for path in made.all("aws_sqs_queue") if path.startswith("Theirs")] == []


def test_a_function_that_takes_longer_than_an_existing_queue_hides_messages_is_refused(
    stack: TerraformStack, worker: PythonFunction
) -> None:
    queue = Queue.from_arn(stack, "Theirs", QUEUE_ARN, visibility_timeout_seconds=29)
    with pytest.raises(ConfigurationError, match=r"^stack/Theirs: its visibility timeout is 29 seconds; AWS refuses"):
        queue.on_messages(worker)


def test_an_existing_topic_is_published_to_and_heard(stack: TerraformStack, worker: PythonFunction, code: Any) -> None:
    topic = Topic.from_arn(
        stack, "Theirs", TOPIC_ARN, key=Key.from_arn(stack, "TheirKey", KEY_ARN, admits=["sns.amazonaws.com"])
    )
    publisher = PythonFunction(stack, "Publisher", name="publisher", packages=[code])
    topic.grant_publish(publisher)
    topic.on_message(worker)
    topic.on_message(Queue(stack, "Orders", name="orders"))
    topic.subscribe_email("team@example.com")
    made = Terraform(stack)
    assert made.grants("Publisher")["PublishTheirs"] == [
        allow("Publish", ["sns:Publish"], TOPIC_ARN),
        allow("EncryptMessages", ["kms:Decrypt", "kms:GenerateDataKey"], KEY_ARN),
    ]
    assert {path: one["topic_arn"] for path, one in made.all("aws_sns_topic_subscription").items()} == dict.fromkeys(
        ("Theirs/ToWorker", "Theirs/ToOrders", "Theirs/Email"), TOPIC_ARN
    )
    assert made.all("aws_sns_topic") == {}
    assert made.all("aws_sns_topic_policy") == {}
    (_, admitted) = made.policies()["Orders/Policy"]
    assert admitted["condition"][0]["values"] == [TOPIC_ARN]


def test_an_existing_table_and_its_indexes_are_granted_and_its_stream_is_heard(
    stack: TerraformStack, worker: PythonFunction
) -> None:
    stream = f"{TABLE_ARN}/stream/2026-01-01T00:00:00.000"
    table = Table.from_arn(stack, "Theirs", TABLE_ARN, indexes=["by-type"], stream_arn=stream)
    table.grant_get(worker)
    table.grant_query(worker, index="by-type")
    table.on_change(worker)
    made = Terraform(stack)
    assert table.name == "theirs"
    assert made.all("aws_dynamodb_table") == {}
    grants = own_grants(made)
    assert grants["GetTheirs"] == [allow("Get", ["dynamodb:GetItem"], TABLE_ARN)]
    assert grants["QueryByTypeTheirs"] == [allow("Query", ["dynamodb:Query"], f"{TABLE_ARN}/index/by-type")]
    assert grants["ReadStreamTheirs"][0]["resources"] == [stream]
    assert made.one("aws_lambda_event_source_mapping")["event_source_arn"] == stream


def test_arns_known_to_terraform_only_are_split_by_terraform(stack: TerraformStack, worker: PythonFunction) -> None:
    arn = TerraformVariable(stack, "Arn", type="string").string_value
    queue = Queue.from_arn(stack, "Queue", arn)
    table = Table.from_arn(stack, "Table", arn)
    Rule(stack, "Rule", name="rule", pattern={"source": ["x"]}).on_event(
        Queue.from_arn(stack, "Admitting", arn, admits=["events.amazonaws.com"]),
        input={"url": queue.url, "table": table.name},
    )
    (target,) = Terraform(stack).all("aws_cloudwatch_event_target").values()
    parts = 'split(":", var.Arn)'
    assert (
        f"sqs.${{element({parts}, 3)}}.{DNS_SUFFIX}/${{element({parts}, 4)}}/${{element({parts}, 5)}}"
        in target["input"]
    )
    assert f'${{element(split("/", element({parts}, 5)), 1)}}' in target["input"]


def test_an_arn_of_which_terraform_knows_a_part_is_taken_apart_here(stack: TerraformStack) -> None:
    account, table = (TerraformVariable(stack, name, type="string").string_value for name in ("Account", "Name"))
    queue = Queue.from_arn(stack, "Queue", f"arn:aws:sqs:eu-west-1:{account}:theirs")
    assert (queue.name, queue.fifo) == ("theirs", False)
    assert Queue.from_arn(stack, "Fifo", f"arn:aws:sqs:eu-west-1:{account}:theirs.fifo").fifo
    assert Table.from_arn(stack, "Known", f"arn:aws:dynamodb:eu-west-1:{account}:table/theirs").name == "theirs"
    mixed = Table.from_arn(stack, "Mixed", f"arn:aws:dynamodb:eu-west-1:{account}:table/x-{table}")
    for name, value in {"Url": queue.url, "Mixed_name": mixed.name}.items():
        TerraformOutput(stack, name, value=value)
    assert Terraform(stack).outputs() == {
        "Url": f"https://sqs.eu-west-1.{DNS_SUFFIX}/${{var.Account}}/theirs",
        "Mixed_name": "x-${var.Name}",
    }


def test_a_table_queue_or_topic_is_named_where_it_is_in_the_stacks_account_and_region(
    stack: TerraformStack, worker: PythonFunction
) -> None:
    account = "${data.aws_caller_identity.CurrentAccount.account_id}"
    known_later = TerraformVariable(stack, "Name", type="string").string_value
    queue = Queue.from_name(stack, "Queue", "theirs", key=Key.from_arn(stack, "TheirKey", KEY_ARN))
    topic = Topic.from_name(stack, "Topic", "theirs.fifo")
    table = Table.from_name(stack, "Table", "theirs", indexes=["by-type"])
    late = [kind.from_name(stack, f"Late{kind.__name__}", known_later) for kind in (Queue, Topic, Table)]
    queue.grant_send(worker)
    topic.grant_publish(worker)
    table.grant_query(worker, index="by-type")
    for one in (queue, topic, table, *late):
        TerraformOutput(stack, f"{one.node.id}_name", value=one.name)
        TerraformOutput(stack, f"{one.node.id}_arn", value=one.arn)
    TerraformOutput(stack, "Url", value=queue.url)
    made = Terraform(stack)

    def arn(service: str, name: str) -> str:
        return f"arn:{PARTITION}:{service}:{REGION}:{account}:{name}"

    assert made.outputs() == {
        "Queue_name": "theirs",
        "Queue_arn": arn("sqs", "theirs"),
        "Topic_name": "theirs.fifo",
        "Topic_arn": arn("sns", "theirs.fifo"),
        "Table_name": "theirs",
        "Table_arn": arn("dynamodb", "table/theirs"),
        "LateQueue_name": "${var.Name}",
        "LateQueue_arn": arn("sqs", "${var.Name}"),
        "LateTopic_name": "${var.Name}",
        "LateTopic_arn": arn("sns", "${var.Name}"),
        "LateTable_name": "${var.Name}",
        "LateTable_arn": arn("dynamodb", "table/${var.Name}"),
        "Url": f"https://sqs.{REGION}.{DNS_SUFFIX}/{account}/theirs",
    }
    assert topic.fifo
    assert own_grants(made) == {
        "SendQueue": [
            allow("Send", ["sqs:SendMessage"], arn("sqs", "theirs")),
            allow("EncryptMessages", ["kms:Decrypt", "kms:GenerateDataKey"], KEY_ARN),
        ],
        "PublishTopic": [allow("Publish", ["sns:Publish"], arn("sns", "theirs.fifo"))],
        "QueryByTypeTable": [allow("Query", ["dynamodb:Query"], arn("dynamodb", "table/theirs/index/by-type"))],
    }


NEEDS_THEIR_POLICY: dict[str, Callable[[TerraformStack, PythonFunction], object]] = {
    "queue, s3": lambda stack, _: Bucket(stack, "B", name="ours").on_object_created(
        Queue.from_arn(stack, "Theirs", QUEUE_ARN)
    ),
    "queue, sns": lambda stack, _: Topic(stack, "T", name="ours").on_message(
        Queue.from_arn(stack, "Theirs", QUEUE_ARN)
    ),
    "queue, events": lambda stack, _: Rule(stack, "R", name="ours", pattern={"source": ["x"]}).on_event(
        Queue.from_arn(stack, "Theirs", QUEUE_ARN)
    ),
    "topic, s3": lambda stack, _: Bucket(stack, "B", name="ours").on_object_created(
        Topic.from_arn(stack, "Theirs", TOPIC_ARN)
    ),
    "topic, cloudwatch": lambda stack, _: Alarms(
        stack, "Alarms", name="ours", topic=Topic.from_arn(stack, "Theirs", TOPIC_ARN)
    ),
    "key, logs": lambda stack, _: Key.from_arn(stack, "Theirs", KEY_ARN).allow_log_group("/aws/lambda/ours"),
    "key, sns": lambda stack, _: Topic(
        stack, "T", name="ours", key=Key.from_arn(stack, "Theirs", KEY_ARN)
    ).allow_service("sns.amazonaws.com"),
}


@pytest.mark.parametrize("case", NEEDS_THEIR_POLICY)
def test_connections_that_need_the_owners_policy_are_rejected_with_advice(
    stack: TerraformStack, worker: PythonFunction, case: str
) -> None:
    kind, service = case.split(", ")
    message = (
        rf"^stack/Theirs: the policy of a {kind} that exists already is its owner's. Once it admits "
        rf"{service}.amazonaws.com, say so: {kind.title()}.from_arn\(..., admits=\['{service}.amazonaws.com'\]\)"
    )
    with pytest.raises(ConfigurationError, match=message):
        NEEDS_THEIR_POLICY[case](stack, worker)


def test_connections_that_the_owners_policy_admits_are_made(stack: TerraformStack) -> None:
    topic = Topic.from_arn(stack, "TheirTopic", TOPIC_ARN, admits=["s3.amazonaws.com", "cloudwatch.amazonaws.com"])
    queue = Queue.from_arn(stack, "TheirQueue", QUEUE_ARN, admits=["s3.amazonaws.com"])
    bucket = Bucket(stack, "Uploads", name="uploads")
    bucket.on_object_created(queue)
    bucket.on_object_removed(topic)
    Queue(stack, "Orders", name="orders", max_receives=5, alarm_topic=topic)
    made = Terraform(stack)
    assert made.one("aws_s3_bucket_notification") == {
        "bucket": "${aws_s3_bucket.Uploads/Bucket.bucket}",
        "queue": [{"events": ["s3:ObjectCreated:*"], "queue_arn": QUEUE_ARN}],
        "topic": [{"events": ["s3:ObjectRemoved:*"], "topic_arn": TOPIC_ARN}],
    }
    assert made.one("aws_cloudwatch_metric_alarm")["alarm_actions"] == [TOPIC_ARN]


def test_a_schedule_sends_to_existing_queues_and_topics_with_its_own_role(stack: TerraformStack) -> None:
    schedule = Schedule(stack, "Hourly", name="hourly", rate="1 hour")
    schedule.on_time(Queue.from_arn(stack, "TheirQueue", QUEUE_ARN))
    schedule.on_time(Topic.from_arn(stack, "TheirTopic", TOPIC_ARN))
    made = Terraform(stack)
    assert made.grants("Hourly")["SendTheirQueue"] == [allow("Send", ["sqs:SendMessage"], QUEUE_ARN)]
    assert made.grants("Hourly")["PublishTheirTopic"] == [allow("Publish", ["sns:Publish"], TOPIC_ARN)]


def test_every_grant_is_given_to_an_existing_role(stack: TerraformStack) -> None:
    role = Role.from_name(stack, "Role", "theirs")
    bucket, queue = Bucket(stack, "B", name="ours"), Queue(stack, "Q", name="ours")
    topic, table = Topic(stack, "T", name="ours"), Table(stack, "D", name="ours", partition_key="id")
    grants = [
        getattr(one, name) for one in (bucket, queue, topic, table) for name in dir(one) if name.startswith("grant_")
    ]
    for grant in grants:
        grant(role, **({"prefix": "arriving/"} if grant.__name__ == "grant_presigned_write" else {}))
    bucket.restrict_objects_to(role)
    made = Terraform(stack)
    assert {one["role"] for one in made.all("aws_iam_role_policy").values()} == {"theirs"}
    assert len(made.all("aws_iam_role_policy")) == len(grants) == 7 + 2 + 1 + 11


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda stack: Bucket.from_name(stack, "X", "a/b"), "name is 'a/b', AWS allows 3 to 255"),
        (
            lambda stack: Bucket.from_arn(stack, "X", "arn:aws:s3:::a/b"),
            "arn is 'arn:aws:s3:::a/b'; give a bucket's ARN",
        ),
        (lambda stack: Table.from_name(stack, "X", "a/b"), "name is 'a/b', AWS allows 3 to 255"),
        (lambda stack: Table.from_name(stack, "X", TABLE_ARN), "name is .*, AWS allows 3 to 255"),
        (lambda stack: Queue.from_name(stack, "X", "a b"), "name is 'a b', AWS allows 1 to 80"),
        (lambda stack: Queue.from_name(stack, "X", ".fifo"), "name is '.fifo', AWS allows"),
        (lambda stack: Topic.from_name(stack, "X", TOPIC_ARN), "name is .*, AWS allows 1 to 256"),
        (lambda stack: Queue.from_arn(stack, "X", TOPIC_ARN), "arn is .*; give one such as arn:aws:sqs:"),
        (lambda stack: Queue.from_arn(stack, "X", "theirs"), "arn is 'theirs'; give one such as arn:aws:sqs:"),
        (lambda stack: Topic.from_arn(stack, "X", f"{TOPIC_ARN}:subscription"), "arn is .*; give one such as"),
        (lambda stack: Table.from_arn(stack, "X", f"{TABLE_ARN}/index/a"), "arn is .*; give one such as"),
        (lambda stack: Table.from_arn(stack, "X", TABLE_ARN, indexes=["a b"]), "indexes is 'a b', AWS allows"),
        (
            lambda stack: Table.from_arn(stack, "X", TABLE_ARN, stream_arn="arn:x"),
            "stream_arn is 'arn:x'; give one below arn:aws:dynamodb:.*table/theirs/stream/",
        ),
        (
            lambda stack: Key.from_arn(stack, "X", f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/theirs"),
            "arn is .*alias/theirs'; give one such as arn:aws:kms:us-east-1:123456789012:key/",
        ),
    ],
)
def test_a_name_or_an_arn_of_something_else_is_rejected(
    stack: TerraformStack, make: Callable[[TerraformStack], object], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"^stack/X: {message}"):
        make(stack)


def test_the_stream_of_an_existing_table_is_turned_on_by_its_owner(
    stack: TerraformStack, worker: PythonFunction
) -> None:
    with pytest.raises(ConfigurationError, match=r"^stack/X: the stream of a table that exists already is its owner's"):
        Table.from_arn(stack, "X", TABLE_ARN).on_change(worker)


def test_arns_of_other_partitions_are_taken(stack: TerraformStack) -> None:
    Queue.from_arn(stack, "Q", f"arn:aws-cn:sqs:cn-north-1:{ACCOUNT}:theirs")
    Table.from_arn(stack, "T", f"arn:aws-us-gov:dynamodb:us-gov-west-1:{ACCOUNT}:table/theirs")
    Bucket.from_arn(stack, "B", "arn:aws-cn:s3:::theirs")
