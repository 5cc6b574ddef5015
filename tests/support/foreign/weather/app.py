"""A CDKTF app as a team writes it that has never heard of Sluice: raw resources, no thought of a local AWS.

Two stacks, one of which reads the other's outputs; a role and a profile for deployment; a second region.
"""

import json
from pathlib import Path

from cdktf import App, AssetType, TerraformAsset, TerraformOutput, TerraformStack
from cdktf_cdktf_provider_aws.dynamodb_table import DynamodbTable
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.lambda_function import LambdaFunction
from cdktf_cdktf_provider_aws.lambda_function_event_invoke_config import LambdaFunctionEventInvokeConfig
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.sns_topic import SnsTopic
from cdktf_cdktf_provider_aws.sqs_queue import SqsQueue

REGION = "eu-central-1"


def policy(principal=None, **statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **(principal or {}), **statement}]})


class Store(TerraformStack):
    def __init__(self, scope, id_):
        super().__init__(scope, id_)
        AwsProvider(
            self,
            "aws",
            region=REGION,
            profile="production",
            allowed_account_ids=["123456789012"],
            assume_role=[{"role_arn": "arn:aws:iam::123456789012:role/deploy"}],
            endpoints=[{"dynamodb": "https://dynamodb.eu-central-1.amazonaws.com"}],
        )
        self.table = DynamodbTable(
            self,
            "table",
            name="weather",
            billing_mode="PAY_PER_REQUEST",
            hash_key="id",
            attribute=[{"name": "id", "type": "S"}],
        )
        TerraformOutput(self, "table_name", value=self.table.name)


class Compute(TerraformStack):
    def __init__(self, scope, id_, store):
        super().__init__(scope, id_)
        AwsProvider(self, "aws", region=REGION)
        west = AwsProvider(self, "west", alias="west", region="us-west-2")
        SnsTopic(self, "news", name="weather-news", provider=west)
        failed = SqsQueue(self, "failed", name="weather-failed")
        dead = SqsQueue(self, "dead", name="weather-dead")
        # Without blanks, as the provider stores it: its first plan after an apply would show them as a change.
        redrive = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": 1}, separators=(",", ":"))
        SqsQueue(self, "work", name="weather-work", redrive_policy=redrive, visibility_timeout_seconds=1)
        lambda_service = {"Principal": {"Service": "lambda.amazonaws.com"}}
        role = IamRole(self, "role", name="weather", assume_role_policy=policy(lambda_service, Action="sts:AssumeRole"))
        for name, action, resource in (
            ("put", "dynamodb:PutItem", store.table.arn),
            ("fail", "sqs:SendMessage", failed.arn),
        ):
            IamRolePolicy(self, name, name=name, role=role.id, policy=policy(Action=action, Resource=resource))
        code = TerraformAsset(self, "code", path=str(Path(__file__).parent / "code"), type=AssetType.ARCHIVE)
        function = LambdaFunction(
            self,
            "function",
            function_name="weather",
            role=role.arn,
            handler="index.handler",
            runtime="python3.11",
            filename=code.path,
            environment={"variables": {"TABLE": store.table.name}},
        )
        LambdaFunctionEventInvokeConfig(
            self,
            "invoke",
            function_name=function.function_name,
            maximum_retry_attempts=0,
            destination_config={"on_failure": {"destination": failed.arn}},
        )
        TerraformOutput(self, "function_name", value=function.function_name)
        TerraformOutput(self, "secret", value="hunter2", sensitive=True)


app = App()
print("synthesizing", app.node.try_get_context("team"))
Compute(app, "compute", Store(app, "store"))
app.synth()
