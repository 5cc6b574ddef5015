"""The deployed upload API over HTTP, with IAM enforced."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError

from checks.deployed import failure_queue_of
from sluice_cli.failures.queue import Failure, FailureQueue
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_aws.signed_request import AS_JSON, send, session, signed_request
from tests.support.deployed import SECOND_ORIGIN, WEB_ORIGIN, Deployment
from tests.support.faults import proxy, refusing
from tests.support.functions import deliver, invoke, reconfigured, try_as
from tests.support.logs import lines
from tests.support.waiting import eventually

SYSTEM = "upload-api"
Call = tuple[str, str, dict[str, Any]]
REFUSALS = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException", "403"}


@dataclass(frozen=True)
class Uploads:
    local: LocalAws
    outputs: dict[str, str]

    def post(self, body: Any, key: str | None = None, headers: Mapping[str, str] = AS_JSON) -> tuple[int, Any]:
        """Send a request with an idempotency key of its own unless `key` is given. Returns status and body."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {**headers, "Idempotency-Key": key or uuid4().hex}
        status, answer = signed_request(self.local, "POST", self.outputs["ApiUrl"], content, named)
        return status, json.loads(answer)

    def products(self, product_id: str) -> list[dict[str, Any]]:
        found = self.local.client("dynamodb").query(
            TableName=self.outputs["TableName"],
            KeyConditionExpression="productId = :id",
            ExpressionAttributeValues={":id": {"S": product_id}},
            ConsistentRead=True,
        )
        return [{name: next(iter(typed.values())) for name, typed in item.items()} for item in found["Items"]]

    def versions(self, object_key: str = "") -> list[dict[str, Any]]:
        pages = self.local.client("s3").get_paginator("list_object_versions")
        return [
            one
            for page in pages.paginate(Bucket=self.outputs["BucketName"], Prefix=object_key)
            for one in page.get("Versions", [])
        ]

    def items(self) -> int:
        pages = self.local.client("dynamodb").get_paginator("scan")
        return sum(int(page["Count"]) for page in pages.paginate(TableName=self.outputs["TableName"], Select="COUNT"))

    def log(self) -> list[str]:
        return lines(self.local.client("logs"), self.outputs["LogGroupName"])


@pytest.fixture(scope="module")
def uploads(deployment: Deployment) -> Uploads:
    return Uploads(deployment.local, deployment.outputs(SYSTEM))


def upload(**changed: Any) -> dict[str, Any]:
    """A valid body; None omits a field."""
    body = {
        "productId": uuid4().hex,
        "productName": "Lamp “Süd” 日本 😀",
        "price": 19.9,
        "fileName": "lamp — größe.txt",
        "contentType": "text/plain; charset=utf-8",
        "content": base64.b64encode(b"A lamp.").decode(),
    }
    return {name: value for name, value in {**body, **changed}.items() if value is not None}


def test_an_upload_becomes_an_object_and_a_product_with_its_exact_price(uploads: Uploads) -> None:
    body = upload()
    status, answer = uploads.post(json.dumps(body).replace("19.9", "12345678901234567890123456789012345.678").encode())
    (product,) = uploads.products(body["productId"])
    (version,) = uploads.versions(answer["objectKey"])
    assert status == 201
    assert Decimal(product["price"]) == Decimal("12345678901234567890123456789012345.678")
    assert version["ETag"].strip('"') == hashlib.md5(b"A lamp.", usedforsecurity=False).hexdigest()
    assert version["VersionId"] == answer["versionId"] == product["versionId"]
    assert {name: product[name] for name in ("productName", "fileName", "contentType", "bucket", "objectKey")} == {
        **{name: body[name] for name in ("productName", "fileName", "contentType")},
        "bucket": uploads.outputs["BucketName"],
        "objectKey": answer["objectKey"],
    }


def test_a_repeat_gets_the_same_answer_and_adds_nothing(uploads: Uploads) -> None:
    body, key = upload(), uuid4().hex
    first = uploads.post(body, key)
    before = uploads.items(), uploads.versions(), uploads.products(body["productId"])
    assert [uploads.post(body, key) for _ in range(3)] == [first] * 3
    assert uploads.post({**body, "price": 20}, key)[0] == 409
    assert (uploads.items(), uploads.versions(), uploads.products(body["productId"])) == before


def test_the_same_request_many_times_at_once_has_one_effect_and_one_answer(uploads: Uploads) -> None:
    body, key, items = upload(), uuid4().hex, uploads.items()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: uploads.post(body, key), range(4)))
    assert answers == [(201, answers[0][1])] * 4
    (product,) = uploads.products(body["productId"])
    assert product["versionId"] == answers[0][1]["versionId"]
    assert uploads.items() == items + 2  # the product and the stored answer


def test_uploads_of_one_product_at_once_all_succeed_and_the_last_one_stays(uploads: Uploads) -> None:
    body = upload()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda price: uploads.post({**body, "price": price}), range(4)))
    assert [status for status, _ in answers] == [201] * 4
    (product,) = uploads.products(body["productId"])
    stored = answers[int(product["price"])][1]
    assert (product["objectKey"], product["versionId"]) == (stored["objectKey"], stored["versionId"])


def priced(price: str) -> bytes:
    return json.dumps(upload()).replace("19.9", price).encode()


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        # XML that says so never reaches the function here (aws-semantics: validation is stricter than AWS's).
        (b"<upload/>", {"Content-Type": "text/xml"}, {400, 415}),
        (upload(), {"Content-Type": "text/xml"}, {415}),
        (upload(), {"Content-Type": "application/x-www-form-urlencoded"}, {415}),
        (upload(), {}, {415}),
        (b"", AS_JSON, {400}),
        (b"{", AS_JSON, {400}),
        (b'{"productId": "\xff"}', AS_JSON, {400}),
        (b"[" * 100_000, AS_JSON, {400}),
        (upload(productId=None), AS_JSON, {400}),
        (upload(productId="idempotency#1"), AS_JSON, {400}),
        (priced("-1"), AS_JSON, {400}),
        (priced("NaN"), AS_JSON, {400}),
        (priced("Infinity"), AS_JSON, {400}),
        (priced("1" * 40), AS_JSON, {400}),
        (priced("1" * 5000), AS_JSON, {400}),
        (priced("1e999999999999999999999"), AS_JSON, {400}),
        (upload(price="19.9"), AS_JSON, {400}),
        (upload(content="not base64!"), AS_JSON, {400}),
        (upload(content="QUJD\n"), AS_JSON, {400}),
        (upload(content=base64.b64encode(bytes(5_000_000)).decode()), AS_JSON, {413}),
        (upload(fileName="../../etc/passwd"), AS_JSON, {400}),
        (upload(fileName="..\\lamp.txt"), AS_JSON, {400}),
        (upload(fileName=".."), AS_JSON, {400}),
        (upload(fileName="lamp\x00.txt"), AS_JSON, {400}),
        (upload(fileName="\ud800.txt"), AS_JSON, {400}),
        (upload(content=None), AS_JSON, {400}),
        (upload(size=7), AS_JSON, {400}),
    ],
    ids=[
        "XML",
        "JSON that calls itself XML",
        "JSON that calls itself a form",
        "no content type",
        "an empty body",
        "half a body",
        "not UTF-8",
        "very deep JSON",
        "no product id",
        "a product id of our own",
        "a negative price",
        "not a number",
        "an infinite price",
        "a price of 40 digits",
        "a price of 5,000 digits",
        "a price with a huge exponent",
        "a price in quotes",
        "not base64",
        "base64 with a line break",
        "too much content",
        "a path above",
        "a Windows path above",
        "the folder above",
        "a zero byte",
        "half a surrogate pair",
        "no content",
        "an unknown field",
    ],
)
def test_bad_input_is_refused_and_leaves_nothing(
    uploads: Uploads, body: Any, headers: dict[str, str], status: set[int]
) -> None:
    before = uploads.items(), uploads.versions()
    answered, answer = uploads.post(body, headers=headers)
    assert answered in status
    assert answer["message"]
    assert (uploads.items(), uploads.versions()) == before


def test_the_error_for_a_large_file_names_presigned_uploads(uploads: Uploads) -> None:
    message = uploads.post(upload(content=base64.b64encode(bytes(5_000_000)).decode()))[1]["message"]
    assert message.endswith("leave content out and give size to get a presigned upload")


def test_a_request_without_idempotency_key_is_known_by_its_body(uploads: Uploads) -> None:
    content = json.dumps(upload()).encode()
    first, again = (signed_request(uploads.local, "POST", uploads.outputs["ApiUrl"], content) for _ in range(2))
    assert (first[0], again) == (201, first)


def ask(uploads: Uploads, method: str, path: str = "", **headers: str) -> tuple[int, dict[str, str]]:
    """An unsigned request, as browsers send it. Returns the status and the CORS headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = AWSRequest(method, uploads.outputs["ApiUrl"] + path, named, b"{}" if method == "POST" else None).prepare()
    answer = session(str(uploads.local.folder / "client.pem"), timeout=30).send(request)
    cors = {name: value for name, value in answer.headers.items() if name.startswith("Access-Control-")}
    return answer.status_code, cors


@pytest.mark.parametrize("origin", [WEB_ORIGIN, SECOND_ORIGIN])
def test_a_preflight_of_an_allowed_origin_is_answered_without_authorization(uploads: Uploads, origin: str) -> None:
    asked = {
        "Origin": origin,
        "Access_Control_Request_Method": "POST",
        "Access_Control_Request_Headers": "authorization,content-type,idempotency-key,x-amz-date,x-requested-with",
    }
    status, cors = ask(uploads, "OPTIONS", **asked)
    assert (status, cors["Access-Control-Allow-Origin"]) == (204, origin)
    assert cors["Access-Control-Allow-Methods"] == "OPTIONS,POST"
    assert {"Authorization", "Content-Type", "Idempotency-Key", "X-Amz-Date", "*"} <= set(
        cors["Access-Control-Allow-Headers"].split(",")
    )


@pytest.mark.parametrize(
    "origin", ["http://other.example.com", f"{WEB_ORIGIN}.evil.example", "null", "https://app.example.com"]
)
def test_a_preflight_of_any_other_origin_names_another(uploads: Uploads, origin: str) -> None:
    _, cors = ask(uploads, "OPTIONS", Origin=origin, Access_Control_Request_Method="POST")
    assert cors["Access-Control-Allow-Origin"] == WEB_ORIGIN


@pytest.mark.parametrize("origin", [WEB_ORIGIN, SECOND_ORIGIN])
@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("POST", "/other"), ("DELETE", "")])
def test_errors_of_api_gateways_own_can_be_read_by_pages_and_authorization_is_as_it_was(
    uploads: Uploads, method: str, path: str, origin: str
) -> None:
    status, cors = ask(uploads, method, path, Origin=origin)
    assert (status, cors["Access-Control-Allow-Origin"]) == (403, origin)


@pytest.mark.parametrize(
    "body",
    [b"{}", b"{", b'{"a\\"b\'": 1}', b'{"productId": "\\\\ \\u0000"}', '{"productName": "a\\n\u00e9"}'.encode()],
)
def test_a_refusal_by_the_schema_is_json_with_a_reason_whatever_the_body(uploads: Uploads, body: bytes) -> None:
    status, answer = uploads.post(body)
    assert (status, answer["message"].partition(":")[0]) == (400, "Invalid request body")
    assert "$context" not in answer["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *((method, "") for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE")),
        ("OPTIONS", "s"),
        ("POST", "s"),
        ("POST", "/more"),
        ("GET", "/../"),
    ],
)
def test_any_other_method_or_path_is_refused(uploads: Uploads, method: str, path: str) -> None:
    body = None if method in ("GET", "HEAD") else json.dumps(upload()).encode()
    headers = {**AS_JSON, "Idempotency-Key": uuid4().hex}
    assert signed_request(uploads.local, method, uploads.outputs["ApiUrl"] + path, body, headers)[0] == 403


def test_a_request_that_is_not_signed_is_refused(uploads: Uploads) -> None:
    body, headers = upload(), {**AS_JSON, "Idempotency-Key": uuid4().hex}
    status, _ = send(uploads.local, "POST", uploads.outputs["ApiUrl"], json.dumps(body).encode(), headers)
    assert status == 403
    assert uploads.products(body["productId"]) == []


@contextmanager
def throttled(uploads: Uploads, rate: float, burst: int) -> Iterator[None]:
    """Another throttling limit on the stage; restored afterwards."""
    api = uploads.local.client("apigateway")
    settings = api.get_stage(restApiId=uploads.outputs["ApiId"], stageName="live")["methodSettings"]["*/*"]

    def limit(rate: float, burst: int) -> None:
        changes = {"rateLimit": rate, "burstLimit": burst}
        api.update_stage(
            restApiId=uploads.outputs["ApiId"],
            stageName="live",
            patchOperations=[
                {"op": "replace", "path": f"/*/*/throttling/{name}", "value": str(value)}
                for name, value in changes.items()
            ],
        )

    assert (settings["throttlingRateLimit"], settings["throttlingBurstLimit"]) == (1000, 2000)
    limit(rate, burst)
    try:
        yield
    finally:
        limit(settings["throttlingRateLimit"], settings["throttlingBurstLimit"])


def test_throttled_requests_get_429_and_have_no_effect(uploads: Uploads) -> None:
    items = uploads.items()
    # A rate so low that only the burst counts, however slow this machine is.
    with throttled(uploads, rate=0.01, burst=3):
        answers = [uploads.post(upload())[0] for _ in range(6)]
    assert answers == [201] * 3 + [429] * 3
    assert uploads.items() == items + 3 * 2
    assert uploads.post(upload())[0] == 201


def test_a_large_file_comes_by_a_presigned_upload_and_as_the_functions_role(uploads: Uploads) -> None:
    content = bytes(5_000_000)
    body, key = upload(content=None, size=len(content), contentType="application/pdf"), uuid4().hex
    status, answer = uploads.post(body, key)
    assert (status, uploads.post(body, key)) == (202, (status, answer))
    (product,) = uploads.products(body["productId"])
    assert (product["objectKey"], product["presignedUntil"]) == (answer["objectKey"], answer["presignedUntil"])
    assert uploads.versions(answer["objectKey"]) == []

    url, headers = answer["upload"]["url"], answer["upload"]["headers"]
    other = f"{'x' if answer['objectKey'][-1] == 'y' else 'y'}?X-Amz-Algorithm"
    refused = {
        "other type": send(uploads.local, "PUT", url, content, {**headers, "Content-Type": "text/html"}),
        "other length": send(uploads.local, "PUT", url, content[1:], {"Content-Type": "application/pdf"}),
        "other object": send(uploads.local, "PUT", url.replace("?X-Amz-Algorithm", other), content, headers),
        "reading": send(uploads.local, "GET", url),
        "deleting": send(uploads.local, "DELETE", url),
    }
    assert {how: answered for how, (answered, _) in refused.items()} == dict.fromkeys(refused, 403)
    assert uploads.versions(answer["objectKey"]) == []
    assert send(uploads.local, "PUT", url, content, headers)[0] == 200
    (version,) = uploads.versions(answer["objectKey"])
    assert version["ETag"].strip('"') == hashlib.md5(content, usedforsecurity=False).hexdigest()

    assert product["state"] == "pending"
    eventually(lambda: uploads.products(body["productId"])[0]["state"] == "stored", within=30)
    (stored,) = uploads.products(body["productId"])
    assert (stored["versionId"], stored["size"]) == (version["VersionId"], str(len(content)))
    assert (stored["checksumAlgorithm"], len(base64.b64decode(stored["checksum"]))) == ("CRC64NVME", 8)


@pytest.fixture
def administrators(uploads: Uploads) -> Iterator[dict[str, Callable[[str], Any]]]:
    """Clients of a user and of a role that may do everything."""
    iam, name = uploads.local.client("iam"), f"test-administrator-{uuid4().hex[:8]}"
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="Everything", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    user = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}}
    role = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="Everything", PolicyDocument=policy)
    session = uploads.local.client("sts", **user).assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    assumed = {
        "aws_access_key_id": session["AccessKeyId"],
        "aws_secret_access_key": session["SecretAccessKey"],
        "aws_session_token": session["SessionToken"],
    }
    yield {
        "user": lambda service: uploads.local.client(service, **user),
        "role": lambda service: uploads.local.client(service, **assumed),
    }
    iam.delete_user_policy(UserName=name, PolicyName="Everything")
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=name)
    iam.delete_role_policy(RoleName=name, PolicyName="Everything")
    iam.delete_role(RoleName=name)


def said(call: Callable[[], Any]) -> str:
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "allowed"


@pytest.mark.parametrize("who", ["user", "role"])
def test_administrators_manage_the_bucket_but_neither_read_nor_write_its_objects(
    uploads: Uploads, administrators: dict[str, Callable[[str], Any]], who: str
) -> None:
    stored = uploads.post(upload())[1]
    s3, bucket, key = administrators[who]("s3"), uploads.outputs["BucketName"], stored["objectKey"]
    there = {"Bucket": bucket, "Key": key}
    source = {**there, "VersionId": stored["versionId"]}
    refused = {
        "read": lambda: s3.get_object(**there),
        "read a version": lambda: s3.get_object(**source),
        "look at": lambda: s3.head_object(**there),
        "read tags": lambda: s3.get_object_tagging(**there),
        "overwrite": lambda: s3.put_object(**there, Body=b"other"),
        "write": lambda: s3.put_object(Bucket=bucket, Key="other", Body=b"other"),
        "copy": lambda: s3.copy_object(Bucket=bucket, Key="copy", CopySource=source),
        "begin a large one": lambda: s3.create_multipart_upload(Bucket=bucket, Key="large"),
        "tag": lambda: s3.put_object_tagging(**there, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}),
    }
    answers = {what: said(call) for what, call in refused.items()}
    assert {what: answer for what, answer in answers.items() if answer not in REFUSALS} == {}
    managed = {
        "read its policy": lambda: s3.get_bucket_policy(Bucket=bucket),
        "read its encryption": lambda: s3.get_bucket_encryption(Bucket=bucket),
        "list its objects": lambda: s3.list_object_versions(Bucket=bucket),
    }
    assert {what: said(call) for what, call in managed.items()} == dict.fromkeys(managed, "allowed")


def test_the_tables_key_rotates_and_is_usable_through_dynamodb_only(
    uploads: Uploads, administrators: dict[str, Callable[[str], Any]]
) -> None:
    table = uploads.local.client("dynamodb").describe_table(TableName=uploads.outputs["TableName"])["Table"]
    kms, key = administrators["user"]("kms"), {"KeyId": table["SSEDescription"]["KMSMasterKeyArn"]}
    assert kms.get_key_rotation_status(**key)["KeyRotationEnabled"] is True
    used = {
        "encrypt": lambda: kms.encrypt(**key, Plaintext=b"x"),
        "make a data key": lambda: kms.generate_data_key(**key, KeySpec="AES_256"),
        "let others use it": lambda: kms.create_grant(
            **key, GranteePrincipal="arn:aws:iam::000000000000:root", Operations=["Decrypt"]
        ),
    }
    assert {what: said(call) for what, call in used.items()} == dict.fromkeys(used, "AccessDeniedException")


def test_the_role_may_do_its_work_and_nothing_else(uploads: Uploads) -> None:
    s3, sqs = uploads.local.client("s3"), uploads.local.client("sqs")
    stored = uploads.post(upload())[1]
    bucket, table, name = (uploads.outputs[one] for one in ("BucketName", "TableName", "FunctionName"))
    other = f"test-other-{uuid4().hex[:8]}"
    s3.create_bucket(Bucket=other)
    other_queue = sqs.create_queue(QueueName=other)["QueueUrl"]
    item = {"productId": {"S": other}, "productName": {"S": "by the role"}}
    put = {"Put": {"TableName": table, "Item": item}}
    mine: dict[str, Call] = {
        "write an object": ("s3", "put_object", {"Bucket": bucket, "Key": "uploads/by the role", "Body": ""}),
        "put an item": ("dynamodb", "put_item", {"TableName": table, "Item": item}),
        "put in a transaction": ("dynamodb", "transact_write_items", {"TransactItems": [put]}),
        "get an item": ("dynamodb", "get_item", {"TableName": table, "Key": item}),
        "let others write": ("s3", "put_object", {"Bucket": bucket, "Key": "presigned/by the role", "Body": ""}),
        "read what others wrote": ("s3", "get_object", {"Bucket": bucket, "Key": "presigned/by the role"}),
        "query the table": (
            "dynamodb",
            "query",
            {
                "TableName": table,
                "KeyConditionExpression": "productId = :id",
                "ExpressionAttributeValues": {":id": {"S": other}},
            },
        ),
        "delete an item": ("dynamodb", "delete_item", {"TableName": table, "Key": item}),
        "keep a failure": (
            "sqs",
            "send_message",
            {"QueueUrl": uploads.outputs["FailureQueueUrl"], "MessageBody": '{"requestPayload": "sent by a test"}'},
        ),
    }
    foreign: dict[str, Call] = {
        "read an object": ("s3", "get_object", {"Bucket": bucket, "Key": stored["objectKey"]}),
        "write outside the uploads": ("s3", "put_object", {"Bucket": bucket, "Key": "by the role", "Body": ""}),
        "delete an object": ("s3", "delete_object", {"Bucket": bucket, "Key": stored["objectKey"]}),
        "list objects": ("s3", "list_objects_v2", {"Bucket": bucket}),
        "change the bucket": ("s3", "delete_bucket_policy", {"Bucket": bucket}),
        "write elsewhere": ("s3", "put_object", {"Bucket": other, "Key": "a", "Body": ""}),
        "list buckets": ("s3", "list_buckets", {}),
        "update an item": ("dynamodb", "update_item", {"TableName": table, "Key": item}),
        "scan the table": ("dynamodb", "scan", {"TableName": table}),
        "put an item elsewhere": ("dynamodb", "put_item", {"TableName": "another", "Item": item}),
        "delete the table": ("dynamodb", "delete_table", {"TableName": table}),
        "publish alarms": ("sns", "publish", {"TopicArn": uploads.outputs["AlarmTopicArn"], "Message": "x"}),
        "read failures": ("sqs", "receive_message", {"QueueUrl": uploads.outputs["FailureQueueUrl"]}),
        "send elsewhere": ("sqs", "send_message", {"QueueUrl": other_queue, "MessageBody": "x"}),
        "invoke itself": ("lambda", "invoke", {"FunctionName": name}),
        "read its role": ("iam", "get_role", {"RoleName": name}),
        "make log groups": ("logs", "create_log_group", {"logGroupName": other}),
        "make keys": ("kms", "create_key", {}),
    }
    calls = {**mine, **foreign}
    answers = dict(zip(calls, try_as(uploads.local, uploads.outputs["FunctionArn"], list(calls.values())), strict=True))
    assert {what: answers[what] for what in mine} == dict.fromkeys(mine, "allowed")
    assert {what: answers[what] for what in foreign if answers[what] not in REFUSALS} == {}


def test_an_upload_that_failed_without_a_caller_is_kept_and_its_replay_adds_it_once(
    uploads: Uploads, deployment: Deployment
) -> None:
    body, key, function = upload(), uuid4().hex, uploads.outputs["FunctionArn"]
    content = json.dumps(body)
    event = {"httpMethod": "POST", "headers": {**AS_JSON, "Idempotency-Key": key}, "body": content}

    def kept(queue: FailureQueue) -> list[Failure]:
        return [one for one in queue.read() if one.event == event]

    def look() -> list[Failure]:
        with FailureQueue(failure_queue_of(uploads.outputs), uploads.local.client) as queue:
            return kept(queue)

    with proxy(uploads.local) as made, reconfigured(uploads.local, function, {"AWS_ENDPOINT_URL_DYNAMODB": made.url}):
        made.fault = refusing(500)
        deliver(uploads.local, function, event)
        (listed,) = eventually(look, within=60)
    assert "InternalServerError" in listed.reason or "500" in listed.reason
    assert uploads.products(body["productId"]) == []

    with FailureQueue(failure_queue_of(uploads.outputs), uploads.local.client) as queue:
        (failure,) = kept(queue)
        assert queue.replay(failure) is None
    assert look() == []
    (product,) = uploads.products(body["productId"])
    items = uploads.items()
    assert invoke(uploads.local, function, event).answer["statusCode"] == 201
    assert uploads.post(content.encode(), key)[0] == 201
    assert (uploads.products(body["productId"]), uploads.items()) == ([product], items)


def test_the_log_has_json_lines_and_neither_contents_nor_urls(uploads: Uploads) -> None:
    secret = base64.b64encode(f"secret {uuid4().hex}".encode()).decode()
    stored = uploads.post(upload(content=secret))[1]
    presigned = uploads.post(upload(content=None, size=7))[1]
    uploads.post(upload(content=secret, price=-1))
    keys = {stored["objectKey"], presigned["objectKey"]}

    def logged() -> list[dict[str, Any]] | None:
        lines = [json.loads(line) for line in uploads.log() if line.startswith("{")]
        mine = [line for line in lines if line.get("objectKey") in keys]
        return mine if len(mine) == 2 else None

    for line in eventually(logged):
        assert (line["level"], line["message"]) == ("INFO", "uploaded")
        assert line["xray_trace_id"]
        assert line["function_request_id"]
    log = "\n".join(uploads.log())
    assert secret not in log
    assert "X-Amz-Signature" not in log
