"""Events of each service, as AWS documents them."""

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, quote_plus
from uuid import uuid4

from sluice_cli.example_events.patterns import EXAMPLE

Document = dict[str, Any]

SOURCE_IP = "192.0.2.10"  # from a range reserved for documentation: RFC 5737


@dataclass(frozen=True)
class Origin:
    """The region, account and partition of an event."""

    region: str
    account: str
    partition: str = "aws"

    @classmethod
    def of(cls, arn: str, region: str = "us-east-1") -> "Origin":
        """From the ARN of the function that receives the event."""
        parts = arn.split(":")
        return cls(parts[3] or region, parts[4], parts[1]) if len(parts) > 4 else cls(region, "123456789012")


def _now() -> datetime:
    return datetime.now(UTC)


def _iso(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03}Z"


def s3(
    origin: Origin, bucket: str, item: Document, name: str = "ObjectCreated:Put", configuration: str = ""
) -> Document:
    """`item` has the object's `key`, and may have `size`, `eTag`, `versionId`.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    removed = name.startswith("ObjectRemoved")
    described = {
        # Encoded like a form: `+` stands for a space.
        "key": quote_plus(item["key"], safe="/"),
        **({} if removed else {"size": item.get("size", 1024), "eTag": item.get("eTag", secrets.token_hex(16))}),
        **({"versionId": item["versionId"]} if item.get("versionId") else {}),
        "sequencer": f"{time.time_ns():018X}",
    }
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": origin.region,
        "eventTime": _iso(_now()),
        "eventName": name,
        "userIdentity": {"principalId": f"AWS:{_principal()}"},
        "requestParameters": {"sourceIPAddress": SOURCE_IP},
        "responseElements": {
            "x-amz-request-id": secrets.token_hex(8).upper(),
            "x-amz-id-2": base64.b64encode(secrets.token_bytes(48)).decode(),
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration or "tf-s3-lambda-example",
            "bucket": {
                "name": bucket,
                "ownerIdentity": {"principalId": _principal()},
                "arn": f"arn:{origin.partition}:s3:::{bucket}",
            },
            "object": described,
        },
    }
    return {"Records": [record]}


def sqs(origin: Origin, queue_arn: str, body: str) -> Document:
    """A message of a queue.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event
    """
    sent = int(time.time() * 1000)
    attributes = {
        "ApproximateReceiveCount": "1",
        "SentTimestamp": str(sent - 250),
        "SenderId": _principal(),
        "ApproximateFirstReceiveTimestamp": str(sent),
    }
    if queue_arn.endswith(".fifo"):
        attributes |= {
            "SequenceNumber": f"{time.time_ns():020}",
            "MessageGroupId": "1",
            "MessageDeduplicationId": hashlib.sha256(body.encode()).hexdigest(),
        }
    record = {
        "messageId": str(uuid4()),
        "receiptHandle": base64.b64encode(secrets.token_bytes(96)).decode(),
        "body": body,
        "attributes": attributes,
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": origin.region,
    }
    return {"Records": [record]}


def sns(origin: Origin, topic_arn: str, message: str, subject: str | None = None) -> Document:
    """A message of a topic.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    """
    subscription = f"{topic_arn}:{uuid4()}"
    # Lambda spells these two fields differently than SNS does in messages to queues.
    notification = _notification(origin, topic_arn, message, subject)
    renamed = {"SigningCertURL": "SigningCertUrl", "UnsubscribeURL": "UnsubscribeUrl"}
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription,
        "Sns": {renamed.get(name, name): value for name, value in notification.items()} | {"MessageAttributes": {}},
    }
    return {"Records": [record]}


def sns_envelope(origin: Origin, topic_arn: str, message: str) -> str:
    """The body of a queue's message from a topic without raw message delivery.

    https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
    """
    return json.dumps(
        {one: value for one, value in _notification(origin, topic_arn, message).items() if value is not None}
    )


def _notification(origin: Origin, topic_arn: str, message: str, subject: str | None = None) -> Document:
    host = f"https://sns.{origin.region}.amazonaws.com"
    return {
        "Type": "Notification",
        "MessageId": str(uuid4()),
        "TopicArn": topic_arn,
        "Subject": subject,
        "Message": message,
        "Timestamp": _iso(_now()),
        "SignatureVersion": "1",
        "Signature": base64.b64encode(secrets.token_bytes(256)).decode(),
        "SigningCertURL": f"{host}/SimpleNotificationService-{secrets.token_hex(16)}.pem",
        "UnsubscribeURL": f"{host}/?Action=Unsubscribe&SubscriptionArn={topic_arn}:{uuid4()}",
    }


def eventbridge(origin: Origin, matched: Document) -> Document:
    """`matched` has the fields that the rule's pattern requires.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
    """
    made = {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "Example",
        "source": "com.example",
        "account": origin.account,
        "time": f"{_now():%Y-%m-%dT%H:%M:%SZ}",
        "region": origin.region,
        "resources": [],
        "detail": {},
        **matched,
    }
    if not isinstance(made["resources"], list):
        made["resources"] = [made["resources"]]
    if made["source"] == "aws.s3":
        made["detail"] = _s3_detail(origin, made["detail"])
        made["resources"] = [f"arn:{origin.partition}:s3:::{made['detail']['bucket']['name']}"]
    return made


def _s3_detail(origin: Origin, matched: Document) -> Document:
    """The detail of S3's events in EventBridge.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    """
    item = {"key": "example", "size": 1024, "etag": secrets.token_hex(16), "sequencer": f"{time.time_ns():018X}"}
    return {
        "version": "0",
        "bucket": {"name": "example-bucket", **matched.get("bucket", {})},
        "object": {**item, **matched.get("object", {})},
        "request-id": secrets.token_hex(8).upper(),
        "requester": origin.account,
        "source-ip-address": SOURCE_IP,
        "reason": "PutObject",
        **{name: one for name, one in matched.items() if name not in ("bucket", "object")},
    }


def scheduled(origin: Origin, arn: str, *, by_scheduler: bool) -> Document:
    """The event of a rule with a schedule, or of EventBridge Scheduler.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html,
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html
    """
    made = {"detail-type": "Scheduled Event", "source": "aws.scheduler" if by_scheduler else "aws.events"}
    # Scheduler sends the detail as a string.
    return eventbridge(origin, {**made, "resources": [arn], "detail": "{}" if by_scheduler else {}})


def stream(origin: Origin, stream_arn: str, keys: Document, image: Document, view: str) -> Document:
    """A record of a table's stream. `keys` and `image` are in DynamoDB's JSON; `view` is the stream view type.

    https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
    """
    change: Document = {
        "ApproximateCreationDateTime": int(time.time()),
        "Keys": keys,
        "SequenceNumber": f"{time.time_ns():021}",
        "SizeBytes": len(json.dumps(image)),
        "StreamViewType": view,
    }
    if view in ("NEW_IMAGE", "NEW_AND_OLD_IMAGES"):
        change["NewImage"] = image
    record = {
        "eventID": secrets.token_hex(16),
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": origin.region,
        "dynamodb": change,
        "eventSourceARN": stream_arn,
    }
    return {"Records": [record]}


@dataclass(frozen=True)
class Request:
    """An HTTP request to an API's route."""

    api_id: str
    stage: str
    method: str
    route: str  # `/orders/{id}`
    path: str  # `/orders/example`
    parameters: dict[str, str]
    body: str | None = None
    authorization: str = "NONE"


def _authorizer(origin: Origin, request: Request, version: str) -> Document:
    """What a route's authorizer says of the caller, in the request's context; nothing where the route has none.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    claims = {"sub": str(uuid4()), "cognito:username": EXAMPLE, "token_use": "id"}
    user = f"arn:{origin.partition}:iam::{origin.account}:user/{EXAMPLE}"
    known: dict[tuple[str, str], Document] = {
        ("1.0", "CUSTOM"): {"principalId": EXAMPLE, "integrationLatency": 0},
        ("1.0", "COGNITO_USER_POOLS"): {"claims": claims},
        ("1.0", "JWT"): {"claims": claims, "scopes": None},
        ("2.0", "JWT"): {"jwt": {"claims": claims, "scopes": None}},
        ("2.0", "CUSTOM"): {"lambda": {}},
        ("2.0", "AWS_IAM"): {"iam": {"accountId": origin.account, "userArn": user, "userId": _principal()}},
    }
    found = known.get((version, request.authorization))
    return {} if found is None else {"authorizer": found}


def rest_api(origin: Origin, request: Request) -> Document:
    """A REST API's request.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
    """
    host = f"{request.api_id}.execute-api.{origin.region}.amazonaws.com"
    headers = _headers(host, request)
    when = _now()
    return {
        "resource": request.route,
        "path": request.path,
        "httpMethod": request.method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": request.parameters or None,
        "stageVariables": None,
        "requestContext": {
            "resourceId": secrets.token_hex(3),
            "resourcePath": request.route,
            "httpMethod": request.method,
            "extendedRequestId": base64.b64encode(secrets.token_bytes(11)).decode(),
            "requestTime": f"{when:%d/%b/%Y:%H:%M:%S +0000}",
            "path": f"/{request.stage}{request.path}",
            "accountId": origin.account,
            "protocol": "HTTP/1.1",
            "stage": request.stage,
            "domainPrefix": request.api_id,
            "requestTimeEpoch": int(when.timestamp() * 1000),
            "requestId": str(uuid4()),
            "identity": {
                "cognitoIdentityPoolId": None,
                "accountId": origin.account,
                "cognitoIdentityId": None,
                "caller": _principal(),
                "sourceIp": SOURCE_IP,
                "principalOrgId": None,
                "accessKey": None,
                "cognitoAuthenticationType": None,
                "cognitoAuthenticationProvider": None,
                "userArn": f"arn:{origin.partition}:iam::{origin.account}:user/example",
                "userAgent": headers["User-Agent"],
                "user": _principal(),
            },
            "domainName": host,
            "apiId": request.api_id,
            **_authorizer(origin, request, "1.0"),
        },
        "body": request.body,
        "isBase64Encoded": False,
    }


def http_api(origin: Origin, request: Request) -> Document:
    """An HTTP API's request, payload version 2.0.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    host = f"{request.api_id}.execute-api.{origin.region}.amazonaws.com"
    headers = {name.lower(): value for name, value in _headers(host, request).items()}
    when = _now()
    # The path starts with the stage's name, except for `$default`.
    path = request.path if request.stage == "$default" else f"/{request.stage}{request.path}"
    return {
        "version": "2.0",
        "routeKey": f"{request.method} {request.route}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        **({"pathParameters": request.parameters} if request.parameters else {}),
        "requestContext": {
            "accountId": origin.account,
            "apiId": request.api_id,
            "domainName": host,
            "domainPrefix": request.api_id,
            "http": {
                "method": request.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": SOURCE_IP,
                "userAgent": headers["user-agent"],
            },
            "requestId": base64.b64encode(secrets.token_bytes(11)).decode(),
            "routeKey": f"{request.method} {request.route}",
            "stage": request.stage,
            "time": f"{when:%d/%b/%Y:%H:%M:%S +0000}",
            "timeEpoch": int(when.timestamp() * 1000),
            **_authorizer(origin, request, "2.0"),
        },
        **({"body": request.body} if request.body is not None else {}),
        "isBase64Encoded": False,
    }


def _headers(host: str, request: Request) -> dict[str, str]:
    content = {"Content-Type": "application/json"} if request.body is not None else {}
    return {
        "Accept": "*/*",
        **content,
        "Host": host,
        "User-Agent": "curl/8.7.1",
        "X-Amzn-Trace-Id": f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}",
        "X-Forwarded-For": SOURCE_IP,
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
    }


def _principal() -> str:
    return f"AIDA{secrets.token_hex(8).upper()}"


def encoded_path(route: str, parameters: dict[str, str]) -> str:
    """A route with its parameters replaced by values."""
    path = route
    for name, value in parameters.items():
        path = path.replace(f"{{{name}+}}", quote(value)).replace(f"{{{name}}}", quote(value, safe=""))
    return path
