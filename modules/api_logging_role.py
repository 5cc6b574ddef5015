from cdktf_cdktf_provider_aws.api_gateway_account import ApiGatewayAccount
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from ._account import owner, partition
from ._limits import ROLE_NAME
from .iam import Condition, service_role


class ApiLoggingRole(Construct):
    """The role with which API Gateway writes logs, for all REST APIs of the account in this region.

    There is one such setting for each account and region; who makes it owns it, and destroying it leaves the setting
    as it is. `resource` is that setting, `role` the role it names. https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
    """

    def __init__(self, scope: Construct, id_: str, *, name: str, account_id: str | None = None) -> None:
        super().__init__(scope, id_)
        ROLE_NAME.check(self, "name", name)
        self.role = service_role(
            self,
            name=name,
            sid="ApiGatewayService",
            service="apigateway.amazonaws.com",
            conditions=[Condition("StringEquals", "aws:SourceAccount", [owner(self, account_id)])],
        )
        attachment = IamRolePolicyAttachment(
            self,
            "WriteLogs",
            role=self.role.name,
            policy_arn=f"arn:{partition(self)}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs",
        )
        self.resource = ApiGatewayAccount(self, "Account", cloudwatch_role_arn=self.role.arn, depends_on=[attachment])
