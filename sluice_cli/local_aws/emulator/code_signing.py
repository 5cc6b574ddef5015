"""Code signing of functions: ministack 1.5.33 has no code signing configurations, and forgets that of a new function.

No code on the local AWS is signed: a configuration with the policy `Enforce` refuses every archive, and one with `Warn`
(the default) accepts every archive.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-codesigning.html
"""

import json
import secrets
import string
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from ministack import app as ministack_app
from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc

from completing import existing

CONFIGS = "code-signing-configs"
OF_FUNCTION = "code_signing_config_arn"  # where ministack keeps it
FIELD = "CodeSigningConfigArn"
CHANGED = ("AllowedPublishers", "CodeSigningPolicies", "Description")

Values = dict[str, Any]

_plain_handler = ministack_app.SERVICE_HANDLERS["lambda"]
_plain_create = existing(lambda_svc, "_create_function")
_plain_code = existing(lambda_svc, "_update_code")
_configs: dict[str, Values] = {}


class SigningRefused(Exception):
    """An error response of AWS."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status, self.kind = status, kind


async def _handle(method: str, path: str, headers: Any, body: bytes, query_params: Any) -> Any:
    parts = unquote(path).strip("/").split("/")
    operation: Callable[[], Any] | None = None
    if parts[1:2] == [CONFIGS]:
        operation = _operation(method, parts[2:], body)
    elif method == "PUT" and parts[1:2] == ["functions"] and parts[3:] == ["code-signing-config"]:
        operation = _checked(json.loads(body or b"{}").get(FIELD))
    try:
        answer = operation() if operation else None
    except SigningRefused as error:
        return _refusal(error)
    return answer or await _plain_handler(method, path, headers, body, query_params)


def _operation(method: str, names: list[str], body: bytes) -> Callable[[], Any] | None:
    values = json.loads(body) if body and method in ("POST", "PUT") else {}
    arn = names[0] if names else ""
    if names[1:] == ["functions"]:
        return lambda: _answer(200, {"FunctionArns": _functions(_config(arn)[FIELD])})
    if not names:
        return {"POST": lambda: _create(values), "GET": lambda: _answer(200, {"CodeSigningConfigs": _own()})}.get(
            method
        )
    return {
        "GET": lambda: _answer(200, {"CodeSigningConfig": _config(arn)}),
        "PUT": lambda: _update(_config(arn), values),
        "DELETE": lambda: _delete(_config(arn)),
    }.get(method)


def _create(values: Values) -> Any:
    id_ = f"csc-{''.join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(17))}"
    arn = f"arn:aws:lambda:{get_region()}:{get_account_id()}:code-signing-config:{id_}"
    policies = values.get("CodeSigningPolicies") or {"UntrustedArtifactOnDeployment": "Warn"}
    _configs[arn] = {
        "CodeSigningConfigId": id_,
        FIELD: arn,
        "AllowedPublishers": values["AllowedPublishers"],
        "CodeSigningPolicies": policies,
        "Description": values.get("Description", ""),
        "LastModified": _now(),
    }
    return _answer(201, {"CodeSigningConfig": _configs[arn]})


def _update(config: Values, values: Values) -> Any:
    config |= {name: values[name] for name in CHANGED if values.get(name)} | {"LastModified": _now()}
    return _answer(200, {"CodeSigningConfig": config})


def _delete(config: Values) -> Any:
    used = _functions(config[FIELD])
    if used:
        raise SigningRefused(409, "ResourceConflictException", f"{config[FIELD]} is used by {used[0]}")
    del _configs[config[FIELD]]
    return 204, {}, b""


def _own() -> list[Values]:
    return [one for arn, one in _configs.items() if arn.split(":")[3:5] == [get_region(), get_account_id()]]


def _config(arn: str) -> Values:
    if arn not in _configs:
        raise SigningRefused(404, "ResourceNotFoundException", f"The code signing configuration cannot be found: {arn}")
    return _configs[arn]


def _functions(arn: str) -> list[str]:
    return [one["config"]["FunctionArn"] for one in lambda_svc._functions.values() if one.get(OF_FUNCTION) == arn]


def _checked(arn: str | None) -> Callable[[], None]:
    """https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionCodeSigningConfig.html"""

    def check() -> None:
        if arn not in _configs:
            raise SigningRefused(
                404, "CodeSigningConfigNotFoundException", f"The code signing configuration {arn} cannot be found"
            )

    return check


def _created(data: Values) -> Any:
    arn = data.get(FIELD)
    try:
        if arn:
            _checked(arn)()
            _check_signature(arn)
    except SigningRefused as error:
        return _refusal(error)
    answer = _plain_create(data)
    if arn and answer[0] == 201:
        lambda_svc._functions[data["FunctionName"]][OF_FUNCTION] = arn
    return answer


def _updated(name: str, data: Values) -> Any:
    try:
        _check_signature(lambda_svc._functions.get(name, {}).get(OF_FUNCTION, ""))
    except SigningRefused as error:
        return _refusal(error)
    return _plain_code(name, data)


def _check_signature(arn: str) -> None:
    policies = _configs.get(arn, {}).get("CodeSigningPolicies", {})
    if policies.get("UntrustedArtifactOnDeployment") == "Enforce":
        message = "The code signature failed one or more of the validation checks."
        raise SigningRefused(400, "CodeVerificationFailedException", message)


def _refusal(error: SigningRefused) -> tuple[int, dict[str, str], bytes]:
    status, headers, body = _answer(error.status, {"Type": "User", "Message": str(error)})
    return status, {**headers, "x-amzn-errortype": error.kind}, body


def _answer(status: int, content: Values) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/json"}, json.dumps(content).encode()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


ministack_app.SERVICE_HANDLERS["lambda"] = _handle
lambda_svc._create_function = _created
lambda_svc._update_code = _updated
