"""What IAM is asked for by calls of each kind, and what exact grants let through, on the local AWS.

These tests fail without actions.py, mail_rights.py, parameters_read.py, partiql_rights.py and xray.py.
"""

import base64
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluice_cli.denials.reading import DenialReader
from tests.support.bare_aws import BareAws, allow

HERE = "us-east-1:000000000000"
TABLE, PARAMETER = f"arn:aws:dynamodb:{HERE}:table/t", f"arn:aws:ssm:{HERE}:parameter"
STREAM = f"{TABLE}/stream/2026-01-01T00:00:00.000"
FUNCTION, GROUP = f"arn:aws:lambda:{HERE}:function:f", f"arn:aws:logs:{HERE}:log-group:g"
# As the local AWS makes them.
ITERATOR = base64.urlsafe_b64encode(json.dumps({"t": "t", "s": "s", "p": 0, "arn": STREAM}).encode()).decode()


def statement(text: str) -> dict[str, Any]:
    return {"Statement": text}


IDENTITY = f"arn:aws:ses:{HERE}:identity/a@b.co"
CONTENT = {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}
MAIL = {"Source": "a@b.co", "Destination": {"ToAddresses": ["c@d.co"]}, "Message": CONTENT}
MAIL_2 = {"FromEmailAddress": "a@b.co", "Destination": MAIL["Destination"], "Content": {"Simple": CONTENT}}
# A call by its service, operation and arguments; the action and the resource that IAM is asked for.
CALLS: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("sqs", "send_message_batch", {"Entries": [{"Id": "1", "MessageBody": "m"}]}, "sqs:SendMessage", "QUEUE"),
    ("sqs", "delete_message_batch", {"Entries": [{"Id": "1", "ReceiptHandle": "r"}]}, "sqs:DeleteMessage", "QUEUE"),
    (
        "sqs",
        "change_message_visibility_batch",
        {"Entries": [{"Id": "1", "ReceiptHandle": "r", "VisibilityTimeout": 0}]},
        "sqs:ChangeMessageVisibility",
        "QUEUE",
    ),
    (
        "dynamodb",
        "execute_statement",
        statement("select a, \"b\" from t where a = 'x'"),
        "dynamodb:PartiQLSelect",
        TABLE,
    ),
    (
        "dynamodb",
        "execute_statement",
        statement('SELECT * FROM "t"."i-2"'),
        "dynamodb:PartiQLSelect",
        f"{TABLE}/index/i-2",
    ),
    ("dynamodb", "execute_statement", statement("INSERT INTO \"t\" VALUE {'a': 'x'}"), "dynamodb:PartiQLInsert", TABLE),
    ("dynamodb", "execute_statement", statement("UPDATE t\nSET b = 1 WHERE a = 'x'"), "dynamodb:PartiQLUpdate", TABLE),
    (
        "dynamodb",
        "batch_execute_statement",
        {"Statements": [statement("DELETE FROM t WHERE a = 'x'")]},
        "dynamodb:PartiQLDelete",
        TABLE,
    ),
    (
        "dynamodb",
        "execute_transaction",
        {"TransactStatements": [statement("EXISTS(SELECT * FROM t WHERE a = 'x')")]},
        "dynamodb:PartiQLSelect",
        TABLE,
    ),
    ("dynamodbstreams", "describe_stream", {"StreamArn": STREAM}, "dynamodb:DescribeStream", STREAM),
    (
        "dynamodbstreams",
        "get_shard_iterator",
        {"StreamArn": STREAM, "ShardId": "shardId-0000000000000000000000000001", "ShardIteratorType": "LATEST"},
        "dynamodb:GetShardIterator",
        STREAM,
    ),
    ("dynamodbstreams", "get_records", {"ShardIterator": ITERATOR}, "dynamodb:GetRecords", STREAM),
    ("kms", "encrypt", {"KeyId": "alias/ALIAS", "Plaintext": b"x"}, "kms:Encrypt", "KEY"),
    ("ssm", "get_parameters", {"Names": ["/a/b", "c"]}, "ssm:GetParameters", f"{PARAMETER}/a/b"),
    ("ssm", "get_parameters_by_path", {"Path": "/a/"}, "ssm:GetParametersByPath", f"{PARAMETER}/a"),
    ("lambda", "invoke", {"FunctionName": "f", "Qualifier": "live"}, "lambda:InvokeFunction", f"{FUNCTION}:live"),
    ("lambda", "invoke", {"FunctionName": "f"}, "lambda:InvokeFunction", FUNCTION),
    ("xray", "put_trace_segments", {"TraceSegmentDocuments": ["{}"]}, "xray:PutTraceSegments", "*"),
    ("xray", "get_trace_summaries", {"StartTime": 0, "EndTime": 1}, "xray:GetTraceSummaries", "*"),
    ("xray", "batch_get_traces", {"TraceIds": ["1-00000000-000000000000000000000000"]}, "xray:BatchGetTraces", "*"),
    ("ses", "send_email", MAIL, "ses:SendEmail", IDENTITY),
    ("ses", "send_raw_email", {"Source": "a@b.co", "RawMessage": {"Data": b"x"}}, "ses:SendRawEmail", IDENTITY),
    ("sesv2", "send_email", MAIL_2, "ses:SendEmail", IDENTITY),
    (
        "logs",
        "put_log_events",
        {"logGroupName": "g", "logStreamName": "s", "logEvents": [{"timestamp": 1, "message": "m"}]},
        "logs:PutLogEvents",
        f"{GROUP}:log-stream:s",
    ),
]


@pytest.fixture(scope="module")
def names(aws: BareAws) -> dict[str, str]:
    url, queue = aws.queue("refused")
    key = aws.client("kms").describe_key(KeyId=aws.key())["KeyMetadata"]["Arn"]
    alias = queue.rpartition(":")[2]
    aws.client("kms").create_alias(AliasName=f"alias/{alias}", TargetKeyId=key)
    return {"URL": url, "QUEUE": queue, "KEY": key, "ALIAS": alias}


@pytest.fixture(scope="module")
def refused(aws: BareAws, names: dict[str, str]) -> Any:
    """Makes a call with a role that may do nothing; returns what it was refused."""
    clients: dict[str, Any] = {}
    role, reader = aws.role("nothing"), DenialReader(aws.local)

    def call(service: str, operation: str, arguments: dict[str, Any]) -> tuple[str, str]:
        client = clients.setdefault(service, clients.get(service) or aws.client(service, role))
        queue = {"QueueUrl": names["URL"]} if service == "sqs" else {}
        named = {name: value.replace("ALIAS", names["ALIAS"]) for name, value in arguments.items() if name == "KeyId"}
        with pytest.raises(ClientError, match="AccessDenied"):
            getattr(client, operation)(**{**arguments, **queue, **named})
        (denial,) = reader.read()
        return denial.action, denial.resource

    return call


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "action", "resource"),
    CALLS,
    ids=[f"{number}-{one[1]}" for number, one in enumerate(CALLS)],
)
def test_a_refused_call_names_the_action_and_the_resource_that_iam_knows(
    refused: Any,
    names: dict[str, str],
    service: str,
    operation: str,
    arguments: dict[str, Any],
    action: str,
    resource: str,
) -> None:
    assert refused(service, operation, arguments) == (action, names.get(resource, resource))


def test_exact_grants_let_mail_and_traces_through(aws: BareAws) -> None:
    mail = aws.client("ses")
    mail.verify_domain_identity(Domain="exact.example.com")
    mail.verify_email_identity(EmailAddress="own@exact.example.com")
    domain = f"arn:aws:ses:{HERE}:identity/exact.example.com"
    role = aws.role("mails", allow(["ses:SendEmail"], domain), allow(["xray:PutTraceSegments"], "*"))
    own, reader = aws.client("ses", role), DenialReader(aws.local)
    own.send_email(**{**MAIL, "Source": "Shop <shop@exact.example.com>"})
    with pytest.raises(ClientError, match="ses:SendEmail"):
        own.send_email(**{**MAIL, "Source": "own@exact.example.com"})
    assert [one.resource for one in reader.read()] == [f"arn:aws:ses:{HERE}:identity/own@exact.example.com"]
    aws.client("xray", role).put_trace_segments(TraceSegmentDocuments=["{}"])


def test_exact_grants_let_batches_statements_parameters_and_aliases_through(
    aws: BareAws, names: dict[str, str]
) -> None:
    table = aws.table("granted")
    arn = aws.client("dynamodb").describe_table(TableName=table)["Table"]["TableArn"]
    role = aws.role(
        "granted",
        allow(["sqs:SendMessage"], names["QUEUE"]),
        allow(["dynamodb:PartiQLSelect"], arn),
        allow(["ssm:GetParameters"], f"{PARAMETER}/a/b"),
        allow(["kms:Encrypt"], names["KEY"]),
    )
    sqs, dynamodb, ssm, kms = (aws.client(one, role) for one in ("sqs", "dynamodb", "ssm", "kms"))
    sqs.send_message_batch(QueueUrl=names["URL"], Entries=[{"Id": "1", "MessageBody": "m"}])
    dynamodb.execute_statement(Statement="SELECT * FROM TABLE".replace("TABLE", f'"{table}"'))
    kms.encrypt(KeyId=f"alias/{names['ALIAS']}", Plaintext=b"x")
    assert ssm.get_parameters(Names=["/a/b"])["InvalidParameters"] == ["/a/b"]
    reader = DenialReader(aws.local)
    with pytest.raises(ClientError, match="ssm:GetParameters"):
        ssm.get_parameters(Names=["/a/b", "c"])
    assert [one.resource for one in reader.read()] == [f"{PARAMETER}/c"]
    with pytest.raises(ClientError, match="dynamodb:PartiQLDelete"):
        dynamodb.execute_statement(Statement="DELETE FROM TABLE WHERE pk = 'a'".replace("TABLE", f'"{table}"'))
