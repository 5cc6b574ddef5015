"""The actions and resources that IAM is asked about, completed where ministack 1.5.33 is not like AWS.

It asks for a right on `*` where a call names its resource (tags, key aliases, new functions, dashboards, deleted
alarms), so that a role that may touch one project's resources only could not deploy them.

And it asks for rights to batches of SNS and SQS, which IAM does not know: a batch needs the right to its single calls.
https://docs.aws.amazon.com/sns/latest/dg/sns-batch-api-actions.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html

And it asks for rights to the alias of a KMS key instead of the key, to a function instead of the invoked version or
alias, to a log group instead of the log stream, and to everything for a stream of a table.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html

And it asks for the right to list aliases or event source mappings where a call names one, and for the right to read a
function's code signing configuration where a call changes it; it knows no action of code signing configurations.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
"""

import re
from typing import Any
from urllib.parse import unquote

from ministack.core import iam_actions
from ministack.services import dynamodb_streams, kms

import codedeploy_rights
import mail_rights
import parameters_read
from completing import existing

# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
NAMED = (
    ("kms", "AliasName", "arn:aws:kms:{region}:{account}:{}"),
    ("lambda", "FunctionName", "arn:aws:lambda:{region}:{account}:function:{}"),
    ("monitoring", "AlarmNames.member.1", "arn:aws:cloudwatch:{region}:{account}:alarm:{}"),
    ("monitoring", "DashboardName", "arn:aws:cloudwatch::{account}:dashboard/{}"),
    ("monitoring", "DashboardNames.member.1", "arn:aws:cloudwatch::{account}:dashboard/{}"),
)

# Paths of Lambda's API, and the action of each of their methods.
LAMBDA: tuple[tuple[str, dict[str, str]], ...] = (
    ("functions/[^/]+/aliases/[^/]+", {"GET": "GetAlias", "PUT": "UpdateAlias", "DELETE": "DeleteAlias"}),
    (
        "event-source-mappings/[^/]+",
        {"GET": "GetEventSourceMapping", "PUT": "UpdateEventSourceMapping", "DELETE": "DeleteEventSourceMapping"},
    ),
    (
        "functions/[^/]+/code-signing-config",
        {verb.upper(): f"{verb.title()}FunctionCodeSigningConfig" for verb in ("get", "put", "delete")},
    ),
    ("code-signing-configs", {"GET": "ListCodeSigningConfigs", "POST": "CreateCodeSigningConfig"}),
    (
        "code-signing-configs/[^/]+",
        {"GET": "GetCodeSigningConfig", "PUT": "UpdateCodeSigningConfig", "DELETE": "DeleteCodeSigningConfig"},
    ),
    ("code-signing-configs/[^/]+/functions", {"GET": "ListFunctionsByCodeSigningConfig"}),
)
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
OF_STREAM = ("PutLogEvents", "GetLogEvents", "DeleteLogStream")
PARTS_OF_FUNCTION_ARN = 6  # colons, without a version or an alias
SIGNING_CONFIG = re.compile(r"/code-signing-configs/([^/]+)")

_plain_action = existing(iam_actions, "extract_iam_action")
_known_resource = existing(iam_actions, "extract_resource_arn")
_decoded = existing(dynamodb_streams, "_decode_iterator")
_key = existing(kms, "_resolve_key")
for _name in ("_param", "_query_param", "_safe_json_field"):
    existing(iam_actions, _name)


def _action(service: str, method: str, path: str, headers: Any, body: bytes, parameters: Any) -> str | None:
    for pattern, actions in LAMBDA if service == "lambda" else ():
        if method in actions and re.fullmatch(f"/[0-9-]+/{pattern}/?", path):
            return f"lambda:{actions[method]}"
    action: str | None = _plain_action(service, method, path, headers, body, parameters)
    if action and action.startswith(("sns:", "sqs:")):
        return action.removesuffix("Batch")
    return action


def _resource(
    service: str, method: str, path: str, headers: Any, body: bytes, parameters: Any, region: str, account: str
) -> str:
    signing = SIGNING_CONFIG.search(path) if service == "lambda" else None
    if signing:
        return unquote(signing[1])
    known = str(_known_resource(service, method, path, headers, body, parameters, region, account))
    if service == codedeploy_rights.SERVICE:
        return codedeploy_rights.resource(body, region, account)
    if known != "*":
        return _part(service, path, headers, body, parameters, known)
    if service == "ses":
        return mail_rights.identity(path, body, parameters, region, account)
    if service == "ssm":
        return parameters_read.first(headers, body, region, account)
    if iterator := iam_actions._safe_json_field(body, "ShardIterator") if service == "dynamodbstreams" else "":
        return str((_decoded(iterator) or {}).get("arn", known))
    for of, field, arn in NAMED:
        name = iam_actions._param(body, parameters, field) if of == service else ""
        if name:
            return arn.format(name, region=region, account=account)
    return str(iam_actions._param(body, parameters, "ResourceArn", "ResourceARN", "StreamArn") or known)


def _part(service: str, path: str, headers: Any, body: bytes, parameters: Any, known: str) -> str:
    """The key of an alias, the version or alias of a function, the stream of a log group; otherwise `known`."""
    if service == "kms" and ":alias/" in known:
        key = _key(known)
        return str(key["Arn"]) if key else known
    if service == "lambda" and path.endswith("/invocations"):
        qualifier = iam_actions._query_param(parameters, "Qualifier")
        return f"{known}:{qualifier}" if qualifier and known.count(":") == PARTS_OF_FUNCTION_ARN else known
    if service == "logs" and headers.get("x-amz-target", "").rpartition(".")[2] in OF_STREAM:
        return f"{known}:log-stream:{iam_actions._safe_json_field(body, 'logStreamName')}"
    return known


iam_actions.extract_iam_action = _action
iam_actions.extract_resource_arn = _resource
