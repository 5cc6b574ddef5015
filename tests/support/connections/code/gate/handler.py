"""Decides who may call an API, and answers with what the API knows of the caller."""

import json
from typing import Any


def decide(event: dict[str, Any], context: Any) -> dict[str, Any]:
    sent = {name.lower(): value for name, value in event["headers"].items()}["x-token"]
    if sent == "broken":
        raise ValueError("this authorizer cannot decide")
    effect = "Allow" if sent.startswith("good") else "Deny"
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
    return {
        "principalId": "somebody",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"team": "blue", "decision": context.aws_request_id},
    }


def answer(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return {"statusCode": 200, "body": json.dumps(event["requestContext"].get("authorizer") or {})}
