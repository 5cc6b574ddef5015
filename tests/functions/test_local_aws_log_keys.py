"""The key of a log group that exists already can be changed on the local AWS, as on AWS."""

from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from sluice_cli.local_aws.server import LocalAws


def test_a_log_group_gets_a_key_and_loses_it(local_aws: LocalAws) -> None:
    logs, name, key = local_aws.client("logs"), f"test-{uuid4().hex[:8]}", "arn:aws:kms:us-east-1:000000000000:key/k"
    logs.create_log_group(logGroupName=name)
    seen = []
    try:
        logs.associate_kms_key(logGroupName=name, kmsKeyId=key)
        seen.append(logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0].get("kmsKeyId"))
        logs.disassociate_kms_key(logGroupName=name)
        seen.append(logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0].get("kmsKeyId"))
    finally:
        logs.delete_log_group(logGroupName=name)
    assert seen == [key, None]


def test_a_log_group_that_is_not_there_gets_no_key(local_aws: LocalAws) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        local_aws.client("logs").associate_kms_key(logGroupName="test-none", kmsKeyId="arn:aws:kms:us-east-1:0:key/k")
