"""API keys and usage plans.

AWS's update operations carry every value as a string, and its responses have booleans, numbers and lists:
https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html. ministack 1.5.33 returns the strings, on which
Terraform's provider fails until the resource is replaced. It also refuses an API key with an empty value, for which AWS
generates one, returns empty limits for a usage plan without limits, and returns the tags of the creation, so that plans
would never be empty.
"""

import json
from typing import Any

from ministack.services import apigateway_v1 as apigateway

from completing import existing

FLAGS = {
    *("enabled", "apiKeyRequired", "tracingEnabled", "cacheClusterEnabled", "disableExecuteApiEndpoint"),
    *("requireAuthorizationForCacheControl", "validateRequestBody", "validateRequestParameters"),
}
NUMBERS = {
    *("rateLimit", "burstLimit", "limit", "offset", "timeoutInMillis", "minimumCompressionSize"),
    *("authorizerResultTtlInSeconds", "cacheTtlInSeconds"),
}

_plain_create_api_key = existing(apigateway, "_create_api_key")
_plain_patch = existing(apigateway, "_apply_patch")
_plain_update_usage_plan = existing(apigateway, "_update_usage_plan")
_plain_create_usage_plan = existing(apigateway, "_create_usage_plan")
_plain_tag = existing(apigateway, "_tag_v1_resource")
_plain_untag = existing(apigateway, "_untag_v1_resource")


def _create_api_key(data: dict[str, Any]) -> Any:
    return _plain_create_api_key({name: value for name, value in data.items() if name != "value" or value})


def _apply_patch(changed: dict[str, Any], operations: list[dict[str, Any]]) -> Any:
    return _plain_patch(changed, [_typed(one) for one in operations])


def _typed(operation: dict[str, Any]) -> dict[str, Any]:
    name, value = operation.get("path", "").rpartition("/")[2], operation.get("value")
    if name in FLAGS and value in ("true", "false"):
        return {**operation, "value": value == "true"}
    if name in NUMBERS and isinstance(value, str):
        number = float(value)
        return {**operation, "value": int(number) if number.is_integer() and name != "rateLimit" else number}
    return operation


def _update_usage_plan(plan_id: str, data: dict[str, Any]) -> Any:
    """Stages are added and removed as `API:STAGE`:
    https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateUsagePlan.html
    """
    operations = data.get("patchOperations", [])
    of_stages = [one for one in operations if one.get("path") == "/apiStages"]
    plan = apigateway._usage_plans.get(plan_id)
    for one in of_stages if plan else ():
        api, _, stage = one["value"].partition(":")
        kept = [other for other in plan["apiStages"] if (other["apiId"], other["stage"]) != (api, stage)]
        plan["apiStages"] = [*kept, *([{"apiId": api, "stage": stage}] if one["op"] == "add" else [])]
    others = [one for one in operations if one not in of_stages]
    return _plain_update_usage_plan(plan_id, {**data, "patchOperations": others})


def _create_usage_plan(data: dict[str, Any]) -> Any:
    status, headers, body = _plain_create_usage_plan(data)
    plan = apigateway._usage_plans[json.loads(body)["id"]]
    for limit in ("throttle", "quota"):
        if not plan[limit]:
            del plan[limit]
    return status, headers, json.dumps({name: json.loads(body)[name] for name in plan}).encode()


def _tag(arn: str, data: dict[str, Any]) -> Any:
    answer = _plain_tag(arn, data)
    _tagged(arn).update(data.get("tags", {}))
    return answer


def _untag(arn: str, names: list[str]) -> Any:
    answer = _plain_untag(arn, names)
    for name in names:
        _tagged(arn).pop(name, None)
    return answer


def _tagged(arn: str) -> dict[str, str]:
    """The resource with its current tags: https://docs.aws.amazon.com/apigateway/latest/api/API_TagResource.html"""
    kind, _, rest = arn.partition("::/")[2].partition("/")
    id_, _, stage = rest.partition("/stages/")
    kept = {
        "apikeys": apigateway._api_keys,
        "domainnames": apigateway._domain_names,
        "restapis": apigateway._rest_apis,
        "usageplans": apigateway._usage_plans,
    }
    thing = apigateway._stages_v1.get(id_, {}).get(stage) if stage else kept.get(kind, {}).get(id_)
    tags: dict[str, str] = {} if thing is None else thing.setdefault("tags", {})
    return tags


apigateway._create_api_key = _create_api_key
apigateway._create_usage_plan = _create_usage_plan
apigateway._tag_v1_resource = _tag
apigateway._untag_v1_resource = _untag
apigateway._apply_patch = _apply_patch
apigateway._update_usage_plan = _update_usage_plan
