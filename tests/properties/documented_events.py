"""Events of every source with any values, fields and absences that AWS documents.

Fields that AWS may add are in them too: functions get events with fields that no documentation had when they were
written.
"""

import base64
import json
from datetime import UTC
from typing import Any
from urllib.parse import quote_plus

from hypothesis import strategies as st

from .strategies import KEYS

Document = dict[str, Any]
Documents = st.SearchStrategy[Document]

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
WORDS = st.text("abcXYZ-_.09", min_size=1, max_size=12)
TIMES = st.datetimes(timezones=st.just(UTC)).filter(lambda when: 1971 < when.year < 9000)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=5,
)
ADDED = st.dictionaries(st.sampled_from(["newField", "another"]), VALUES, max_size=2)


def shaped(required: dict[str, st.SearchStrategy[Any]], **optional: st.SearchStrategy[Any]) -> Documents:
    """A document with the required fields, some of the optional ones, and some that AWS added."""
    return st.builds(lambda fields, added: added | fields, st.fixed_dictionaries(required, optional=optional), ADDED)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


BINARY = st.binary(max_size=8).map(_base64)
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
S3_RECORDS = shaped(
    {
        "eventName": st.sampled_from(["Put", "Post", "Copy", "CompleteMultipartUpload"]).map("ObjectCreated:{}".format),
        "eventTime": TIMES.map("{:%Y-%m-%dT%H:%M:%S.000Z}".format),
        "s3": shaped(
            {
                "bucket": shaped({"name": WORDS}, arn=WORDS, ownerIdentity=VALUES),
                "object": shaped(
                    {"key": KEYS.map(quote_plus)},
                    size=st.integers(0, 50 * 2**40),
                    eTag=WORDS,
                    versionId=WORDS,
                    sequencer=st.text("0123456789ABCDEF", min_size=1, max_size=18),
                ),
            },
            s3SchemaVersion=st.just("1.0"),
            configurationId=TEXTS,
        ),
    },
    eventVersion=st.sampled_from(["2.0", "2.1", "2.2", "2.3", "2.4"]),
    glacierEventData=VALUES,
    userIdentity=VALUES,
)
# https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html,
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
_EMPTY_LISTS: dict[str, st.SearchStrategy[Any]] = {"stringListValues": st.just([]), "binaryListValues": st.just([])}
MESSAGE_ATTRIBUTES = st.dictionaries(
    WORDS,
    st.one_of(
        shaped(
            {"dataType": st.sampled_from(["String", "Number", "String.x", "Number.int"]), "stringValue": TEXTS},
            **_EMPTY_LISTS,
        ),
        shaped({"dataType": st.sampled_from(["Binary", "Binary.png"]), "binaryValue": BINARY}, **_EMPTY_LISTS),
    ),
    max_size=3,
)
MESSAGES = shaped(
    {"messageId": WORDS, "body": TEXTS},
    receiptHandle=WORDS,
    attributes=st.dictionaries(
        st.sampled_from(
            [
                *("ApproximateReceiveCount", "SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp"),
                *("AWSTraceHeader", "DeadLetterQueueSourceArn", "MessageGroupId", "SequenceNumber"),
            ]
        ),
        st.one_of(st.integers(1, 2**40).map(str), WORDS),
    ),
    messageAttributes=MESSAGE_ATTRIBUTES,
    md5OfBody=WORDS,
    md5OfMessageAttributes=st.one_of(st.none(), WORDS),
    eventSource=st.just("aws:sqs"),
    eventSourceARN=st.just("arn:aws:sqs:us-east-1:123456789012:orders"),
)
# https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
NOTIFICATIONS = shaped(
    {
        "MessageId": WORDS,
        "TopicArn": st.just("arn:aws:sns:us-east-1:123456789012:news"),
        "Message": TEXTS,
        "Timestamp": TIMES.map("{:%Y-%m-%dT%H:%M:%S.123Z}".format),
        "Type": st.just("Notification"),
    },
    Subject=st.one_of(st.none(), TEXTS),
    Signature=WORDS,
    SignatureVersion=st.sampled_from(["1", "2"]),
    UnsubscribeUrl=TEXTS,
    MessageAttributes=st.dictionaries(
        WORDS,
        st.one_of(
            shaped({"Type": st.sampled_from(["String", "Number", "String.Array"]), "Value": TEXTS}),
            shaped({"Type": st.just("Binary"), "Value": BINARY}),
        ),
        max_size=3,
    ),
)
# https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
BUS_EVENTS = shaped(
    {
        "version": st.just("0"),
        "id": WORDS,
        "source": WORDS,
        "detail-type": TEXTS,
        "account": st.just("123456789012"),
        "time": TIMES.map("{:%Y-%m-%dT%H:%M:%SZ}".format),
        "region": st.just("us-east-1"),
        "resources": st.lists(WORDS, max_size=3),
        "detail": st.dictionaries(TEXTS, VALUES, max_size=4),
    },
    **{"replay-name": WORDS, "trace-header": WORDS},
)
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_AttributeValue.html
NUMBERS = st.one_of(
    st.integers(-(10**37), 10**37).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9).map(str),
    st.sampled_from(["1E+125", "-1E-130", "0", "-0", "1e3", "99999999999999999999999999999999999999"]),
)
ATTRIBUTES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        TEXTS.map(lambda value: {"S": value}),
        NUMBERS.map(lambda value: {"N": value}),
        BINARY.map(lambda value: {"B": value}),
        st.booleans().map(lambda value: {"BOOL": value}),
        st.just({"NULL": True}),
        st.lists(TEXTS, min_size=1, max_size=3, unique=True).map(lambda value: {"SS": value}),
        st.lists(NUMBERS, min_size=1, max_size=3, unique=True).map(lambda value: {"NS": value}),
        st.lists(BINARY, min_size=1, max_size=3, unique=True).map(lambda value: {"BS": value}),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda value: {"L": value}),
        st.dictionaries(TEXTS, inner, max_size=3).map(lambda value: {"M": value}),
    ),
    max_leaves=6,
)
IMAGES = st.dictionaries(TEXTS, ATTRIBUTES, min_size=1, max_size=4)
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html
CHANGES = shaped(
    {
        "eventName": st.sampled_from(["INSERT", "MODIFY", "REMOVE"]),
        "dynamodb": shaped(
            {
                "Keys": st.dictionaries(TEXTS, st.one_of(TEXTS.map(lambda one: {"S": one})), min_size=1, max_size=2),
                "SequenceNumber": st.text("0123456789", min_size=21, max_size=40),
            },
            NewImage=IMAGES,
            OldImage=IMAGES,
            ApproximateCreationDateTime=st.one_of(st.integers(10**9, 2 * 10**9), st.floats(1e9, 2e9)),
            SizeBytes=st.integers(1, 400_000),
            StreamViewType=st.sampled_from(["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"]),
        ),
    },
    userIdentity=st.one_of(st.none(), st.just({"type": "Service", "principalId": "dynamodb.amazonaws.com"})),
    eventID=WORDS,
    eventSourceARN=st.just("arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/2026-01-01T00:00:00.000"),
)
_BODIES = st.dictionaries(TEXTS, VALUES, max_size=3)
HEADERS = st.dictionaries(st.sampled_from(["Accept", "X-Forwarded-For", "User-Agent"]), TEXTS)


@st.composite
def requests(draw: st.DrawFn) -> tuple[Document, Document]:
    """A request of an API, function URL or load balancer, and the JSON object in its body.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html,
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html,
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
    """
    body, headers = draw(_BODIES), draw(HEADERS)
    encoded = draw(st.booleans())
    text = json.dumps(body, ensure_ascii=False)
    event = {
        "headers": {**headers, "X-Wanted": "one"},
        "body": _base64(text.encode()) if encoded else text,
        "isBase64Encoded": encoded,
        **draw(ADDED),
    }
    kind = draw(st.sampled_from(["REST API", "HTTP API", "load balancer", "load balancer with several values"]))
    context: Document = {"requestId": "r", "stage": "live", **draw(ADDED)}
    if kind == "HTTP API":
        http = {"method": "POST", "path": "/orders/1", "sourceIp": "192.0.2.1"}
        return {**event, "version": "2.0", "rawPath": "/orders/1", "requestContext": {**context, "http": http}}, body
    event |= {"httpMethod": "POST", "path": "/orders/1", "requestContext": context}
    if kind == "REST API":
        # Absent parts are null there.
        absent: Document | None = draw(st.sampled_from([None, {}]))
        return {**event, "resource": "/orders/{id}", "queryStringParameters": absent, "stageVariables": absent}, body
    event["requestContext"] = {**context, "elb": {"targetGroupArn": "arn"}}
    if kind == "load balancer with several values":
        event["multiValueHeaders"] = {name: ["first", value] for name, value in event.pop("headers").items()}
    return event, body
