"""Which versions of the AWS provider a stack's Terraform is good for."""

import re
from typing import Any

from cdktf import TerraformStack
from cdktf_cdktf_provider_aws import dynamodb_table
from cdktf_cdktf_provider_aws.data_aws_region import DataAwsRegion
from packaging.version import Version

from ._paths import path
from .errors import ConfigurationError

# What version 6 deprecates has to be written as versions 5 and 6 both read it where the binding knows version 5 only:
# https://registry.terraform.io/providers/hashicorp/aws/latest/docs/guides/version-6-upgrade
REGION_ATTRIBUTE = "region" if hasattr(DataAwsRegion, "region") else "name"
INDEX_KEY: Any = getattr(dynamodb_table, "DynamodbTableGlobalSecondaryIndexKeySchema", None)

# `key_schema` came with 6.29, and the releases after it rebuilt indexes for no reason:
# https://github.com/hashicorp/terraform-provider-aws/pull/46602
LOWEST = "6.47.0" if INDEX_KEY else "6.0.0" if REGION_ATTRIBUTE == "region" else "5.100.0"
ABOVE = "7.0.0"
ADMITTED = f">= {LOWEST}, < {ABOVE}"

# Without a host it is the registry of whichever runs, Terraform or OpenTofu.
SOURCE = "hashicorp/aws"


def require_aws_provider(stack: TerraformStack, version: str | None = None) -> None:
    """Admit every AWS provider that the module classes' Terraform is the same for, not only the binding's own.

    The binding pins the one version that it was made from, so that a stack cannot be used with a Terraform module that
    asks for another. This widens it: to `>= 5.100.0, < 7.0.0` with CDKTF's binding, to `>= 6.47.0, < 7.0.0` with CDK
    Terrain's, which writes what earlier versions do not know. `version` names exactly one of these instead, such as
    `6.28.0`: then every machine plans with the same. Raises `ConfigurationError` for any other.

    Terraform takes the newest that is admitted, unless a `.terraform.lock.hcl` holds it to an earlier one. A state that
    version 6 has written cannot be read by version 5.
    https://developer.hashicorp.com/terraform/language/providers/requirements#version-constraints
    """
    if version is not None:
        _check(stack, version)
    stack.add_override("terraform.required_providers.aws.version", version or ADMITTED)
    stack.add_override("terraform.required_providers.aws.source", SOURCE)


def _check(stack: TerraformStack, version: str) -> None:
    exact = isinstance(version, str) and re.fullmatch(r"\d{1,4}\.\d{1,4}\.\d{1,4}", version)
    if not exact or not Version(LOWEST) <= Version(version) < Version(ABOVE):
        raise ConfigurationError(
            f"{path(stack)}: the AWS provider's version is {version!r}; give one such as {LOWEST}, out of {ADMITTED}"
        )
