"""Starts the CodeDeploy deployment that moves a function's calls to its newest version.

Runs in Lambda when `terraform apply` has published a version: ../starter.py.
https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-resources.html
"""

import json
from typing import Any

import boto3


def handle(event: dict[str, str], context: Any) -> dict[str, str | None]:
    """Start the deployment, unless the alias has the version already. Returns the deployment's id.

    Raises the errors of Lambda and CodeDeploy, which fail `terraform apply`.
    """
    alias = {"Name": event["alias"], "FunctionName": event["function"]}
    current = boto3.client("lambda").get_alias(**alias)["FunctionVersion"]
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
