"""Secrets without a value: ministack 1.5.33 answers GetSecretValue for them with neither SecretString nor SecretBinary.

Secrets Manager answers that there is no value: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
"""

import json
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import secretsmanager

from completing import existing

_plain_value = existing(secretsmanager, "_get_secret_value")


def _get_secret_value(data: dict[str, Any]) -> Any:
    status, headers, body = _plain_value(data)
    if status == 200 and not json.loads(body).keys() & {"SecretString", "SecretBinary"}:
        label = data.get("VersionStage", "AWSCURRENT")
        message = f"Secrets Manager can't find the specified secret value for staging label: {label}"
        return error_response_json("ResourceNotFoundException", message, 400)
    return status, headers, body


secretsmanager._get_secret_value = _get_secret_value
