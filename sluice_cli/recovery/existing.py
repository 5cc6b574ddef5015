"""Looks up planned resources on AWS: the API calls for each resource type, and the id for `terraform import`.

https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs (section "Import" of each resource)
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

Values = Mapping[str, Any]
# Creates a boto3 client for a service, in the region of the stack.
Client = Callable[[str], Any]

MISSING = {
    "404",
    "AWS.SimpleQueueService.NonExistentQueue",
    "NoSuchBucket",
    "NoSuchBucketPolicy",
    "NoSuchCORSConfiguration",
    "NoSuchEntity",
    "NoSuchLifecycleConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "NotFound",
    "NotFoundException",
    "OwnershipControlsNotFoundError",
    "QueueDoesNotExist",
    "ResourceNotFoundException",
    "ServerSideEncryptionConfigurationNotFoundError",
}


@dataclass(frozen=True)
class TypeLookup:
    """How to find resources of one type.

    `needs` are the attributes that have to be known. `find` returns the import id of an existing resource, or None. A
    type without tags is part of its `parent`: its type, and the attribute with its id.
    """

    needs: tuple[str, ...]
    find: Callable[[Client, Values], str | None]
    parent: tuple[str, str] | None = None


def find(kind: TypeLookup, client: Client, values: Values) -> str | None:
    """The import id of an existing resource with the planned names, or None. Raises `ClientError` if AWS refuses to
    answer.
    """
    if any(values.get(name) is None for name in kind.needs):
        return None
    try:
        return kind.find(client, values)
    except ClientError as error:
        if error.response["Error"]["Code"] in MISSING:
            return None
        raise


def _bucket(client: Client, values: Values) -> str | None:
    client("s3").head_bucket(Bucket=values["bucket"])
    return str(values["bucket"])


def _of_bucket(operation: str, member: str) -> TypeLookup:
    def find_setting(client: Client, values: Values) -> str | None:
        answer = getattr(client("s3"), operation)(Bucket=values["bucket"])
        return str(values["bucket"]) if answer.get(member) else None

    return TypeLookup(("bucket",), find_setting, ("aws_s3_bucket", "bucket"))


def _table(client: Client, values: Values) -> str | None:
    return str(client("dynamodb").describe_table(TableName=values["name"])["Table"]["TableName"])


def _log_group(client: Client, values: Values) -> str | None:
    pages = client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=values["name"])
    names = (one["logGroupName"] for page in pages for one in page["logGroups"])
    return next((name for name in names if name == values["name"]), None)


def _role(client: Client, values: Values) -> str | None:
    return str(client("iam").get_role(RoleName=values["name"])["Role"]["RoleName"])


def _role_policy(client: Client, values: Values) -> str | None:
    client("iam").get_role_policy(RoleName=values["role"], PolicyName=values["name"])
    return f"{values['role']}:{values['name']}"


def _attached_policy(client: Client, values: Values) -> str | None:
    attached = client("iam").list_attached_role_policies(RoleName=values["role"])["AttachedPolicies"]
    found = any(one["PolicyArn"] == values["policy_arn"] for one in attached)
    return f"{values['role']}/{values['policy_arn']}" if found else None


def _function(client: Client, values: Values) -> str | None:
    return str(client("lambda").get_function(FunctionName=values["function_name"])["Configuration"]["FunctionName"])


def _invoke_config(client: Client, values: Values) -> str | None:
    client("lambda").get_function_event_invoke_config(FunctionName=values["function_name"])
    return str(values["function_name"])


def _permission(client: Client, values: Values) -> str | None:
    """Terraform generates the statement id, so a permission is identified by what it allows."""
    policy = json.loads(client("lambda").get_policy(FunctionName=values["function_name"])["Policy"])
    for statement in policy["Statement"]:
        condition = statement.get("Condition", {})
        source = next(iter(condition.get("ArnLike", {}).values()), None)
        if statement["Principal"] == {"Service": values["principal"]} and source == values["source_arn"]:
            return f"{values['function_name']}/{statement['Sid']}"
    return None


def _queue(client: Client, values: Values) -> str | None:
    return str(client("sqs").get_queue_url(QueueName=values["name"])["QueueUrl"])


def _queue_policy(client: Client, values: Values) -> str | None:
    url = values["queue_url"]
    answer = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
    return str(url) if answer.get("Attributes", {}).get("Policy") else None


def _topic(client: Client, values: Values) -> str | None:
    pages = client("sns").get_paginator("list_topics").paginate()
    arns = (one["TopicArn"] for page in pages for one in page["Topics"])
    return next((arn for arn in arns if arn.rpartition(":")[2] == values["name"]), None)


def _topic_policy(client: Client, values: Values) -> str | None:
    return str(client("sns").get_topic_attributes(TopicArn=values["arn"])["Attributes"]["TopicArn"])


def _key(client: Client, values: Values) -> str | None:
    """Keys have no names: match planned description and tags, and prefer a key with an alias (a deployment that was
    interrupted twice may have created two keys).
    """
    kms = client("kms")
    ids = [one["KeyId"] for page in kms.get_paginator("list_keys").paginate() for one in page["Keys"]]
    found = [id_ for id_ in ids if _is_planned_key(kms, id_, values)]
    named = {one.get("TargetKeyId") for one in _aliases(kms)}
    return next((id_ for id_ in found if id_ in named), found[0] if found else None)


def _is_planned_key(kms: Any, id_: str, values: Values) -> bool:
    try:
        about = kms.describe_key(KeyId=id_)["KeyMetadata"]
        if about["KeyState"] != "Enabled" or about["Description"] != values["description"]:
            return False
        tags = {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=id_)["Tags"]}
    except ClientError as error:  # a key whose policy does not let the caller read it is not ours
        if error.response["Error"]["Code"] != "AccessDeniedException":
            raise
        return False
    return tags == dict(values["tags_all"])


def _alias(client: Client, values: Values) -> str | None:
    for one in _aliases(client("kms")):
        if (one["AliasName"], one.get("TargetKeyId")) == (values["name"], values["target_key_id"]):
            return str(one["AliasName"])
    return None


def _aliases(kms: Any) -> list[dict[str, Any]]:
    # List all grants: for a single key, the local AWS checks that key's policy too.
    return [one for page in kms.get_paginator("list_aliases").paginate() for one in page["Aliases"]]


def _alarm(client: Client, values: Values) -> str | None:
    found = client("cloudwatch").describe_alarms(AlarmNames=[values["alarm_name"]])["MetricAlarms"]
    return str(found[0]["AlarmName"]) if found else None


def _scaled(values: Values) -> dict[str, Any]:
    return {
        "ServiceNamespace": values["service_namespace"],
        "ScalableDimension": values["scalable_dimension"],
    }


def _scaling_id(values: Values, *more: str) -> str:
    return "/".join(
        [
            values["service_namespace"],
            values["resource_id"],
            values["scalable_dimension"],
            *(values[one] for one in more),
        ]
    )


def _scaling_target(client: Client, values: Values) -> str | None:
    found = client("application-autoscaling").describe_scalable_targets(
        **_scaled(values), ResourceIds=[values["resource_id"]]
    )["ScalableTargets"]
    return _scaling_id(values) if found else None


def _scaling_policy(client: Client, values: Values) -> str | None:
    found = client("application-autoscaling").describe_scaling_policies(
        **_scaled(values), ResourceId=values["resource_id"], PolicyNames=[values["name"]]
    )["ScalingPolicies"]
    return _scaling_id(values, "name") if found else None


def _named(items: Iterable[Mapping[str, Any]], name: str, attribute: str = "name") -> str | None:
    return next((str(one["id"]) for one in items if one[attribute] == name), None)


def _by_name(operation: str) -> TypeLookup:
    def find_named(client: Client, values: Values) -> str | None:
        pages = client("apigateway").get_paginator(operation).paginate()
        return _named((one for page in pages for one in page["items"]), values["name"])

    return TypeLookup(("name",), find_named)


def _path(client: Client, values: Values) -> str | None:
    pages = client("apigateway").get_paginator("get_resources").paginate(restApiId=values["rest_api_id"])
    for page in pages:
        for one in page["items"]:
            if (one.get("parentId"), one.get("pathPart")) == (values["parent_id"], values["path_part"]):
                return f"{values['rest_api_id']}/{one['id']}"
    return None


def _of_api(operation: str, **parameters: str) -> TypeLookup:
    """Part of an API that is identified by names. `parameters` maps the attributes to parameters of the API call."""

    def find_part(client: Client, values: Values) -> str | None:
        named = {name: values[attribute] for name, attribute in parameters.items()}
        getattr(client("apigateway"), operation)(restApiId=values["rest_api_id"], **named)
        return "/".join([values["rest_api_id"], *named.values()])

    return TypeLookup(("rest_api_id", *parameters.values()), find_part, ("aws_api_gateway_rest_api", "rest_api_id"))


def _validator(client: Client, values: Values) -> str | None:
    items = client("apigateway").get_request_validators(restApiId=values["rest_api_id"])["items"]
    found = _named(items, values["name"])
    return f"{values['rest_api_id']}/{found}" if found else None


def _method_settings(client: Client, values: Values) -> str | None:
    stage = client("apigateway").get_stage(restApiId=values["rest_api_id"], stageName=values["stage_name"])
    found = values["method_path"] in stage.get("methodSettings", {})
    return f"{values['rest_api_id']}/{values['stage_name']}/{values['method_path']}" if found else None


def _usage_plan_key(client: Client, values: Values) -> str | None:
    client("apigateway").get_usage_plan_key(usagePlanId=values["usage_plan_id"], keyId=values["key_id"])
    return f"{values['usage_plan_id']}/{values['key_id']}"


API = ("aws_api_gateway_rest_api", "rest_api_id")
ROUTE = {"resourceId": "resource_id", "httpMethod": "http_method"}

KINDS: Mapping[str, TypeLookup] = {
    "aws_api_gateway_api_key": _by_name("get_api_keys"),
    "aws_api_gateway_gateway_response": _of_api("get_gateway_response", responseType="response_type"),
    "aws_api_gateway_integration": _of_api("get_integration", **ROUTE),
    "aws_api_gateway_integration_response": _of_api("get_integration_response", **ROUTE, statusCode="status_code"),
    "aws_api_gateway_method": _of_api("get_method", **ROUTE),
    "aws_api_gateway_method_response": _of_api("get_method_response", **ROUTE, statusCode="status_code"),
    "aws_api_gateway_method_settings": TypeLookup(("rest_api_id", "stage_name", "method_path"), _method_settings, API),
    "aws_api_gateway_model": _of_api("get_model", modelName="name"),
    "aws_api_gateway_request_validator": TypeLookup(("rest_api_id", "name"), _validator, API),
    "aws_api_gateway_resource": TypeLookup(("rest_api_id", "parent_id", "path_part"), _path, API),
    "aws_api_gateway_rest_api": _by_name("get_rest_apis"),
    "aws_api_gateway_stage": _of_api("get_stage", stageName="stage_name"),
    "aws_api_gateway_usage_plan": _by_name("get_usage_plans"),
    "aws_api_gateway_usage_plan_key": TypeLookup(
        ("usage_plan_id", "key_id"), _usage_plan_key, ("aws_api_gateway_usage_plan", "usage_plan_id")
    ),
    "aws_appautoscaling_policy": TypeLookup(
        ("resource_id", "scalable_dimension", "name"), _scaling_policy, ("aws_appautoscaling_target", "resource_id")
    ),
    "aws_appautoscaling_target": TypeLookup(("resource_id", "scalable_dimension"), _scaling_target),
    "aws_cloudwatch_log_group": TypeLookup(("name",), _log_group),
    "aws_cloudwatch_metric_alarm": TypeLookup(("alarm_name",), _alarm),
    "aws_dynamodb_table": TypeLookup(("name",), _table),
    "aws_iam_role": TypeLookup(("name",), _role),
    "aws_iam_role_policy": TypeLookup(("role", "name"), _role_policy, ("aws_iam_role", "role")),
    "aws_iam_role_policy_attachment": TypeLookup(("role", "policy_arn"), _attached_policy, ("aws_iam_role", "role")),
    "aws_kms_alias": TypeLookup(("name", "target_key_id"), _alias, ("aws_kms_key", "target_key_id")),
    "aws_kms_key": TypeLookup(("description", "tags_all"), _key),
    "aws_lambda_function": TypeLookup(("function_name",), _function),
    "aws_lambda_function_event_invoke_config": TypeLookup(
        ("function_name",), _invoke_config, ("aws_lambda_function", "function_name")
    ),
    "aws_lambda_permission": TypeLookup(
        ("function_name", "principal", "source_arn"), _permission, ("aws_lambda_function", "function_name")
    ),
    "aws_s3_bucket": TypeLookup(("bucket",), _bucket),
    "aws_s3_bucket_cors_configuration": _of_bucket("get_bucket_cors", "CORSRules"),
    "aws_s3_bucket_lifecycle_configuration": _of_bucket("get_bucket_lifecycle_configuration", "Rules"),
    "aws_s3_bucket_notification": _of_bucket("get_bucket_notification_configuration", "LambdaFunctionConfigurations"),
    "aws_s3_bucket_ownership_controls": _of_bucket("get_bucket_ownership_controls", "OwnershipControls"),
    "aws_s3_bucket_policy": _of_bucket("get_bucket_policy", "Policy"),
    "aws_s3_bucket_public_access_block": _of_bucket("get_public_access_block", "PublicAccessBlockConfiguration"),
    "aws_s3_bucket_server_side_encryption_configuration": _of_bucket(
        "get_bucket_encryption", "ServerSideEncryptionConfiguration"
    ),
    "aws_s3_bucket_versioning": _of_bucket("get_bucket_versioning", "Status"),
    "aws_sns_topic": TypeLookup(("name",), _topic),
    "aws_sns_topic_policy": TypeLookup(("arn",), _topic_policy, ("aws_sns_topic", "arn")),
    "aws_sqs_queue": TypeLookup(("name",), _queue),
    "aws_sqs_queue_policy": TypeLookup(("queue_url",), _queue_policy, ("aws_sqs_queue", "queue_url")),
}

# Types that are never looked up: the next deployment creates or overwrites them, which is harmless.
MADE_AGAIN: Mapping[str, str] = {
    "aws_api_gateway_account": "one setting of the whole account; setting it again changes nothing",
    "aws_api_gateway_deployment": "an unused one costs nothing, and goes with its API",
    "aws_cloudwatch_dashboard": "carries no tags; putting it again replaces it",
    "aws_sns_topic_subscription": "subscribing again finds the subscription; one not yet confirmed cannot be imported",
    "aws_wafv2_web_acl_association": "putting the same web ACL before a stage again changes nothing",
}
