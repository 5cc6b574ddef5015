"""What CodeDeploy asks IAM: the resources of its calls, what a caller who starts a deployment needs besides, and what
the service role needs while calls move.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodedeploy.html
https://docs.aws.amazon.com/codedeploy/latest/userguide/getting-started-create-service-role.html
"""

import json
from typing import Any

from ministack.core import iam_evaluator, router
from ministack.core.responses import get_account_id, get_region

from completing import existing
from rights import role_may, service_may_take

SERVICE = "codedeploy"
PRINCIPAL = "codedeploy.amazonaws.com"

_access_key = existing(router, "extract_access_key_id")
existing(iam_evaluator, "enforce")


def resource(body: bytes, region: str, account: str) -> str:
    """The ARN that a call names; `*` where it names none."""
    try:
        values = json.loads(body or b"{}")
    except ValueError:
        return "*"
    application, config = values.get("applicationName"), values.get("deploymentConfigName")
    group = values.get("currentDeploymentGroupName") or values.get("deploymentGroupName")
    if application and group:
        return _arn(f"deploymentgroup:{application}/{group}", region, account)
    if application:
        return _arn(f"application:{application}", region, account)
    if config:
        return _arn(f"deploymentconfig:{config}", region, account)
    return str(values.get("ResourceArn") or "*")


def right_that_caller_lacks(headers: Any, application: str, config: str) -> str | None:
    """What a caller may not do of what a deployment needs besides `codedeploy:CreateDeployment`."""
    needed = (
        ("codedeploy:GetDeploymentConfig", f"deploymentconfig:{config}"),
        ("codedeploy:RegisterApplicationRevision", f"application:{application}"),
        ("codedeploy:GetApplicationRevision", f"application:{application}"),
    )
    key, region = _access_key(headers, {}), get_region()
    for action, name in needed:
        arn = _arn(name, region, get_account_id())
        result = iam_evaluator.enforce(key, action, SERVICE, region, arn)
        if isinstance(result, iam_evaluator.EvalResult) and result.decision != "Allow":
            return f"User: {result.principal_arn} is not authorized to perform: {action} on resource: {arn}"
    return None


def right_that_role_lacks(role: str, function: str) -> str | None:
    """What the service role may not do of what moves a function's calls."""
    if not service_may_take(role, PRINCIPAL):
        return f"CodeDeploy may not assume {role}"
    arn = f"arn:aws:lambda:{get_region()}:{get_account_id()}:function:{function}"
    needed = (("lambda:GetAlias", arn), ("lambda:UpdateAlias", arn), ("cloudwatch:DescribeAlarms", "*"))
    lacking = [action for action, on in needed if not role_may(role, action, on)]
    return f"{role} lacks {lacking[0]}" if lacking else None


def _arn(name: str, region: str, account: str) -> str:
    return f"arn:aws:codedeploy:{region}:{account}:{name}"
