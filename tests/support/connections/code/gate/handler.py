"""Decides who may call an API, and answers with what the API knows of the caller."""

import json
from typing import Any


def decide(event: dict[str, Any], context: Any) -> dict[str, Any]:
    effect = "Allow" if event["headers"].get("X-Token") == "good" else "Deny"
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
    return {
        "principalId": "somebody",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"team": "blue"},
    }


def answer(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return {"statusCode": 200, "body": json.dumps(event["requestContext"].get("authorizer") or {})}
