from collections.abc import Sequence
from dataclasses import dataclass

from constructs import Construct

from . import _limits as limits
from .iam import Condition, Statement

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
INTERFACE_ACTIONS = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:UnassignPrivateIpAddresses",
)
# EC2 has no resources to name for these.
DESCRIBE_ACTIONS = ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets")

CONNECTING_ACCEPTED = {
    "RESOURCE_MISMATCH": "AWS prescribes all resources of EC2, not only interfaces; the function's own code is denied "
    "the same actions",
}
DENIAL_ACCEPTED = {
    "UNKNOWN_CONDITION_FOR_ACTION": "Lambda adds this condition key to what a function's code asks of any service",
}


@dataclass(frozen=True)
class Vpc:
    """The subnets (one in each availability zone that may fail) and security groups of a function.

    It has to reach AWS's services from there: by VPC endpoints, or by a NAT gateway.
    """

    subnet_ids: Sequence[str]
    security_group_ids: Sequence[str]

    def check(self, function: Construct) -> None:
        """Raises `ConfigurationError` for more, or fewer, of them than Lambda allows."""
        limits.SUBNETS.check(function, "vpc.subnet_ids", self.subnet_ids)
        limits.SECURITY_GROUPS.check(function, "vpc.security_group_ids", self.security_group_ids)
        for id_ in self.subnet_ids:
            limits.SUBNET_ID.check(function, "vpc.subnet_ids", id_)
        for id_ in self.security_group_ids:
            limits.SECURITY_GROUP_ID.check(function, "vpc.security_group_ids", id_)


def connecting(partition: str) -> list[Statement]:
    """Actions of Lambda, with the function's role, to connect it."""
    return [
        # All ids, in the very form the page above prescribes: the id of an interface is not known before it is created.
        Statement(sid="KeepInterfaces", actions=INTERFACE_ACTIONS, resources=[f"arn:{partition}:ec2:*:*:*/*"]),
        Statement(sid="FindInterfaces", actions=DESCRIBE_ACTIONS, resources=["*"]),
    ]


def denied_to_code(function_arn: str) -> Statement:
    """The same, refused to the function's code, which has the same role.

    https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
    """
    return Statement(
        sid="InterfacesAreLambdas",
        effect="Deny",
        actions=(*INTERFACE_ACTIONS, *DESCRIBE_ACTIONS),
        resources=["*"],
        conditions=[Condition("ArnEquals", "lambda:SourceFunctionArn", [function_arn])],
    )
