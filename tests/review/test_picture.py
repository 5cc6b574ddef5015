"""What the picture of a change shows: names that differ, everything that events pass, and what stops delivering."""

import pytest

from sluice_cli.review.configuration import Configuration
from sluice_cli.review.model import Arrow, Box, Picture
from sluice_cli.review.picture.arrows import picture_of
from sluice_cli.review.picture.layout import place
from sluice_cli.review.plan import NO_PLAN
from sluice_cli.review.words import ConstructNames
from tests.review.plans import Values, change, review
from tests.review.shop import SHOP, resource, synthesized

FUNCTION = resource("aws_lambda_function", "Worker/Function", function_name="worker")
ACCOUNT = "us-east-1:123456789012"
WORKER = f"arn:aws:lambda:{ACCOUNT}:function:worker"


def drawn(*resources: tuple[str, str, Values]) -> Picture:
    configuration = Configuration.synthesized(synthesized(*resources))
    return picture_of("shop", configuration, ConstructNames(NO_PLAN, configuration))


def planned(*changes: Values, configuration: Values) -> Picture:
    picture = review(*changes, configuration=configuration).picture
    assert picture is not None
    return picture


def arrows(picture: Picture) -> list[tuple[str, str, str]]:
    titles = {box.id: box.title for box in picture.boxes}
    return sorted((titles[one.source], titles[one.target], one.text) for one in picture.arrows)


def test_boxes_of_one_name_are_told_apart_by_their_constructs() -> None:
    picture = drawn(
        resource("aws_sqs_queue", "Recorder/Failures/Queue"),
        resource("aws_sqs_queue", "Notifications/Failures/Queue"),
        resource("aws_sqs_queue", "Api/Recorder/Failures/Queue"),
        resource("aws_scheduler_schedule", "Night/Schedule"),
        resource("aws_scheduler_schedule", "Night/ScheduleSecond"),
        resource("aws_sqs_queue", "Jobs/Queue"),
    )
    assert sorted(box.title for box in picture.boxes) == [
        "API recorder failures",
        "Jobs",
        "Night schedule",
        "Night schedule second",
        "Notifications failures",
        "Recorder failures",
    ]


def test_rules_schedules_queues_and_dead_letters_are_drawn() -> None:
    queue = "${aws_sqs_queue.%s.arn}"
    picture = drawn(
        FUNCTION,
        resource("aws_s3_bucket", "Files/Bucket", bucket="files"),
        resource(
            "aws_cloudwatch_event_rule",
            "Arrived/Rule",
            event_pattern='{"detail":{"bucket":{"name":["${aws_s3_bucket.Files_Bucket.bucket}"]}}}',
        ),
        resource(
            "aws_cloudwatch_event_target",
            "Arrived/Target",
            rule="${aws_cloudwatch_event_rule.Arrived_Rule.name}",
            arn="${aws_lambda_function.Worker_Function.arn}",
            dead_letter_config={"arn": queue % "Dead_Queue"},
        ),
        resource(
            "aws_scheduler_schedule",
            "Night/Schedule",
            schedule_expression="rate(1 day)",
            target={"arn": queue % "Jobs_Queue", "dead_letter_config": {"arn": queue % "Dead_Queue"}},
        ),
        resource("aws_sqs_queue", "Jobs/Queue", redrive_policy='{"deadLetterTargetArn":"%s"}' % (queue % "Dead_Queue")),
        resource("aws_sqs_queue", "Dead/Queue"),
        resource("aws_dynamodb_table", "Orders/Table"),
        resource(
            "aws_lambda_event_source_mapping",
            "Worker/Jobs",
            event_source_arn=queue % "Jobs_Queue",
            function_name="${aws_lambda_function.Worker_Function.arn}",
        ),
        resource(
            "aws_lambda_event_source_mapping",
            "Worker/Orders",
            event_source_arn="${aws_dynamodb_table.Orders_Table.stream_arn}",
            function_name="${aws_lambda_function.Worker_Function.arn}",
            destination_config={"on_failure": {"destination_arn": queue % "Dead_Queue"}},
        ),
    )
    assert arrows(picture) == [
        ("Arrived", "Dead", "undelivered"),
        ("Arrived", "Worker", "events"),
        ("Files", "Arrived", "events"),
        ("Jobs", "Dead", "dead letters"),
        ("Jobs", "Worker", "messages"),
        ("Night", "Dead", "undelivered"),
        ("Night", "Jobs", "on time"),
        ("Orders", "Worker", "changed items"),
        ("Worker", "Dead", "failed events"),
    ]
    assert [box.notes for box in picture.boxes if box.title == "Night"] == [("rate(1 day)",)]


def test_what_calls_an_alias_calls_its_function_and_polling_is_one_arrow() -> None:
    queue, table = "${aws_sqs_queue.Jobs_Queue.arn}", "${aws_dynamodb_table.Orders_Table.arn}"
    alias = "${aws_lambda_alias.Worker_Alias.arn}"

    def allowed(actions: list[str], on: str) -> Values:
        return {"effect": "Allow", "actions": actions, "resources": [on]}

    polling = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    stream = ["dynamodb:GetRecords", "dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]
    statements = [
        allowed(polling, queue),
        allowed([*stream, "dynamodb:PutItem"], table),
        allowed(["secretsmanager:GetSecretValue"], "${aws_secretsmanager_secret.Token_Secret.arn}"),
    ]
    picture = drawn(
        resource("aws_lambda_function", "Worker/Function", role="${aws_iam_role.Worker_Role.arn}"),
        resource("aws_iam_role", "Worker/Role"),
        resource("data.aws_iam_policy_document", "Worker/Policy", statement=statements),
        resource(
            "aws_iam_role_policy",
            "Worker/RolePolicy",
            role="${aws_iam_role.Worker_Role.name}",
            policy="${data.aws_iam_policy_document.Worker_Policy.json}",
        ),
        resource(
            "aws_lambda_alias", "Worker/Alias", function_name="${aws_lambda_function.Worker_Function.function_name}"
        ),
        resource("aws_sqs_queue", "Jobs/Queue"),
        resource("aws_dynamodb_table", "Orders/Table"),
        resource("aws_secretsmanager_secret", "Token/Secret"),
        resource("terraform_data", "Worker/Start"),
        resource("aws_lambda_event_source_mapping", "Worker/Jobs", event_source_arn=queue, function_name=alias),
        resource("aws_lambda_event_source_mapping", "Worker/Orders", event_source_arn=table, function_name=alias),
    )
    assert arrows(picture) == [
        ("Jobs", "Worker", "messages"),
        ("Orders", "Worker", "changed items"),
        ("Worker", "Orders", "PutItem"),
        ("Worker", "Token", "GetSecretValue"),
    ]
    assert sorted(box.title for box in picture.boxes) == ["Jobs", "Orders", "Token", "Worker"]


def test_data_goes_to_the_right_where_permissions_lead_back() -> None:
    boxes = {"bucket": "aws_s3_bucket", "queue": "aws_sqs_queue", "function": "aws_lambda_function"}
    picture = Picture(
        "circle",
        tuple(Box(id_, kind, id_, kind) for id_, kind in sorted(boxes.items())),
        (
            Arrow("function", "bucket", "permission", "GetObject"),
            Arrow("bucket", "queue", "data", "object created"),
            Arrow("queue", "function", "data", "messages"),
        ),
    )
    (placed,) = place([picture])
    assert [one.box.id for one in sorted(placed.boxes, key=lambda one: one.x)] == ["bucket", "queue", "function"]


def test_what_belongs_to_another_stack_is_drawn_and_marked() -> None:
    picture = drawn(
        FUNCTION,
        resource(
            "aws_s3_bucket_notification",
            "Theirs/Notification",
            bucket="their-bucket",
            lambda_function=[{"lambda_function_arn": "${aws_lambda_function.Worker_Function.arn}"}],
        ),
        resource("data.aws_sqs_queue", "Jobs", name="their-jobs"),
        resource(
            "aws_lambda_event_source_mapping",
            "Worker/Jobs",
            event_source_arn="${data.aws_sqs_queue.Jobs.arn}",
            function_name="${aws_lambda_function.Worker_Function.arn}",
        ),
        resource("aws_sns_topic", "News/Topic", name="news"),
        resource(
            "aws_sns_topic_subscription",
            "News/Theirs",
            topic_arn="${aws_sns_topic.News_Topic.arn}",
            protocol="sqs",
            endpoint="arn:${data.aws_partition.P.partition}:sqs:us-east-1:${data.aws_caller_identity.C.id}:inbox",
        ),
        resource(
            "aws_sns_topic_subscription",
            "Worker/Theirs",
            topic_arn=f"arn:aws:sns:{ACCOUNT}:their-news",
            protocol="lambda",
            endpoint=WORKER,
        ),
    )
    assert arrows(picture) == [
        ("News", "inbox", "notifies"),
        ("their-bucket", "Worker", "object created"),
        ("their-jobs", "Worker", "messages"),
        ("their-news", "Worker", "notifies"),
    ]
    assert sorted((box.title, box.subtitle) for box in picture.boxes if box.id.startswith("foreign:")) == [
        ("inbox", "SQS queue of another stack"),
        ("their-bucket", "S3 bucket of another stack"),
        ("their-jobs", "SQS queue of another stack"),
        ("their-news", "SNS topic of another stack"),
    ]


def test_a_pattern_of_many_resources_is_no_foreign_resource() -> None:
    pattern = [f"arn:aws:sqs:{ACCOUNT}:*", "arn:aws:s3:::logs-*", "arn:aws:s3:::${data.aws_x_y.z.id}-a", "arn:"]
    picture = drawn(FUNCTION, resource("aws_sns_topic_subscription", "A/B", topic_arn=pattern, endpoint=WORKER))
    assert [box.title for box in picture.boxes] == ["Worker"]


def test_a_removed_route_is_drawn_as_removed() -> None:
    api = {"id": "api1", "name": "api"}
    function = {
        "arn": WORKER,
        "function_name": "worker",
        "invoke_arn": f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{WORKER}/invocations",
    }
    integration = {"rest_api_id": "api1", "resource_id": "r1", "uri": function["invoke_arn"]}
    path = {"id": "r1", "path": "/orders", "rest_api_id": "api1"}
    kept = [
        change("aws_api_gateway_rest_api.Api_Api", api, api),
        change("aws_lambda_function.Worker_Function", function, function),
        change("aws_api_gateway_resource.Api_Path", path, path),
    ]
    delete = change("aws_api_gateway_integration.Api_Delete_00000000", {**integration, "http_method": "DELETE"}, None)
    found = {(a, b): text for a, b, text in arrows(planned(*kept, delete, configuration=SHOP))}
    assert found["API", "Worker"] == "removed: DELETE /orders; GET /orders"

    without = {**SHOP, "resource": {**SHOP["resource"], "aws_api_gateway_integration": {}}}
    (gone,) = [one for one in planned(*kept, delete, configuration=without).arrows if one.removed]
    assert gone.text == "callers lose something: DELETE /orders"


def test_what_stops_delivering_is_marked_on_the_arrow() -> None:
    bucket = {"id": "a", "bucket": "a", "arn": "arn:aws:s3:::a"}
    notification = {"id": "a", "bucket": "a"}
    block = {"lambda_function_arn": WORKER, "events": ["s3:ObjectCreated:*"], "filter_prefix": "in/"}
    kept = change("aws_s3_bucket.Uploads_Bucket", bucket, bucket)
    function = {"arn": WORKER, "function_name": "worker"}
    same = change("aws_lambda_function.Worker_Function", function, function)
    narrower = change(
        "aws_s3_bucket_notification.Uploads_Notification",
        {**notification, "lambda_function": [block]},
        {**notification, "lambda_function": [{**block, "filter_prefix": "in/a/"}]},
    )
    assert ("Uploads", "Worker", "events stop: object created in in/*") in arrows(
        planned(kept, same, narrower, configuration=SHOP)
    )
    without = {**SHOP, "resource": {**SHOP["resource"], "aws_s3_bucket_notification": {}}}
    removed = change(
        "aws_s3_bucket_notification.Uploads_Notification", {**notification, "lambda_function": [block]}, None
    )
    (gone,) = [one for one in planned(kept, same, removed, configuration=without).arrows if one.removed]
    assert (gone.text, gone.danger) == ("events stop: object created in in/*", True)


def test_a_permission_that_is_taken_away_is_marked_on_the_arrow_that_needs_it() -> None:
    bucket = {"id": "a", "bucket": "a", "arn": "arn:aws:s3:::a"}
    function = {"arn": WORKER, "function_name": "worker"}
    permission = {
        "action": "lambda:InvokeFunction",
        "function_name": "worker",
        "principal": "s3.amazonaws.com",
        "source_arn": "arn:aws:s3:::a",
    }
    picture = planned(
        change("aws_s3_bucket.Uploads_Bucket", bucket, bucket),
        change("aws_lambda_function.Worker_Function", function, function),
        change("aws_lambda_permission.Worker_Allow_00000000", permission, None),
        configuration=SHOP,
    )
    assert ("Uploads", "Worker", "events stop: object created in in/*") in arrows(picture)


def test_a_rule_that_is_switched_off_is_marked_on_its_arrows() -> None:
    configuration = synthesized(
        FUNCTION,
        resource("aws_cloudwatch_event_rule", "Night/Rule", name="night", schedule_expression="rate(1 day)"),
        resource("aws_cloudwatch_event_target", "Night/Target", rule="night", arn=WORKER),
    )
    rule = {"name": "night", "schedule_expression": "rate(1 day)"}
    off = change("aws_cloudwatch_event_rule.Night_Rule", {**rule, "state": "ENABLED"}, {**rule, "state": "DISABLED"})
    assert arrows(planned(off, configuration=configuration)) == [("Night", "Worker", "events stop: events")]


def test_values_of_a_strange_form_draw_nothing_and_break_nothing() -> None:
    deep: object = "x"
    for _ in range(900):
        deep = [deep]
    strange = [deep, None, 3, True, [], [[3]], {"a": {"b": None}}, "arn:aws:sqs", "${", "arn:aws:s3:::"]
    types = ["aws_s3_bucket_notification", "aws_cloudwatch_event_target", "aws_lambda_event_source_mapping"]
    types += ["aws_sqs_queue", "aws_scheduler_schedule", "aws_api_gateway_integration", "aws_cloudwatch_event_rule"]
    names = ["bucket", "rule", "arn", "event_source_arn", "function_name", "redrive_policy", "target", "uri", "queue"]
    changes = [
        change(
            f"{type_}.X{number}", dict.fromkeys([*names, "http_method", "resource_id", "event_pattern"], value), None
        )
        for type_ in types
        for number, value in enumerate(strange)
    ]
    assert planned(*changes, configuration=SHOP).title == "shop"


def test_an_authorizer_is_asked_by_its_api() -> None:
    api = "${aws_api_gateway_rest_api.Api_Api.id}"
    method = {"rest_api_id": api, "http_method": "GET"}
    picture = drawn(
        FUNCTION,
        resource("aws_api_gateway_rest_api", "Api/Api", name="orders"),
        resource(
            "aws_api_gateway_authorizer",
            "Api/Customers",
            rest_api_id=api,
            authorizer_uri="${aws_lambda_function.Worker_Function.invoke_arn}",
        ),
        resource("aws_api_gateway_method", "Api/GetOrders", **method, authorization="CUSTOM"),
        resource("aws_api_gateway_method", "Api/GetUsers", **method, authorization="COGNITO_USER_POOLS"),
    )
    assert arrows(picture) == [
        ("API", "Worker", "asks who may call"),
        ("Callers", "API", "those that the authorizer admits, tokens of a Cognito user pool"),
    ]


def test_a_secret_is_drawn_with_who_may_read_it() -> None:
    role = {"role": "${aws_iam_role.Worker_Role.name}"}
    statement = {"actions": ["secretsmanager:GetSecretValue"], "resources": ["${aws_secretsmanager_secret.Token.arn}"]}
    picture = drawn(
        resource("aws_iam_role", "Worker/Role"),
        resource("aws_lambda_function", "Worker/Function", **role),
        resource("aws_secretsmanager_secret", "Token", name="token"),
        resource("aws_iam_role_policy", "Read", **role, policy="${data.aws_iam_policy_document.Read.json}"),
        resource("data.aws_iam_policy_document", "Read", statement=[statement]),
    )
    assert arrows(picture) == [("Worker", "Token", "GetSecretValue")]


@pytest.mark.parametrize("end", ["??????", "AbCdEf"])
@pytest.mark.parametrize("name", ["token", "shop/db-main"])
def test_an_existing_secret_is_drawn_with_who_may_read_it(name: str, end: str) -> None:
    role = {"role": "${aws_iam_role.Worker_Role.name}"}
    arn = f"arn:${{data.aws_partition.P.partition}}:secretsmanager:${{data.aws_region.R.name}}:1:secret:{name}-{end}"
    picture = drawn(
        resource("aws_iam_role", "Worker/Role"),
        resource("aws_lambda_function", "Worker/Function", **role),
        resource("aws_iam_role_policy", "Read", **role, policy="${data.aws_iam_policy_document.Read.json}"),
        resource(
            "data.aws_iam_policy_document",
            "Read",
            statement=[{"actions": ["secretsmanager:GetSecretValue"], "resources": [arn]}],
        ),
    )
    assert arrows(picture) == [("Worker", name, "GetSecretValue")]
    (foreign,) = [box for box in picture.boxes if box.id.startswith("foreign:")]
    assert foreign.subtitle == "Secrets Manager secret of another stack"
