"""Starts the CodeDeploy deployment that moves a function's calls to its newest version.

Runs in Lambda when `terraform apply` has published a version: ../starter.py.
https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-resources.html
"""

import json
import os
import time
from typing import Any

import boto3
from botocore.exceptions import ClientError

# A new role's permissions take effect after some seconds; the function is called as soon as it is made.
PATIENCE_SECONDS = float(os.environ.get("PATIENCE_SECONDS", "20"))


def handle(event: dict[str, str], context: Any) -> dict[str, str | None]:
    """Start the deployment, unless the alias has the version already. Returns the deployment's id.

    Raises the errors of Lambda and CodeDeploy, which fail `terraform apply`.
    """
    current = _live_version(event["function"], event["alias"])
    if current == event["version"]:
        return {"deploymentId": None}
    shift = {
        "Name": event["function"],
        "Alias": event["alias"],
        "CurrentVersion": current,
        "TargetVersion": event["version"],
    }
    spec = {"version": 0.0, "Resources": [{"function": {"Type": "AWS::Lambda::Function", "Properties": shift}}]}
    answer = boto3.client("codedeploy").create_deployment(
        applicationName=event["application"],
        deploymentGroupName=event["group"],
        revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": json.dumps(spec)}},
    )
    return {"deploymentId": answer["deploymentId"]}


def _live_version(function: str, alias: str) -> str:
    client, deadline = boto3.client("lambda"), time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return str(client.get_alias(FunctionName=function, Name=alias)["FunctionVersion"])
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDeniedException" or time.monotonic() > deadline:
                raise
            time.sleep(2)
