"""The actions and resources that IAM is asked about, completed where ministack 1.5.33 is not like AWS.

It asks for a right on `*` where a call names its resource (tags, key aliases, new functions, dashboards, deleted
alarms), so that a role that may touch one project's resources only could not deploy them.

And it asks for a right to `sns:PublishBatch`, which IAM does not know: a batch needs `sns:Publish`.
https://docs.aws.amazon.com/sns/latest/dg/sns-batch-api-actions.html

And it takes a call to one alias or one event source mapping for a call to the list of them.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
"""

import re
from typing import Any

from ministack.core import iam_actions

import codedeploy_rights
from completing import existing

# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
NAMED = (
    ("kms", "AliasName", "arn:aws:kms:{region}:{account}:{}"),
    ("lambda", "FunctionName", "arn:aws:lambda:{region}:{account}:function:{}"),
    ("monitoring", "AlarmNames.member.1", "arn:aws:cloudwatch:{region}:{account}:alarm:{}"),
    ("monitoring", "DashboardName", "arn:aws:cloudwatch::{account}:dashboard/{}"),
    ("monitoring", "DashboardNames.member.1", "arn:aws:cloudwatch::{account}:dashboard/{}"),
)

LAMBDA_PART = re.compile(r"/[0-9-]+/(?:functions/[^/]+/)?(aliases|event-source-mappings)/[^/]+")
LAMBDA_PARTS = {"aliases": "Alias", "event-source-mappings": "EventSourceMapping"}
LAMBDA_VERBS = {"GET": "Get", "PUT": "Update", "DELETE": "Delete"}

_plain_action = existing(iam_actions, "extract_iam_action")
_known_resource = existing(iam_actions, "extract_resource_arn")
existing(iam_actions, "_param")


def _action(service: str, method: str, path: str, headers: Any, body: bytes, parameters: Any) -> str | None:
    one_of = LAMBDA_PART.fullmatch(path) if service == "lambda" else None
    if one_of and method in LAMBDA_VERBS:
        return f"lambda:{LAMBDA_VERBS[method]}{LAMBDA_PARTS[one_of[1]]}"
    action = _plain_action(service, method, path, headers, body, parameters)
    return "sns:Publish" if action == "sns:PublishBatch" else action


def _resource(
    service: str, method: str, path: str, headers: Any, body: bytes, parameters: Any, region: str, account: str
) -> str:
    known = str(_known_resource(service, method, path, headers, body, parameters, region, account))
    if service == codedeploy_rights.SERVICE:
        return codedeploy_rights.resource(body, region, account)
    if known != "*":
        return known
    for of, field, arn in NAMED:
        name = iam_actions._param(body, parameters, field) if of == service else ""
        if name:
            return arn.format(name, region=region, account=account)
    return str(iam_actions._param(body, parameters, "ResourceArn", "ResourceARN") or known)


iam_actions.extract_iam_action = _action
iam_actions.extract_resource_arn = _resource
