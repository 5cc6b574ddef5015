"""CodeDeploy for Lambda, which ministack 1.5.33 does not have: shifts the traffic of an alias to a new version, step by
step.

A deployment is rolled back as soon as an alarm of its deployment group is in the state ALARM, and fails if the service
role lacks a permission. A minute of a traffic shift takes `CODEDEPLOY_MINUTE_SECONDS`. Hooks are not called.

https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-steps-lambda.html
"""

import asyncio
import contextvars
import json
import os
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

from ministack import app as ministack_app
from ministack.core import iam_actions, router
from ministack.core.responses import get_account_id, get_region, set_request_account_id, set_request_region
from ministack.services import cloudwatch, lambda_svc

from codedeploy_rights import SERVICE, right_that_caller_lacks, right_that_role_lacks
from completing import existing

MINUTE_SECONDS = float(os.environ.get("CODEDEPLOY_MINUTE_SECONDS", "60"))
LOOK_SECONDS = 0.2  # time between two looks at the alarms

Values = dict[str, Any]
Key = tuple[str, ...]

existing(lambda_svc, "_update_alias")
_applications: dict[Key, Values] = {}
_configs: dict[Key, Values] = {}
_groups: dict[Key, Values] = {}
_deployments: dict[Key, Values] = {}
_tags: dict[str, dict[str, str]] = {}
_running: set[asyncio.Task[None]] = set()


class RequestRefused(LookupError):
    """An error response of AWS."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


async def handle_request(method: str, path: str, headers: Any, body: bytes, query_params: Any) -> Any:
    """The signature of ministack's services."""
    del method, path, query_params
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    if operation not in OPERATIONS:
        return _answer(400, {"__type": "InvalidOperationException", "message": f"{operation} is not emulated"})
    values = json.loads(body or b"{}")
    try:
        if operation == "CreateDeployment":
            _check_rights(headers, values)
        return _answer(200, OPERATIONS[operation](values))
    except RequestRefused as error:
        return _answer(400, {"__type": error.kind, "message": str(error)})


def _answer(status: int, content: Values) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(content).encode()


def _key(*names: str) -> Key:
    return (get_account_id(), get_region(), *names)


def _kept(kept: dict[Key, Values], kind: str, *names: str) -> Values:
    if _key(*names) not in kept:
        raise RequestRefused(f"{kind}DoesNotExistException", f"there is no {' '.join(names)}")
    return kept[_key(*names)]


def _new(kept: dict[Key, Values], kind: str, values: Values, *names: str) -> None:
    if _key(*names) in kept:
        raise RequestRefused(f"{kind}AlreadyExistsException", f"there is {' '.join(names)} already")
    kept[_key(*names)] = values


def _tag_new(resource: str, values: Values) -> None:
    """Keep the tags that something is created with; an earlier one of that name may have left others."""
    arn = f"arn:aws:codedeploy:{get_region()}:{get_account_id()}:{resource}"
    _tags[arn] = {one["Key"]: one["Value"] for one in values.pop("tags", None) or []}


def _create_application(values: Values) -> Values:
    name, id_ = values["applicationName"], str(uuid4())
    _tag_new(f"application:{name}", values)
    made = {"applicationId": id_, "createTime": time.time(), "linkedToGitHub": False, **values}
    _new(_applications, "Application", made, name)
    return {"applicationId": id_}


def _create_config(values: Values) -> Values:
    id_ = str(uuid4())
    made = {"deploymentConfigId": id_, "createTime": time.time(), **values}
    _new(_configs, "DeploymentConfig", made, values["deploymentConfigName"])
    return {"deploymentConfigId": id_}


def _create_group(values: Values) -> Values:
    id_ = str(uuid4())
    names = (values["applicationName"], values["deploymentGroupName"])
    _kept(_applications, "Application", names[0])
    _tag_new(f"deploymentgroup:{'/'.join(names)}", values)
    made = {"deploymentGroupId": id_, "computePlatform": "Lambda", "outdatedInstancesStrategy": "UPDATE", **values}
    _new(_groups, "DeploymentGroup", made, *names)
    return {"deploymentGroupId": id_}


def _update_group(values: Values) -> Values:
    named = values.pop("currentDeploymentGroupName", values.get("deploymentGroupName", ""))
    group = _kept(_groups, "DeploymentGroup", values["applicationName"], named)
    group |= {name: value for name, value in values.items() if value is not None}
    return {"hooksNotCleanedUp": []}


def _check_rights(headers: Any, deployment: Values) -> None:
    group, _, _ = _parts(deployment)
    lacking = right_that_caller_lacks(headers, deployment["applicationName"], group["deploymentConfigName"])
    if lacking:
        raise RequestRefused("AccessDeniedException", lacking)


def _create_deployment(values: Values) -> Values:
    group, config, shift = _parts(values)
    alias = lambda_svc._functions.get(shift["Name"], {}).get("aliases", {}).get(shift["Alias"])
    if alias is None or alias["FunctionVersion"] != str(shift["CurrentVersion"]):
        raise RequestRefused("InvalidRevisionException", f"{shift['Alias']} of {shift['Name']} is not at that version")
    id_ = f"d-{uuid4().hex[:9].upper()}"
    made = {"deploymentId": id_, "status": "InProgress", "createTime": time.time(), **values}
    _new(_deployments, "Deployment", made, id_)
    _begin(made, group, config, shift)
    return {"deploymentId": id_}


def _parts(deployment: Values) -> tuple[Values, Values, Values]:
    """The deployment group of a deployment, its configuration, and the alias with its new version."""
    group = _kept(_groups, "DeploymentGroup", deployment["applicationName"], deployment["deploymentGroupName"])
    config = _kept(_configs, "DeploymentConfig", group["deploymentConfigName"])
    revision = deployment["revision"]
    content = (revision.get("appSpecContent") or revision.get("string"))["content"]
    (resource,) = json.loads(content)["Resources"]
    (shift,) = (one["Properties"] for one in resource.values())
    return group, config, shift


def _begin(deployment: Values, group: Values, config: Values, shift: Values) -> None:
    task = asyncio.get_running_loop().create_task(_shift(deployment, group, config["trafficRoutingConfig"], shift))
    _running.add(task)
    task.add_done_callback(_running.discard)


def go_on() -> None:
    """Continue the deployments of a restored state, from their first step."""
    for (account, region, _), deployment in _deployments.items():
        if deployment["status"] == "InProgress":
            contextvars.copy_context().run(_begin_in, account, region, deployment)


def _begin_in(account: str, region: str, deployment: Values) -> None:
    set_request_account_id(account)
    set_request_region(region)
    _begin(deployment, *_parts(deployment))


async def _shift(deployment: Values, group: Values, routing: Values, shift: Values) -> None:
    for percent, minutes in _steps(routing):
        lacking = right_that_role_lacks(group["serviceRoleArn"], shift["Name"])
        if lacking:
            deployment |= {"status": "Failed", "errorInformation": {"code": "IAM_ROLE_PERMISSIONS", "message": lacking}}
            return
        _route(shift, percent)
        ends = time.monotonic() + minutes * MINUTE_SECONDS
        while time.monotonic() < ends:
            if _rings(group):
                _route(shift, 0)
                deployment |= {"status": "Stopped", "errorInformation": {"code": "ALARM_ACTIVE", "message": "alarm"}}
                return
            await asyncio.sleep(LOOK_SECONDS)
    _alias(shift, {"FunctionVersion": str(shift["TargetVersion"]), "RoutingConfig": {}})
    deployment |= {"status": "Succeeded", "completeTime": time.time()}


def _steps(routing: Values) -> Iterator[tuple[int, float]]:
    """The steps of a shift: the share of traffic for the new version, and its minutes."""
    if routing["type"] == "TimeBasedCanary":
        canary = routing["timeBasedCanary"]
        yield canary["canaryPercentage"], canary["canaryInterval"]
    elif routing["type"] == "TimeBasedLinear":
        linear = routing["timeBasedLinear"]
        for percent in range(linear["linearPercentage"], 100, linear["linearPercentage"]):
            yield percent, linear["linearInterval"]


def _route(shift: Values, percent: int) -> None:
    weights = {"AdditionalVersionWeights": {str(shift["TargetVersion"]): percent / 100}}
    _alias(shift, {"RoutingConfig": weights if percent else {}})


def _alias(shift: Values, values: Values) -> None:
    lambda_svc._update_alias(shift["Name"], shift["Alias"], values)


def _rings(group: Values) -> bool:
    watched = group.get("alarmConfiguration") or {}
    names = [one["name"] for one in watched.get("alarms") or ()] if watched.get("enabled") else []
    alarms = [cloudwatch._alarms.get(name) for name in names]
    return any(one is not None and one["StateValue"] == "ALARM" for one in alarms)


def _delete(kept: dict[Key, Values], answer: Values, *names: str) -> Values:
    kept.pop(_key(*names), None)
    return answer


def _tag(values: Values) -> Values:
    _tags.setdefault(values["ResourceArn"], {}).update({one["Key"]: one["Value"] for one in values["Tags"]})
    return {}


def _untag(values: Values) -> Values:
    for name in values["TagKeys"]:
        _tags.get(values["ResourceArn"], {}).pop(name, None)
    return {}


def _tags_of(values: Values) -> Values:
    return {"Tags": [{"Key": name, "Value": value} for name, value in _tags.get(values["ResourceArn"], {}).items()]}


OPERATIONS: dict[str, Callable[[Values], Values]] = {
    "CreateApplication": _create_application,
    "GetApplication": lambda values: {"application": _kept(_applications, "Application", values["applicationName"])},
    "DeleteApplication": lambda values: _delete(_applications, {}, values["applicationName"]),
    "CreateDeploymentConfig": _create_config,
    "GetDeploymentConfig": lambda values: {
        "deploymentConfigInfo": _kept(_configs, "DeploymentConfig", values["deploymentConfigName"])
    },
    "DeleteDeploymentConfig": lambda values: _delete(_configs, {}, values["deploymentConfigName"]),
    "CreateDeploymentGroup": _create_group,
    "GetDeploymentGroup": lambda values: {
        "deploymentGroupInfo": _kept(
            _groups, "DeploymentGroup", values["applicationName"], values["deploymentGroupName"]
        )
    },
    "UpdateDeploymentGroup": _update_group,
    "DeleteDeploymentGroup": lambda values: _delete(
        _groups, {"hooksNotCleanedUp": []}, values["applicationName"], values["deploymentGroupName"]
    ),
    "CreateDeployment": _create_deployment,
    "GetDeployment": lambda values: {"deploymentInfo": _kept(_deployments, "Deployment", values["deploymentId"])},
    "ListTagsForResource": _tags_of,
    "TagResource": _tag,
    "UntagResource": _untag,
}

ministack_app.SERVICE_HANDLERS[SERVICE] = handle_request
router.SERVICE_PATTERNS[SERVICE] = {"target_prefixes": ["CodeDeploy_20141006"], "credential_scope": SERVICE}
iam_actions.SERVICE_TO_IAM_NAMESPACE[SERVICE] = SERVICE
