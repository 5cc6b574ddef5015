"""Account, partition and region that a stack deploys to, as one data source of each per stack.

An existing data source of the stack is reused, unless it has a provider configuration of its own (`provider=`).
"""

import functools
from typing import TypeVar

from cdktf import TerraformDataSource, TerraformStack
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from cdktf_cdktf_provider_aws.data_aws_partition import DataAwsPartition
from cdktf_cdktf_provider_aws.data_aws_region import DataAwsRegion
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from ._limits import ACCOUNT_ID
from ._stack import stack_of
from .provider_versions import REGION_ATTRIBUTE

Source = TypeVar("Source", bound=TerraformDataSource)


def account_id(scope: Construct) -> str:
    """The account id, as a Terraform reference."""
    return _account_id(stack_of(scope))


def owner(scope: Construct, given: str | None) -> str:
    """The account that owns a resource: the given one, or the stack's."""
    if given is None:
        return account_id(scope)
    ACCOUNT_ID.check(scope, "account_id", given)
    return given


def partition(scope: Construct) -> str:
    """The partition in ARNs (`aws`, `aws-cn` in China, `aws-us-gov` in GovCloud), as a Terraform reference.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    """
    return _partition(stack_of(scope))


def region(scope: Construct) -> str:
    """The name of the region, as a Terraform reference."""
    return _region(stack_of(scope))


def dns_suffix(scope: Construct) -> str:
    """The domain of service endpoints, as a Terraform reference: `amazonaws.com`, `amazonaws.com.cn` in China."""
    return _dns_suffix(stack_of(scope))


def regional_service(scope: Construct, service: str) -> str:
    """The regional service name that key policies use: `dynamodb.us-east-1.amazonaws.com`.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
    """
    return f"{service}.{region(scope)}.{dns_suffix(scope)}"


@functools.cache
def _account_id(stack: TerraformStack) -> str:
    return str(_find_or_make(stack, DataAwsCallerIdentity, "CurrentAccount").account_id)


@functools.cache
def _partition(stack: TerraformStack) -> str:
    return str(_partition_source(stack).partition)


@functools.cache
def _dns_suffix(stack: TerraformStack) -> str:
    return str(_partition_source(stack).dns_suffix)


@functools.cache
def _region(stack: TerraformStack) -> str:
    return str(getattr(_find_or_make(stack, DataAwsRegion, "CurrentRegion"), REGION_ATTRIBUTE))


@functools.cache
def _partition_source(stack: TerraformStack) -> DataAwsPartition:
    return _find_or_make(stack, DataAwsPartition, "CurrentPartition")


def _find_or_make(stack: TerraformStack, kind: type[Source], id_: str) -> Source:
    for child in stack.node.children:
        if isinstance(child, kind) and child.provider is None:
            return child
    return kind(stack, id_)  # type: ignore[call-arg]


def provider_accounts(scope: Construct) -> list[str]:
    """The accounts that the stack's provider admits (`allowed_account_ids`); empty where any is admitted."""
    providers = [one for one in stack_of(scope).node.children if isinstance(one, AwsProvider) and one.alias is None]
    return [str(account) for one in providers for account in one.allowed_account_ids or ()]
