"""Example events for a function: AWS's documented structures with the deployed names."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluice_cli.deployed.resources import Function, Resource
from sluice_cli.errors import InputError
from sluice_cli.example_events.examples import ExampleEvents
from sluice_cli.example_events.patterns import matching
from sluice_cli.invoking import event_in

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:worker"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:work.fifo"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:news"
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
FUNCTION = Function(Resource("shop", "aws_lambda_function", "F", "shop/F", {"function_name": "worker", "arn": ARN}))


class NoAws:
    """An account in which every call is denied."""

    def __call__(self, *_: Any, **__: Any) -> "NoAws":
        return self

    def __getattr__(self, name: str) -> Any:
        from botocore.exceptions import NoCredentialsError

        def refuse(**_: Any) -> Any:
            raise NoCredentialsError

        return refuse


def resource(type_: str, **attributes: Any) -> Resource:
    return Resource("shop", type_, attributes.get("name", "One"), "", attributes)


def example(kind: str, *resources: Resource, **options: Any) -> Any:
    return ExampleEvents(FUNCTION, resources, NoAws()).make(kind, **options)


def test_s3_encodes_the_key_and_names_the_event_that_is_notified() -> None:
    bucket = resource("aws_s3_bucket", bucket="files", arn="arn:aws:s3:::files")
    block = {
        "lambda_function_arn": f"{ARN}:live",
        "events": ["s3:ObjectRemoved:*"],
        "filter_prefix": "in/",
        "filter_suffix": ".csv",
    }
    notification = resource("aws_s3_bucket_notification", bucket="files", lambda_function=[block])
    made = example("s3", bucket, notification)
    (record,) = made.event["Records"]
    assert (record["eventName"], record["awsRegion"]) == ("ObjectRemoved:Delete", "eu-west-1")
    assert record["s3"]["object"]["key"] == "in/example.csv"
    assert made.notes == ("files has no object in/example.csv: the function will not find it",)
    (record,) = example("s3", bucket, notification, key="a b/ü+.txt").event["Records"]
    assert record["s3"]["object"]["key"] == "a+b/%C3%BC%2B.txt"


def test_sqs_has_what_its_queue_gets_from_a_bucket_or_a_topic() -> None:
    queue = resource("aws_sqs_queue", name="work.fifo", arn=QUEUE)
    mapping = resource("aws_lambda_event_source_mapping", event_source_arn=QUEUE, function_name="worker")
    (record,) = example("sqs", queue, mapping, body="hello").event["Records"]
    assert (record["body"], record["eventSourceARN"], record["eventSource"]) == ("hello", QUEUE, "aws:sqs")
    assert record["md5OfBody"] == "5d41402abc4b2a76b9719d911017c592"
    assert record["attributes"]["MessageGroupId"] == "1"
    bucket = resource("aws_s3_bucket", bucket="files", arn="arn:aws:s3:::files")
    notification = resource(
        "aws_s3_bucket_notification", bucket="files", queue=[{"queue_arn": QUEUE, "events": ["s3:ObjectCreated:*"]}]
    )
    (record,) = example("sqs", queue, mapping, bucket, notification).event["Records"]
    assert json.loads(record["body"])["Records"][0]["s3"]["bucket"]["name"] == "files"
    subscription = resource("aws_sns_topic_subscription", topic_arn=TOPIC, endpoint=QUEUE, protocol="sqs")
    (record,) = example("sqs", queue, mapping, subscription).event["Records"]
    envelope = json.loads(record["body"])
    assert (envelope["Type"], envelope["TopicArn"]) == ("Notification", TOPIC)
    assert "UnsubscribeURL" in envelope


def test_sns_is_spelled_as_lambda_gets_it() -> None:
    topic = resource("aws_sns_topic", name="news", arn=TOPIC)
    subscription = resource("aws_sns_topic_subscription", topic_arn=TOPIC, endpoint=ARN, protocol="lambda")
    (record,) = example("sns", topic, subscription, body="news").event["Records"]
    assert (record["EventSource"], record["Sns"]["Message"], record["Sns"]["TopicArn"]) == ("aws:sns", "news", TOPIC)
    assert {"SigningCertUrl", "UnsubscribeUrl"} <= set(record["Sns"])
    assert record["EventSubscriptionArn"].startswith(f"{TOPIC}:")


def test_a_rest_api_has_its_route_with_parameters_filled_in() -> None:
    api = resource("aws_api_gateway_rest_api", id="abc123", name="shop")
    integration = resource(
        "aws_api_gateway_integration",
        rest_api_id="abc123",
        resource_id="r1",
        http_method="POST",
        uri=f"x/{ARN}/invocations",
    )
    part = resource("aws_api_gateway_resource", id="r1", path="/orders/{id}/{rest+}")
    stage = resource("aws_api_gateway_stage", rest_api_id="abc123", stage_name="live")
    event = example("api", api, integration, part, stage).event
    assert (event["resource"], event["path"]) == ("/orders/{id}/{rest+}", "/orders/example/example")
    assert event["pathParameters"] == {"id": "example", "rest": "example"}
    assert json.loads(event["body"]) == {"example": True}
    assert event["requestContext"]["stage"] == "live"
    assert event["requestContext"]["domainName"] == "abc123.execute-api.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("authorization", "names"),
    [
        ("CUSTOM", {"principalId", "integrationLatency"}),
        ("COGNITO_USER_POOLS", {"claims"}),
        ("AWS_IAM", None),  # the caller is in the request's identity
        ("NONE", None),
    ],
)
def test_a_rest_apis_request_has_what_the_routes_authorizer_says(authorization: str, names: set[str] | None) -> None:
    api = resource("aws_api_gateway_rest_api", id="a")
    of_route = {"rest_api_id": "a", "resource_id": "r", "http_method": "GET"}
    integration = resource("aws_api_gateway_integration", **of_route, uri=f"x/{ARN}/invocations")
    others = (
        resource("aws_api_gateway_method", **{**of_route, "http_method": "POST"}, authorization="CUSTOM"),
        resource("aws_api_gateway_method", **of_route, authorization=authorization),
    )
    found = example("api", api, integration, *others).event["requestContext"].get("authorizer")
    assert (None if found is None else set(found)) == names


@pytest.mark.parametrize(
    ("version", "authorization", "names"),
    [
        ("2.0", "JWT", {"jwt"}),
        ("2.0", "CUSTOM", {"lambda"}),
        ("2.0", "AWS_IAM", {"iam"}),
        ("1.0", "JWT", {"claims", "scopes"}),
        ("2.0", "NONE", None),
    ],
)
def test_an_http_apis_request_has_what_the_routes_authorizer_says(
    version: str, authorization: str, names: set[str] | None
) -> None:
    api = resource("aws_apigatewayv2_api", id="a")
    integration = resource(
        "aws_apigatewayv2_integration", api_id="a", id="i", integration_uri=ARN, payload_format_version=version
    )
    route = resource(
        "aws_apigatewayv2_route",
        api_id="a",
        route_key="GET /",
        target="integrations/i",
        authorization_type=authorization,
    )
    found = example("api", api, integration, route).event["requestContext"].get("authorizer")
    assert (None if found is None else set(found)) == names


def test_an_http_api_has_payload_version_two() -> None:
    api = resource("aws_apigatewayv2_api", id="abc123", name="shop")
    integration = resource(
        "aws_apigatewayv2_integration", api_id="abc123", id="i1", integration_uri=ARN, payload_format_version="2.0"
    )
    route = resource("aws_apigatewayv2_route", api_id="abc123", route_key="GET /orders", target="integrations/i1")
    event = example("api", api, integration, route).event
    assert (event["version"], event["routeKey"], event["requestContext"]["http"]["method"]) == (
        "2.0",
        "GET /orders",
        "GET",
    )
    assert "body" not in event


def test_a_table_stream_has_the_tables_keys() -> None:
    table = resource(
        "aws_dynamodb_table",
        name="orders",
        arn=TABLE,
        stream_arn=f"{TABLE}/stream/2026",
        hash_key="id",
        range_key="at",
        attribute=[{"name": "id", "type": "S"}, {"name": "at", "type": "N"}],
        stream_view_type="KEYS_ONLY",
    )
    mapping = resource(
        "aws_lambda_event_source_mapping", event_source_arn=f"{TABLE}/stream/2026", function_arn=f"{ARN}:live"
    )
    (record,) = example("stream", table, mapping).event["Records"]
    assert record["dynamodb"]["Keys"] == {"id": {"S": "example"}, "at": {"N": "1"}}
    assert "NewImage" not in record["dynamodb"]
    assert record["eventSourceARN"] == f"{TABLE}/stream/2026"


def test_an_event_of_a_rule_matches_its_pattern_and_has_the_targets_input() -> None:
    pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"bucket": {"name": ["files"]}}}
    rule = resource("aws_cloudwatch_event_rule", name="new", arn="arn:rule", event_pattern=json.dumps(pattern))
    target = resource("aws_cloudwatch_event_target", rule="new", arn=ARN)
    event = example("eventbridge", rule, target).event
    assert (event["source"], event["detail"]["bucket"]["name"]) == ("aws.s3", "files")
    assert event["resources"] == ["arn:aws:s3:::files"]
    given_ = resource("aws_cloudwatch_event_target", rule="new", arn=ARN, input='{"own": 1}')
    assert example("eventbridge", rule, given_).event == {"own": 1}


def test_a_schedule_fills_in_what_scheduler_does() -> None:
    target = {"arn": ARN, "input": '{"at": "<aws.scheduler.scheduled-time>", "n": "<aws.scheduler.attempt-number>"}'}
    schedule = resource("aws_scheduler_schedule", name="nightly", arn="arn:schedule", target=[target])
    event = example("schedule", schedule).event
    assert event["n"] == "1"
    assert event["at"].startswith("20")
    plain = resource("aws_scheduler_schedule", name="nightly", arn="arn:schedule", target=[{"arn": ARN}])
    assert example("schedule", plain).event["detail"] == "{}"


def test_a_kind_that_nothing_in_the_stack_sends_is_refused() -> None:
    with pytest.raises(InputError, match="no sns source is in the stack; worker is called by nothing"):
        example("sns")


@pytest.mark.parametrize(
    ("pattern", "event"),
    [
        ({"source": ["a", "b"]}, {"source": "a"}),
        ({"detail": {"n": [{"numeric": [">", 0, "<=", 5]}]}}, {"detail": {"n": 1}}),
        ({"detail": {"n": [{"numeric": ["=", 3.5]}]}}, {"detail": {"n": 3.5}}),
        ({"detail": {"n": [{"numeric": ["<", 0]}]}}, {"detail": {"n": -1}}),
        ({"k": [{"prefix": "in/"}]}, {"k": "in/example"}),
        ({"k": [{"prefix": {"equals-ignore-case": "In/"}}]}, {"k": "In/example"}),
        ({"k": [{"suffix": ".csv"}]}, {"k": "example.csv"}),
        ({"k": [{"wildcard": "in/*.c\\*sv"}]}, {"k": "in/example.c*sv"}),
        ({"k": [{"anything-but": ["example"]}]}, {"k": "zzz"}),
        ({"k": [{"anything-but": {"prefix": "exa"}}]}, {"k": "zzz"}),
        ({"k": [{"anything-but": [1, 2]}]}, {"k": 3}),
        ({"k": [{"exists": False}]}, {}),
        ({"k": [{"exists": True}]}, {"k": "example"}),
        ({"ip": [{"cidr": "10.0.0.0/24"}]}, {"ip": "10.0.0.0"}),
        ({"$or": [{"a": [1]}, {"b": [2]}], "c": [None]}, {"a": 1, "c": None}),
        ({"k": [{"prefix": "x"}, "plain"]}, {"k": "plain"}),
    ],
)
def test_patterns_get_an_event_that_they_match(pattern: dict[str, Any], event: dict[str, Any]) -> None:
    made = matching(pattern)
    assert made == event or (event == {"k": "zzz"} and "example" not in made["k"]) or made["k"] != "example"


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.text(max_size=8),
        st.recursive(
            st.lists(st.text() | st.integers() | st.none(), min_size=1),
            lambda inner: st.dictionaries(st.text(max_size=8), inner, max_size=3),
            max_leaves=5,
        ),
        max_size=4,
    )
)
def test_a_pattern_of_plain_values_is_matched_by_its_first_ones(pattern: dict[str, Any]) -> None:
    def first(value: Any) -> Any:
        return {name: first(one) for name, one in value.items()} if isinstance(value, dict) else value[0]

    wanted = {name: one for name, one in pattern.items() if name != "$or"}
    assert matching(wanted) == first(wanted)


@pytest.mark.parametrize("text", ['{"a": NaN}', "[Infinity]", '{"a": {"b": 1e400}}', "{", "", "{}}", '{"a": 1} 2'])
def test_an_event_is_json_that_lambda_takes(text: str) -> None:
    with pytest.raises(InputError, match="--event: own is not JSON: "):
        event_in("own", text)
