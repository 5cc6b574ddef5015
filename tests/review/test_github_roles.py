"""Calls that are denied to GitHub's roles. Their permissions to deploy and review are shown by the tests' deployment
and its plans, which use sessions of these roles.
"""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.deployed import Deployment
from tests.support.github_roles import DEPLOY, PRODUCTION, PULL_REQUEST, REVIEW, take


@pytest.mark.parametrize(
    ("role", "subject"),
    [
        (DEPLOY, PULL_REQUEST),
        (DEPLOY, "repo:owner/other:environment:production"),
        (DEPLOY, "repo:owner/name:environment:staging"),
        (REVIEW, "repo:stranger/name:pull_request"),
        (REVIEW, PRODUCTION),
    ],
)
def test_a_run_of_anything_else_gets_no_session(deployment: Deployment, role: str, subject: str) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        take(deployment.local, role, subject)


@pytest.fixture
def refused(deployment: Deployment) -> Callable[..., str]:
    """The error code of a call in a role's session."""

    def refused(role: str, subject: str, service: str, operation: str, **parameters: Any) -> str:
        session = take(deployment.local, role, subject)
        client = deployment.local.client(
            service,
            aws_access_key_id=session["AccessKeyId"],
            aws_secret_access_key=session["SecretAccessKey"],
            aws_session_token=session["SessionToken"],
        )
        with pytest.raises(ClientError) as refusal:
            getattr(client, operation)(**parameters)
        return str(refusal.value.response["Error"]["Code"])

    return refused


def test_the_reviewing_role_changes_nothing(deployment: Deployment, refused: Callable[..., str]) -> None:
    outputs = deployment.outputs("object-tracker")
    function = {"FunctionName": outputs["FunctionName"], "MemorySize": 256}
    state = {"Bucket": deployment.target.environment["STATE_BUCKET"], "Key": "sluice/object-tracker/terraform.tfstate"}
    run = (REVIEW, PULL_REQUEST)
    assert refused(*run, "lambda", "update_function_configuration", **function) == "AccessDeniedException"
    assert refused(*run, "s3", "put_object", **state, Body=b"") == "AccessDenied"
    assert refused(*run, "s3", "delete_bucket", Bucket=outputs["BucketName"]) == "AccessDenied"


def test_the_deploying_role_reads_no_data_and_reaches_nothing_of_another_name(
    deployment: Deployment, refused: Callable[..., str]
) -> None:
    outputs = deployment.outputs("object-tracker")
    policy = {"RoleName": DEPLOY, "PolicyName": "More", "PolicyDocument": "{}"}
    run = (DEPLOY, PRODUCTION)
    assert refused(*run, "dynamodb", "scan", TableName=outputs["TableName"]) == "AccessDeniedException"
    assert refused(*run, "s3", "get_object", Bucket=outputs["BucketName"], Key="a") == "AccessDenied"
    assert refused(*run, "s3", "create_bucket", Bucket="somebody-elses") == "AccessDenied"
    assert refused(*run, "iam", "put_role_policy", **policy) == "AccessDenied"
