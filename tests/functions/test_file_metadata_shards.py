"""The file metadata function with shards of its indexes, and the rights of a reader, on the local AWS."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from sluice_cli.local_aws.server import LocalAws
from sluice_functions.errors import RecordsFailed
from sluice_functions.index_shards import COUNT, RECORD, InvalidShards, ShardedTable
from sluice_functions.items import typed
from sluice_functions.sharded_queries import ShardedIndex
from tests.support.bare_aws import ACCOUNT, LOGS, REGION, BareAws, allow
from tests.support.bare_tables import versioned_bucket
from tests.support.faults import Answer, proxy
from tests.support.functions import LambdaContext, loaded
from tests.support.s3_events import created, event


@pytest.fixture(scope="module")
def name(local_aws: LocalAws) -> Iterator[str]:
    """The name of a bucket and of a table with both indexes."""
    made = f"test-shards-{uuid4().hex[:8]}"
    versioned_bucket(local_aws.client("s3"), made)
    keys = ("objectKey", "uploadTime", "contentType", "uploadDay")
    local_aws.client("dynamodb").create_table(
        TableName=made,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=key_schema("objectKey"),
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in keys],
        GlobalSecondaryIndexes=[
            {"IndexName": index, "KeySchema": key_schema(key), "Projection": {"ProjectionType": "ALL"}}
            for index, key in (("by-content-type", "contentType"), ("by-day", "uploadDay"))
        ],
    )
    yield made
    local_aws.client("dynamodb").delete_table(TableName=made)


def key_schema(partition: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": "uploadTime", "KeyType": "RANGE"}]


@contextmanager
def extractor(local: LocalAws, name: str, **variables: str) -> Iterator[Any]:
    """A new execution environment of the function."""
    own = {**local.environment(), "AWS_REGION": REGION, "TABLE_NAME": name, **variables}
    with loaded("file_metadata", own) as handler:
        yield handler


def index(client: Any, name: str, key: str = "contentType") -> ShardedIndex:
    table = ShardedTable(name, keys=("objectKey", "uploadTime"), index_keys=("contentType", "uploadDay"))
    called = {"contentType": "by-content-type", "uploadDay": "by-day"}[key]
    return ShardedIndex(client, table, name=called, partition_key=key, sort_key="uploadTime")


def upload(local: LocalAws, name: str, *keys: str, **options: str) -> list[dict[str, Any]]:
    """Upload objects. Returns the records of their events."""
    s3 = local.client("s3")
    return [created(name, key, s3.put_object(Bucket=name, Key=key, Body=b"x", **options)["VersionId"]) for key in keys]


def test_objects_are_recorded_once_while_the_number_is_raised_and_lowered(local_aws: LocalAws, name: str) -> None:
    keys = [f"photo-{number}.bin" for number in range(12)]
    records = upload(local_aws, name, *keys, ContentType="image/x-once")
    for shards, come in ((None, records[:3]), ("8", records[:9]), ("3", records[:10]), ("1", records)):
        with extractor(local_aws, name, **({"INDEX_SHARDS": shards} if shards else {})) as handler:
            assert handler.handle(event(*come), LambdaContext()) == {"recorded": len(come)}
    dynamodb = local_aws.client("dynamodb")
    rows = list(index(dynamodb, name).rows("image/x-once"))
    assert sorted(row["objectKey"] for row in rows) == sorted(keys)
    assert {row["contentType"] for row in rows} == {"image/x-once"}
    days = {row["uploadDay"] for row in rows}
    recorded = [row["objectKey"] for day in days for row in index(dynamodb, name, "uploadDay").rows(day)]
    assert sorted(one for one in recorded if one in keys) == sorted(keys)
    record = dynamodb.get_item(TableName=name, Key=typed(dict.fromkeys(("objectKey", "uploadTime"), RECORD)))["Item"]
    assert record[COUNT] == {"N": "8"}
    plain = dynamodb.query(
        TableName=name,
        IndexName="by-content-type",
        KeyConditionExpression="contentType = :type",
        ExpressionAttributeValues={":type": {"S": "image/x-once"}},
    )
    assert 3 <= plain["Count"] < len(keys)  # the others are in shards


def test_no_row_is_written_before_the_number_is_known_to_readers(local_aws: LocalAws, name: str) -> None:
    """A table that refuses the item fails the event; its retry writes both."""
    records = upload(local_aws, name, "refused.bin", ContentType="image/x-refused")
    with (
        proxy(local_aws) as in_front,
        extractor(local_aws, name, INDEX_SHARDS="16", AWS_ENDPOINT_URL_DYNAMODB=in_front.url) as handler,
    ):
        denied = b'{"__type": "com.amazon.coral.service#AccessDeniedException", "message": "not now"}'
        in_front.fault = lambda request: Answer(400, denied) if RECORD.encode() in request.body else None
        with pytest.raises(RecordsFailed, match="not now"):
            handler.handle(event(*records), LambdaContext())
        assert list(index(local_aws.client("dynamodb"), name).rows("image/x-refused")) == []
        in_front.fault = lambda request: None
        in_front.requests.clear()
        assert handler.handle(event(*records, *records), LambdaContext()) == {"recorded": 2}
        # The item, the row, and the row again: the item once in an execution environment.
        assert len(in_front.requests) == 3
    (row,) = index(local_aws.client("dynamodb"), name).rows("image/x-refused")
    assert row["objectKey"] == "refused.bin"


@pytest.mark.parametrize("nonsense", ["0", "many", "-1", "1001", "1.5"])
def test_a_number_that_makes_no_sense_stops_the_function_in_words(
    local_aws: LocalAws, name: str, nonsense: str
) -> None:
    said = f"INDEX_SHARDS: {nonsense!r} is not allowed; give a whole number of shards from 1 to 1000"
    with pytest.raises(InvalidShards, match=said), extractor(local_aws, name, INDEX_SHARDS=nonsense):
        pass


def test_a_reader_needs_to_query_the_index_and_to_get_the_one_item(
    local_aws: LocalAws, aws: BareAws, name: str
) -> None:
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"
    query = allow(["dynamodb:Query"], f"{arn}/index/by-content-type")
    one_item = {"Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [RECORD]}}}
    get = allow(["dynamodb:GetItem"], arn, **one_item)
    role = aws.role("reader", allow(LOGS))
    client = aws.client("dynamodb", role)
    for statements, refused in (((query, get), False), ((query,), True), ((get,), True)):
        aws.grant(role, allow(LOGS), *statements)
        if not refused:
            assert index(client, name).page("text/nobody").rows == []
            continue
        with pytest.raises(ClientError) as error:
            index(client, name).page("text/nobody")
        assert error.value.response["Error"]["Code"] == "AccessDeniedException"
    with pytest.raises(ClientError):
        index(client, name, "uploadDay").page("2026-01-02")
