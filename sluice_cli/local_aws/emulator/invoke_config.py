"""Event invoke configurations of functions.

ministack 1.5.33 returns a default maximum event age that was never set; AWS omits it. Terraform's provider would plan
to remove it each time.

https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html
"""

import json
from typing import Any

from ministack.services import lambda_svc

from completing import existing

AGE = "MaximumEventAgeInSeconds"

_plain_put = existing(lambda_svc, "_put_event_invoke_config")


def _put(func_name: str, qualifier: str | None, data: dict[str, Any]) -> Any:
    status, headers, body = _plain_put(func_name, qualifier, data)
    if status != 200 or AGE in data:
        return status, headers, body
    function = lambda_svc._functions[func_name]
    kept = [*function.get("event_invoke_configs", {}).values(), function.get("event_invoke_config")]
    answer = json.loads(body)
    for one in kept:
        if one and one["FunctionArn"] == answer["FunctionArn"]:
            one.pop(AGE, None)
    answer.pop(AGE, None)
    return status, headers, json.dumps(answer).encode()


lambda_svc._put_event_invoke_config = _put
