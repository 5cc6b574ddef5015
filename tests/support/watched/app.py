"""A stack with a function of the module classes and one that its author wrote out, for the tests of `sluice watch`."""

# ruff: noqa: I001
import json
from pathlib import Path

from modules import PythonFunction  # before the binding is loaded whole

from cdktf import App, AssetType, TerraformAsset, TerraformStack
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.lambda_function import LambdaFunction
from cdktf_cdktf_provider_aws.provider import AwsProvider

HERE = Path(__file__).parent
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}


class Ours(TerraformStack):
    def __init__(self, scope, id_):
        super().__init__(scope, id_)
        AwsProvider(self, "aws", region="eu-west-1")
        PythonFunction(
            self,
            "Echo",
            name="watched-echo",
            packages=[HERE / "ours" / "echo", HERE / "ours" / "common"],
            runtime="python3.11",
        )


class Plain(TerraformStack):
    def __init__(self, scope, id_):
        super().__init__(scope, id_)
        AwsProvider(self, "aws", region="eu-west-1")
        role = IamRole(self, "role", name="watched-plain", assume_role_policy=json.dumps(TRUST))
        code = TerraformAsset(self, "code", path=str(HERE / "plain"), type=AssetType.ARCHIVE)
        LambdaFunction(
            self,
            "function",
            function_name="watched-plain",
            role=role.arn,
            handler="index.handler",
            runtime="python3.11",
            timeout=30,
            filename=code.path,
            source_code_hash=f'${{filebase64sha256("{code.path}")}}',
        )


app = App()
Ours(app, "ours")
Plain(app, "plain")
app.synth()
