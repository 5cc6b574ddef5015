"""The actions and resources that IAM is asked about, completed where ministack 1.5.33 is not like AWS.

It asks for a right on `*` where a call names its resource (tags, key aliases, new functions, dashboards, deleted
alarms), so that a role that may touch one project's resources only could not deploy them.

And it asks for a right to `sns:PublishBatch`, which IAM does not know: a batch needs `sns:Publish`.
https://docs.aws.amazon.com/sns/latest/dg/sns-batch-api-actions.html

And it asks for the right to list aliases or event source mappings where a call names one, and for the right to read a
function's code signing configuration where a call changes it; it knows no action of code signing configurations.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
"""

import re
from typing import Any
from urllib.parse import unquote

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
SIGNING_CONFIG = re.compile(r"/code-signing-configs/([^/]+)")

_plain_action = existing(iam_actions, "extract_iam_action")
_known_resource = existing(iam_actions, "extract_resource_arn")
existing(iam_actions, "_param")


def _action(service: str, method: str, path: str, headers: Any, body: bytes, parameters: Any) -> str | None:
    for pattern, actions in LAMBDA if service == "lambda" else ():
        if method in actions and re.fullmatch(f"/[0-9-]+/{pattern}/?", path):
            return f"lambda:{actions[method]}"
    action = _plain_action(service, method, path, headers, body, parameters)
    return "sns:Publish" if action == "sns:PublishBatch" else action


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
        return known
    for of, field, arn in NAMED:
        name = iam_actions._param(body, parameters, field) if of == service else ""
        if name:
            return arn.format(name, region=region, account=account)
    return str(iam_actions._param(body, parameters, "ResourceArn", "ResourceARN") or known)


iam_actions.extract_iam_action = _action
iam_actions.extract_resource_arn = _resource
