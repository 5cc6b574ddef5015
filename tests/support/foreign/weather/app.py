"""A CDKTF app as a team writes it that has never heard of Sluice: raw resources, no thought of a local AWS.

Two stacks, one of which reads the other's outputs; a role and a profile for deployment; a second region. The resources
are CDKTF's own escape hatch: loading the AWS provider's classes takes ten seconds of processor time.
"""

import json
from pathlib import Path

from cdktf import App, AssetType, TerraformAsset, TerraformOutput, TerraformResource, TerraformStack

REGION = "eu-central-1"


def policy(principal=None, **statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **(principal or {}), **statement}]})


def use_aws(stack, *providers):
    stack.add_override("terraform.required_providers.aws", {"source": "aws", "version": "5.100.0"})
    stack.add_override("provider.aws", [*providers])


class Resource(TerraformResource):
    def __init__(self, scope, id_, type_, **arguments):
        super().__init__(scope, id_, terraform_resource_type=type_)
        for name, value in arguments.items():
            self.add_override(name, value)

    def __getitem__(self, attribute):
        return self.get_string_attribute(attribute)


class Store(TerraformStack):
    def __init__(self, scope, id_):
        super().__init__(scope, id_)
        use_aws(
            self,
            {
                "region": REGION,
                "profile": "production",
                "allowed_account_ids": ["123456789012"],
                "assume_role": [{"role_arn": "arn:aws:iam::123456789012:role/deploy"}],
                "endpoints": [{"dynamodb": "https://dynamodb.eu-central-1.amazonaws.com"}],
            },
        )
        self.table = Resource(
            self,
            "table",
            "aws_dynamodb_table",
            name="weather",
            billing_mode="PAY_PER_REQUEST",
            hash_key="id",
            attribute=[{"name": "id", "type": "S"}],
        )
        TerraformOutput(self, "table_name", value=self.table["name"])


class Compute(TerraformStack):
    def __init__(self, scope, id_, store):
        super().__init__(scope, id_)
        use_aws(self, {"region": REGION}, {"alias": "west", "region": "us-west-2"})
        Resource(self, "news", "aws_sns_topic", name="weather-news", provider="aws.west")
        failed = Resource(self, "failed", "aws_sqs_queue", name="weather-failed")
        dead = Resource(self, "dead", "aws_sqs_queue", name="weather-dead")
        # Without blanks, as the provider stores it: its first plan after an apply would show them as a change.
        redrive = json.dumps({"deadLetterTargetArn": dead["arn"], "maxReceiveCount": 1}, separators=(",", ":"))
        queue = {"name": "weather-work", "redrive_policy": redrive, "visibility_timeout_seconds": 1}
        Resource(self, "work", "aws_sqs_queue", **queue)
        assumed = policy({"Principal": {"Service": "lambda.amazonaws.com"}}, Action="sts:AssumeRole")
        role = Resource(self, "role", "aws_iam_role", name="weather", assume_role_policy=assumed)
        for name, action, resource in (
            ("put", "dynamodb:PutItem", store.table["arn"]),
            ("fail", "sqs:SendMessage", failed["arn"]),
        ):
            allowed = policy(Action=action, Resource=resource)
            Resource(self, name, "aws_iam_role_policy", name=name, role=role["id"], policy=allowed)
        code = TerraformAsset(self, "code", path=str(Path(__file__).parent / "code"), type=AssetType.ARCHIVE)
        function = Resource(
            self,
            "function",
            "aws_lambda_function",
            function_name="weather",
            role=role["arn"],
            handler="index.handler",
            runtime="python3.11",
            filename=code.path,
            environment={"variables": {"TABLE": store.table["name"]}},
        )
        Resource(
            self,
            "invoke",
            "aws_lambda_function_event_invoke_config",
            function_name=function["function_name"],
            maximum_retry_attempts=0,
            destination_config={"on_failure": {"destination": failed["arn"]}},
        )
        TerraformOutput(self, "function_name", value=function["function_name"])
        TerraformOutput(self, "secret", value="hunter2", sensitive=True)


app = App()
print("synthesizing", app.node.try_get_context("team"))
Compute(app, "compute", Store(app, "store"))
app.synth()
