import base64
from pathlib import Path

from cdktf import AssetType, TerraformAsset
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.codedeploy_app import CodedeployApp
from cdktf_cdktf_provider_aws.codedeploy_deployment_config import CodedeployDeploymentConfig
from cdktf_cdktf_provider_aws.codedeploy_deployment_group import CodedeployDeploymentGroup
from cdktf_cdktf_provider_aws.lambda_alias import LambdaAlias
from cdktf_cdktf_provider_aws.lambda_function import LambdaFunction
from cdktf_cdktf_provider_aws.lambda_invocation import LambdaInvocation
from constructs import Construct

from .. import _limits as limits
from .._checks import is_token
from .._expressions import encode_json
from .._identifiers import shorten
from .._packaging import build_archive, sha256
from ..accepted import accept
from ..iam import RolePolicies, Statement, service_role
from ..key import AnyKey

CODE = Path(__file__).parent / "start_release"
SUFFIX = "-release-start"
RUNTIME = "python3.13"

LOG_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")
ACCEPTED = {
    "CKV_AWS_50": "it runs once for each new version, and its log names the deployment",
    "CKV_AWS_115": "it runs once for each new version, never for an event",
    "CKV_AWS_116": "Terraform waits for its answer, and reports its error",
    "CKV_AWS_117": "it calls AWS's own endpoints only; in a VPC each would have to be paid for by the hour",
    "CKV_AWS_272": "the code's hash is in the reviewed plan; a signing profile is the account's own to make",
}
LOGS_ACCEPTED = {"CKV_AWS_158": "CloudWatch Logs encrypts all logs by itself; this one holds names and versions"}


class ReleaseStarter(Construct):
    """A function that starts a CodeDeploy deployment, called by Terraform for each new version.

    Terraform has no resource that starts a deployment. This needs nothing on the machine that applies, where the AWS
    command line would have to be installed.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        function: LambdaFunction,
        name: str,
        alias: LambdaAlias,
        application: CodedeployApp,
        config: CodedeployDeploymentConfig,
        group: CodedeployDeploymentGroup,
        log_retention_days: float,
        key: AnyKey | None,
    ) -> None:
        super().__init__(scope, id_)
        longest = limits.FUNCTION_NAME.longest - len(SUFFIX)
        own_name = f"{name if is_token(name) else shorten(name, longest)}{SUFFIX}"
        log_group = CloudwatchLogGroup(
            self,
            "LogGroup",
            name=f"/aws/lambda/{own_name}",
            retention_in_days=log_retention_days,
            kms_key_id=key.arn if key else None,
        )
        if key:
            key.allow_log_group(f"/aws/lambda/{own_name}")
        else:
            accept(log_group, LOGS_ACCEPTED)
        role = service_role(
            self,
            name=own_name,
            sid="LambdaService",
            service="lambda.amazonaws.com",
        )
        # https://docs.aws.amazon.com/codedeploy/latest/userguide/auth-and-access-control-permissions-reference.html
        rights = RolePolicies(self, role.name).add(
            self,
            "Start",
            Statement(sid="WriteOwnLogs", actions=LOG_ACTIONS, resources=[f"{log_group.arn}:*"]),
            Statement(sid="ReadAlias", actions=["lambda:GetAlias"], resources=[function.arn]),
            Statement(sid="StartDeployment", actions=["codedeploy:CreateDeployment"], resources=[group.arn]),
            Statement(sid="ReadConfig", actions=["codedeploy:GetDeploymentConfig"], resources=[config.arn]),
            Statement(
                sid="RegisterRevision",
                actions=["codedeploy:GetApplicationRevision", "codedeploy:RegisterApplicationRevision"],
                resources=[application.arn],
            ),
        )
        archive = build_archive([CODE])
        digest = sha256(archive)
        code = TerraformAsset(self, "Code", path=str(archive), type=AssetType.FILE, asset_hash=digest.hex())
        starter = LambdaFunction(
            self,
            "Function",
            function_name=own_name,
            role=role.arn,
            runtime=RUNTIME,
            handler=f"{CODE.name}.handler.handle",
            filename=code.path,
            source_code_hash=base64.b64encode(digest).decode(),
            timeout=30,
            memory_size=256,
            depends_on=[log_group, rights],
        )
        accept(starter, ACCEPTED)
        LambdaInvocation(
            self,
            "Invocation",
            function_name=starter.function_name,
            input=encode_json(
                {
                    "function": function.function_name,
                    "alias": alias.name,
                    "version": function.version,
                    "application": application.name,
                    "group": group.deployment_group_name,
                }
            ),
            triggers={"version": function.version},
        )
