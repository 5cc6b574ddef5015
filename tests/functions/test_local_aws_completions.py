"""Completions of ministack (sluice_cli/local_aws/emulator). Each test fails without its completion.

tests/local/test_local_aws.py tests those of a function's execution environment.
"""

import base64
import json
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4
from xml.etree import ElementTree

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from checks import ROOT
from sluice_cli.local_aws.environment import python_of_local_aws
from sluice_cli.local_aws.server import APP, REGION, LocalAws
from sluice_cli.local_aws.signed_request import send

KEYS = ["ctrl\x01.txt", "\x1f", "line\nend", "cr\rend", "tab\t", "per%cent", "a&b<c>", "a+b c", "\x7f", "x/", "ü"]


@pytest.fixture
def bucket(local_aws: LocalAws) -> Iterator[str]:
    name, s3 = f"test-completions-{uuid4().hex[:8]}", local_aws.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for key in KEYS:
        s3.put_object(Bucket=name, Key=key, Body=b"content")
    yield name
    for one in s3.list_object_versions(Bucket=name)["Versions"]:
        s3.delete_object(Bucket=name, Key=one["Key"], VersionId=one["VersionId"])
    s3.delete_bucket(Bucket=name)


def test_versions_are_listed_whatever_characters_their_keys_have(local_aws: LocalAws, bucket: str) -> None:
    listed = local_aws.client("s3").list_object_versions(Bucket=bucket)["Versions"]
    assert sorted(one["Key"] for one in listed) == sorted(KEYS)


def test_pages_of_versions_go_on_after_any_key(local_aws: LocalAws, bucket: str) -> None:
    pages = (
        local_aws.client("s3")
        .get_paginator("list_object_versions")
        .paginate(Bucket=bucket, PaginationConfig={"PageSize": 1})
    )
    assert sorted(one["Key"] for page in pages for one in page["Versions"]) == sorted(KEYS)


def test_who_pays_for_requests_is_answered_whatever_the_bucket_holds(local_aws: LocalAws, bucket: str) -> None:
    assert local_aws.client("s3").get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"


def test_an_object_without_a_checksum_gets_crc64nvme(local_aws: LocalAws, bucket: str) -> None:
    s3 = local_aws.client("s3")
    url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "x/"}, ExpiresIn=60)
    assert send(local_aws, "PUT", url, b"123456789")[0] == 200
    head = s3.head_object(Bucket=bucket, Key="x/", ChecksumMode="ENABLED")
    # The check value of CRC-64/NVME: https://reveng.sourceforge.io/crc-catalogue/all.htm
    assert head["ChecksumCRC64NVME"] == base64.b64encode(bytes.fromhex("AE8B14860A799888")).decode()
    s3.put_object(Bucket=bucket, Key="x/", Body=b"123456789", ChecksumAlgorithm="SHA256")
    assert "ChecksumCRC64NVME" not in s3.head_object(Bucket=bucket, Key="x/", ChecksumMode="ENABLED")


def test_the_filter_of_a_notification_is_decoded_before_it_is_compared(local_aws: LocalAws, bucket: str) -> None:
    s3, sqs = local_aws.client("s3"), local_aws.client("sqs")
    url = sqs.create_queue(QueueName=bucket)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    rules = [{"Name": "prefix", "Value": "monthly+%28%C3%A9%3D1%29/"}, {"Name": "suffix", "Value": "%2B.txt"}]
    target = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"], "Filter": {"Key": {"FilterRules": rules}}}
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [target]}, SkipDestinationValidation=True
    )
    for key in ("monthly (é=1)/a+.txt", "monthly+%28%C3%A9%3D1%29/a%2B.txt", "monthly (é=1)/a .txt"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"content")
    heard: list[str] = []
    while messages := sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2, MaxNumberOfMessages=10).get("Messages"):
        heard += [
            record["s3"]["object"]["key"] for one in messages for record in json.loads(one["Body"]).get("Records", [])
        ]
    assert heard == ["monthly+%28%C3%A9%3D1%29/a%2B.txt"]
    sqs.delete_queue(QueueUrl=url)


def as_user(local: LocalAws, service: str, statement: dict[str, Any]) -> Any:
    """A client of a user with the statement's permissions."""
    name, iam = f"test-{uuid4().hex[:8]}", local.client("iam")
    iam.create_user(UserName=name)
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}
    iam.put_user_policy(UserName=name, PolicyName="May", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    credentials = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    return local.client(service, **credentials)


@pytest.mark.parametrize(
    ("pattern", "read", "refused"),
    [
        ("*", KEYS, []),
        ("line*", ["line\nend"], ["cr\rend"]),
        ("line?end", ["line\nend"], ["cr\rend"]),
        ("*end", ["line\nend", "cr\rend"], ["x/", "tab\t"]),
    ],
)
def test_a_wildcard_of_a_policy_matches_a_line_end_as_any_character(
    local_aws: LocalAws, bucket: str, pattern: str, read: list[str], refused: list[str]
) -> None:
    reader = as_user(local_aws, "s3", {"Action": ["s3:GetObject"], "Resource": [f"arn:aws:s3:::{bucket}/{pattern}"]})
    for key in read:
        assert reader.get_object(Bucket=bucket, Key=key)["Body"].read() == b"content"
    for key in refused:
        with pytest.raises(ClientError, match="AccessDenied"):
            reader.get_object(Bucket=bucket, Key=key)


def test_a_pattern_without_a_wildcard_at_its_end_does_not_match_a_key_that_goes_on_with_a_line_end(
    local_aws: LocalAws, bucket: str
) -> None:
    local_aws.client("s3").put_object(Bucket=bucket, Key="x/\n", Body=b"content")
    reader = as_user(local_aws, "s3", {"Action": ["s3:GetObject"], "Resource": [f"arn:aws:s3:::{bucket}/x/"]})
    with pytest.raises(ClientError, match="AccessDenied"):
        reader.get_object(Bucket=bucket, Key="x/\n")


def test_a_batch_of_messages_needs_the_permission_to_publish(local_aws: LocalAws) -> None:
    topic = local_aws.client("sns").create_topic(Name=f"test-{uuid4().hex[:8]}")["TopicArn"]
    batch = {"TopicArn": topic, "PublishBatchRequestEntries": [{"Id": "0", "Message": "m"}]}
    publisher = as_user(local_aws, "sns", {"Action": ["sns:Publish"], "Resource": [topic]})
    assert [one["Id"] for one in publisher.publish_batch(**batch)["Successful"]] == ["0"]
    other = as_user(local_aws, "sns", {"Action": ["sns:Publish"], "Resource": [f"{topic}-other"]})
    with pytest.raises(ClientError, match="AuthorizationError"):
        other.publish_batch(**batch)


def test_a_call_that_names_its_resource_needs_a_permission_on_that_resource_only(local_aws: LocalAws) -> None:
    resource = "arn:aws:cloudwatch::000000000000:dashboard/test-mine"
    client = as_user(local_aws, "cloudwatch", {"Action": ["cloudwatch:PutDashboard"], "Resource": [resource]})
    client.put_dashboard(DashboardName="test-mine", DashboardBody='{"widgets": []}')
    with pytest.raises(ClientError, match="AccessDenied"):
        client.put_dashboard(DashboardName="test-other", DashboardBody='{"widgets": []}')
    local_aws.client("cloudwatch").delete_dashboards(DashboardNames=["test-mine"])


def test_an_alarm_is_described_in_full_in_the_protocol_of_terraforms_provider(local_aws: LocalAws) -> None:
    name = f"test-{uuid4().hex[:8]}"
    given = {
        "AlarmDescription": "too <many> & more",
        "ActionsEnabled": True,
        "AlarmActions": ["arn:aws:sns:us-east-1:000000000000:test"],
        "TreatMissingData": "notBreaching",
        "Dimensions": [{"Name": "QueueName", "Value": "test"}],
    }
    local_aws.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        MetricName="Messages",
        Namespace="AWS/SQS",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        **given,
    )
    body = urlencode({"Action": "DescribeAlarms", "Version": "2010-08-01", "AlarmNames.member.1": name}).encode()
    running = local_aws.running()
    assert running
    request = AWSRequest("POST", running.url, {"Content-Type": "application/x-www-form-urlencoded"}, body)
    SigV4Auth(Credentials(running.access_key_id, running.secret_access_key), "monitoring", REGION).add_auth(request)
    status, answer = send(local_aws, "POST", running.url, body, dict(request.headers))
    local_aws.client("cloudwatch").delete_alarms(AlarmNames=[name])
    assert status == 200
    space = "{http://monitoring.amazonaws.com/doc/2010-08-01/}"
    (alarm,) = ElementTree.fromstring(answer).findall(f".//{space}MetricAlarms/{space}member")  # noqa: S314
    assert alarm.findtext(f"{space}AlarmDescription") == given["AlarmDescription"]
    assert alarm.findtext(f"{space}ActionsEnabled") == "true"
    assert alarm.findtext(f"{space}AlarmActions/{space}member") == "arn:aws:sns:us-east-1:000000000000:test"
    assert alarm.findtext(f"{space}TreatMissingData") == "notBreaching"
    assert alarm.findtext(f"{space}Dimensions/{space}member/{space}Value") == "test"


CHANGED_MINISTACK = """
import os, runpy, sys
from ministack.core import iam_actions, iam_evaluator, lambda_runtime
from ministack.services import apigateway_v1, cloudwatch, lambda_svc, s3

sys.path.insert(0, os.path.dirname(sys.argv[1]))  # as serve.py does

def refused(app):
    for neighbour in ("actions", "api_keys", "authorizers", "domains", "invoke_config", "runtimes"):
        sys.modules.pop(neighbour, None)
    try:
        runpy.run_path(app)
    except Exception as error:
        return type(error).__name__
    return "accepted"

for module, name in (
    (cloudwatch, "_describe_alarms"), (s3, "_list_object_versions"), (s3, "_list_objects_v1"),
    (s3, "_get_bucket_request_payment"), (s3, "_build_object_record"),
    (s3, "_compute_s3_checksum"), (iam_actions, "extract_resource_arn"), (iam_evaluator, "_fnmatch_compile"),
    (lambda_runtime.Worker, "invoke"), (lambda_runtime.Worker, "_drain_stderr_bounded"),
    (lambda_runtime.Worker, "_read_stderr"), (lambda_runtime.Worker, "_drain_stderr"),
    *((apigateway_v1, name) for name in (
        "_put_integration", "_check_request_validation", "_gateway_error_response", "_execute_in_scope",
        "_invoke_mock_v1", "_json_schema_valid", "_model_schema", "_vtl_close_paren", "_vtl_set", "_vtl_value",
        "_create_api_key", "_apply_patch", "_update_usage_plan", "_create_usage_plan", "_tag_v1_resource",
        "_untag_v1_resource", "_authorize_request_v1", "_validate_cognito_authorizer", "resolve_base_path_mapping",
        "_build_lambda_event_v1",
    )),
    (iam_actions, "extract_iam_action"),
    (lambda_runtime, "_detect_runtime_binary"), (lambda_svc, "_put_event_invoke_config"),
):
    kept = getattr(module, name)
    delattr(module, name)
    print(name, refused(sys.argv[1]))
    setattr(module, name, kept)
script = lambda_runtime._PYTHON_WORKER_SCRIPT
for part in ('"status": "error", "error": str(e)', "_real_stdout.flush()"):
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(part, "")
    print(part, refused(sys.argv[1]))
lambda_runtime._PYTHON_WORKER_SCRIPT = script
print("unchanged", refused(sys.argv[1]))
"""


def test_the_server_does_not_start_if_ministack_lacks_the_replaced_code() -> None:
    done = subprocess.run(
        [str(python_of_local_aws()), "-c", CHANGED_MINISTACK, str(APP)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    *changed, unchanged = done.stdout.splitlines()
    assert len(changed) == 37
    assert [line for line in changed if not line.endswith(" CompletionError")] == []
    assert unchanged == "unchanged accepted"


POOL_KEYS = """
import asyncio, json, os, sys
sys.path.insert(0, os.path.dirname(sys.argv[1]))  # as serve.py does
import authorizers
print(json.dumps(asyncio.run(authorizers._keys("http://127.0.0.1/us-east-1_pool/.well-known/jwks.json"))))
"""


def test_ministack_has_the_keys_of_user_pools_which_are_not_looked_for_before_the_first_token() -> None:
    command = [str(python_of_local_aws()), "-c", POOL_KEYS, str(APP)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    assert {one["use"] for one in json.loads(done.stdout)["keys"]} == {"sig"}


METADATA = """
import json, os, sys

sys.path.insert(0, os.path.dirname(sys.argv[1]))  # as serve.py does
import service_metadata

ours, plain = service_metadata.responses._service_model, service_metadata._plain_model
read = {one: ours(one).metadata for one in ("events", "lambda", "monitoring", "s3", "sns", "sqs", "states")}
print(json.dumps({
    "imported": "botocore" in sys.modules,
    "different": [one for one, metadata in read.items() if metadata != dict(plain(one).metadata)],
    "operations": "CreateQueue" in ours("sqs").operation_names,
    "unknown": [call("no-service") for call in (ours, plain)],
}))
"""


def test_the_metadata_of_services_is_that_of_botocore_which_is_not_imported() -> None:
    command = [str(python_of_local_aws()), "-c", METADATA, str(APP)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    assert json.loads(done.stdout) == {
        "imported": False,
        "different": [],
        "operations": True,
        "unknown": [None, None],
    }


def test_every_completion_is_named_in_the_docs() -> None:
    page = (ROOT / "docs" / "local-aws.md").read_text(encoding="utf-8")
    # What completions share, what one of them is told by another or starts, and what serves them.
    shared = {"completing.py", "rights.py", "denials.py", "serve.py", "fork_server.py"}
    files = {one.name for one in APP.parent.glob("*.py")} - shared
    assert {one for one in files if one not in page} == set()


def test_a_secret_without_a_value_is_not_found(local_aws: LocalAws) -> None:
    secrets, name = local_aws.client("secretsmanager"), f"test-{uuid4().hex[:8]}"
    secrets.create_secret(Name=name)
    with pytest.raises(
        ClientError, match="can't find the specified secret value for staging label: AWSCURRENT"
    ) as none:
        secrets.get_secret_value(SecretId=name)
    assert none.value.response["Error"]["Code"] == "ResourceNotFoundException"
    secrets.put_secret_value(SecretId=name, SecretString="text")
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "text"
    secrets.put_secret_value(SecretId=name, SecretBinary=b"")
    assert secrets.get_secret_value(SecretId=name)["SecretBinary"] == b""
    secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
