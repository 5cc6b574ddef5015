"""The synthesized Terraform of a small shop: one of each connection that a picture shows."""

from tests.review.plans import Values


def resource(type_: str, path: str, **values: object) -> tuple[str, str, Values]:
    return type_, path.replace("/", "_"), {"//": {"metadata": {"path": f"shop/{path}"}}, **values}


def synthesized(*resources: tuple[str, str, Values]) -> Values:
    document: Values = {}
    for type_, name, values in resources:
        section = "data" if type_.startswith("data.") else "resource"
        document.setdefault(section, {}).setdefault(type_.removeprefix("data."), {})[name] = values
    return document


SHOP = synthesized(
    resource("aws_s3_bucket", "Uploads/Bucket", bucket="a"),
    resource(
        "aws_s3_bucket_notification",
        "Uploads/Notification",
        bucket="${aws_s3_bucket.Uploads_Bucket.bucket}",
        lambda_function=[{"lambda_function_arn": "${aws_lambda_function.Worker_Function.arn}", "filter_prefix": "in/"}],
    ),
    resource(
        "aws_lambda_function",
        "Worker/Function",
        role="${aws_iam_role.Worker_Role.arn}",
        environment={"variables": {"BUCKET": "${aws_s3_bucket.Archive_Bucket.bucket}"}},
    ),
    resource("aws_iam_role", "Worker/Role", name="worker"),
    resource("aws_s3_bucket", "Archive/Bucket", bucket="b"),
    resource("aws_dynamodb_table", "Records/Table", name="t"),
    resource(
        "aws_iam_role_policy",
        "Worker/PutRecords/RolePolicy",
        role="${aws_iam_role.Worker_Role.name}",
        policy="${data.aws_iam_policy_document.Worker_Document.json}",
    ),
    resource(
        "data.aws_iam_policy_document",
        "Worker/Document",
        statement=[{"actions": ["dynamodb:PutItem"], "resources": ["${aws_dynamodb_table.Records_Table.arn}"]}],
    ),
    resource("aws_sqs_queue", "Worker/Failures/Queue", name="q"),
    resource(
        "aws_lambda_function_event_invoke_config",
        "Worker/Async",
        function_name="${aws_lambda_function.Worker_Function.function_name}",
        destination_config={"on_failure": {"destination": "${aws_sqs_queue.Worker_Failures_Queue.arn}"}},
    ),
    resource("aws_api_gateway_rest_api", "Api/Api", name="api"),
    resource(
        "aws_api_gateway_resource", "Api/Path", path_part="orders", parent_id="${aws_api_gateway_rest_api.Api_Api.root}"
    ),
    resource(
        "aws_api_gateway_method",
        "Api/Get",
        rest_api_id="${aws_api_gateway_rest_api.Api_Api.id}",
        http_method="GET",
        authorization="AWS_IAM",
    ),
    resource(
        "aws_api_gateway_integration",
        "Api/GetIntegration",
        rest_api_id="${aws_api_gateway_rest_api.Api_Api.id}",
        resource_id="${aws_api_gateway_resource.Api_Path.id}",
        http_method="${aws_api_gateway_method.Api_Get.http_method}",
        uri="${aws_lambda_function.Worker_Function.invoke_arn}",
    ),
    resource("aws_kms_key", "Key/Key", description="k"),
    resource("aws_sns_topic", "News/Topic", name="n", kms_master_key_id="${aws_kms_key.Key_Key.arn}"),
    resource(
        "aws_sns_topic_subscription",
        "News/Email",
        topic_arn="${aws_sns_topic.News_Topic.arn}",
        protocol="email",
        endpoint="a@example.com",
    ),
    resource(
        "aws_cloudwatch_metric_alarm",
        "Worker/Alarms/Errors",
        alarm_name="a",
        alarm_actions=["${aws_sns_topic.News_Topic.arn}"],
    ),
)
