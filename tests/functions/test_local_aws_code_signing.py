"""Code signing of functions on the local AWS: these tests fail without code_signing.py, the last without actions.py."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.bare_aws import LOGS, BareAws, allow

SOURCE = "def handle(event, context): return 1"
PUBLISHERS = {"SigningProfileVersionArns": ["arn:aws:signer:us-east-1:000000000000:/signing-profiles/team/0123456789"]}


def config(aws: BareAws, policy: str) -> str:
    client = aws.client("lambda")
    made = client.create_code_signing_config(
        AllowedPublishers=PUBLISHERS, CodeSigningPolicies={"UntrustedArtifactOnDeployment": policy}
    )
    return str(made["CodeSigningConfig"]["CodeSigningConfigArn"])


def refusal(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return str(refused.value.response["Error"]["Code"])


def test_a_function_keeps_the_configuration_that_it_was_made_with(aws: BareAws) -> None:
    client, arn = aws.client("lambda"), config(aws, "Warn")
    aws.function("signed", aws.role("signed", allow(LOGS)), SOURCE, CodeSigningConfigArn=arn)
    name = client.list_functions_by_code_signing_config(CodeSigningConfigArn=arn)["FunctionArns"][0].rpartition(":")[2]
    assert client.get_function_code_signing_config(FunctionName=name)["CodeSigningConfigArn"] == arn
    assert refusal(client.delete_code_signing_config, CodeSigningConfigArn=arn) == "ResourceConflictException"
    client.delete_function_code_signing_config(FunctionName=name)
    client.delete_code_signing_config(CodeSigningConfigArn=arn)
    assert refusal(client.get_code_signing_config, CodeSigningConfigArn=arn) == "ResourceNotFoundException"


def test_a_policy_that_enforces_signatures_refuses_code_without_one(aws: BareAws) -> None:
    client, arn, role = aws.client("lambda"), config(aws, "Enforce"), aws.role("enforced", allow(LOGS))
    with pytest.raises(ClientError, match="CodeVerificationFailedException"):
        aws.function("enforced", role, SOURCE, CodeSigningConfigArn=arn)
    function = aws.function("enforced", role, SOURCE)
    client.put_function_code_signing_config(FunctionName=function, CodeSigningConfigArn=arn)
    code = client.update_function_code
    assert refusal(code, FunctionName=function, ZipFile=b"PK") == "CodeVerificationFailedException"
    changed = {"UntrustedArtifactOnDeployment": "Warn"}
    client.update_code_signing_config(CodeSigningConfigArn=arn, CodeSigningPolicies=changed)
    listed = {one["CodeSigningConfigArn"]: one for one in client.list_code_signing_configs()["CodeSigningConfigs"]}
    assert (listed[arn]["CodeSigningPolicies"], listed[arn]["AllowedPublishers"]) == (changed, PUBLISHERS)


def test_a_function_gets_no_configuration_that_is_not_there(aws: BareAws) -> None:
    client, role = aws.client("lambda"), aws.role("unsigned", allow(LOGS))
    missing = "arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-00000000000000000"
    with pytest.raises(ClientError, match="CodeSigningConfigNotFoundException"):
        aws.function("unsigned", role, SOURCE, CodeSigningConfigArn=missing)
    function = aws.function("unsigned", role, SOURCE)
    put = client.put_function_code_signing_config
    assert refusal(put, FunctionName=function, CodeSigningConfigArn=missing) == "CodeSigningConfigNotFoundException"


def test_each_call_needs_its_own_right(aws: BareAws) -> None:
    arn, function = config(aws, "Warn"), aws.function("rights", aws.role("rights", allow(LOGS)), SOURCE)
    reader = aws.client("lambda", aws.role("reader", allow(["lambda:GetCodeSigningConfig"], arn)))
    assert reader.get_code_signing_config(CodeSigningConfigArn=arn)["CodeSigningConfig"]["CodeSigningConfigArn"] == arn
    refused = [
        refusal(reader.create_code_signing_config, AllowedPublishers=PUBLISHERS),
        refusal(reader.list_code_signing_configs),
        refusal(reader.update_code_signing_config, CodeSigningConfigArn=arn, Description="other"),
        refusal(reader.get_code_signing_config, CodeSigningConfigArn=f"{arn[:-17]}{'0' * 17}"),
        refusal(reader.put_function_code_signing_config, FunctionName=function, CodeSigningConfigArn=arn),
        refusal(reader.delete_function_code_signing_config, FunctionName=function),
    ]
    assert refused == ["AccessDeniedException"] * 6
