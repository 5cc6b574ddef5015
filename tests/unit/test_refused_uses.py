"""Uses that AWS would refuse, or that could not work, are ConfigurationErrors that name the argument."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import modules  # first: it prepares the provider binding and jsii

# isort: split
import pytest
from cdktf import TerraformStack, TerraformVariable

from modules import (
    Alarms,
    ApiLoggingRole,
    Authorization,
    Bucket,
    CognitoAuthorizer,
    Condition,
    ConfigurationError,
    Dashboard,
    Key,
    LambdaAuthorizer,
    LifecycleRule,
    Metric,
    Parameter,
    PythonFunction,
    Queue,
    Release,
    RestApi,
    Secret,
    Statement,
    Table,
    Topic,
    Vpc,
)

from .synthesized import Terraform

ACCOUNT = "123456789012"
LAYER = f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:tools"
CERTIFICATE = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/x"
CLOUDFRONT_ACL = f"arn:aws:wafv2:us-east-1:{ACCOUNT}:global/webacl/x/12345678-1234-1234-1234-123456789012"
DRAFT_7 = "http://json-schema.org/draft-07/schema#"


class Made:
    """The constructs for the uses below, in the stack of one test."""

    def __init__(self, stack: TerraformStack, code: Path) -> None:
        self.stack = stack
        self._code = code

    def function(self, id_: str = "Worker", **options: Any) -> PythonFunction:
        return PythonFunction(self.stack, id_, **{"name": id_.lower(), "packages": [self._code], **options})

    def bucket(self, **options: Any) -> Bucket:
        return Bucket(self.stack, "Bucket", name="bucket", **options)

    def queue(self, **options: Any) -> Queue:
        return Queue(self.stack, "Queue", **{"name": "queue", **options})

    def topic(self, **options: Any) -> Topic:
        return Topic(self.stack, "Topic", **{"name": "topic", **options})

    def table(self, **options: Any) -> Table:
        return Table(self.stack, "Table", name="table", partition_key="id", **options)

    def api(self, **options: Any) -> RestApi:
        return RestApi(self.stack, "Api", **{"name": "api", "description": "Answers", **options})

    def rule(self, pattern: dict[str, Any]) -> Any:
        return modules.Rule(self.stack, "Rule", name="rule", pattern=pattern)

    def schedule(self, **when: Any) -> Any:
        return modules.Schedule(self.stack, "Schedule", name="schedule", **when)

    def key(self, **options: Any) -> Key:
        return Key(self.stack, "Key", alias="alias/own", description="Encrypts", **options)

    def number(self) -> float:
        return float(TerraformVariable(self.stack, "Number", type="number").number_value)

    def texts(self) -> list[str]:
        return list(TerraformVariable(self.stack, "Texts", type="list(string)").list_value)

    def alarm(self, **options: Any) -> object:
        given: dict[str, Any] = {
            "description": "",
            "namespace": "AWS/Lambda",
            "metric": "Errors",
            "dimensions": {},
            "above": 0,
        }
        return Alarms(self.stack, "Alarms", name="alarms", topic=None).add("Alarm", **given | options)

    def keyed_api(self) -> RestApi:
        return self.api(authorization=Authorization.API_KEY)


@pytest.fixture
def made(stack: TerraformStack, code: Path) -> Made:
    return Made(stack, code)


CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc"


def itself() -> dict[str, Any]:
    inside: dict[str, Any] = {}
    inside["properties"] = inside
    return inside


Use = Callable[[Made], object]
STREAMED = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table"
OTHER_SERVICES: dict[str, Use] = {
    "s3": lambda m: m.bucket(key=m.key(only_through="dynamodb")),
    "sqs": lambda m: m.queue(key=m.key(only_through="dynamodb")),
    "sns": lambda m: m.topic(key=m.key(only_through="dynamodb")),
    "lambda": lambda m: m.function(key=m.key(only_through="dynamodb")),
    "scheduler": lambda m: m.schedule(rate="1 day", key=m.key(only_through="dynamodb")),
    "secretsmanager": lambda m: Secret.from_name(m.stack, "S", "secret", key=m.key(only_through="dynamodb")),
    "ssm": lambda m: Parameter(m.stack, "P", name="/p", key=m.key(only_through="dynamodb")),
}


def granting(given: dict[str, Any]) -> Use:
    statement = Statement(**{"sid": "Do", "actions": ["s3:GetObject"], "resources": ["*"], **given})
    return lambda m: m.function().allow(m.queue(), "Do", statement)


REFUSED: dict[str, tuple[Use, str]] = {
    "a path parameter twice": (
        lambda m: m.api().on_request(m.function(), "GET", "/{id}/parts/{id}"),
        r"path '/\{id\}/parts/\{id\}' has \{id\} twice; give each parameter its own name",
    ),
    "a queue gets what has no body": (
        lambda m: m.api().on_request(m.queue(), "GET", "/orders"),
        "GET has no body that a queue could take; send to stack/Queue with POST",
    ),
    "a body of a request without one": (
        lambda m: m.api().on_request(m.function(), "GET", "/a", body_schema={"type": "object"}),
        "GET /a has a body_schema, which refuses requests without a body",
    ),
    "a path that callers resolve": (
        lambda m: m.api().on_request(m.function(), "GET", "/a/../b"),
        r"path '/a/../b' has the part '..', which callers resolve first",
    ),
    "a path for health checks, then a domain": (
        lambda m: [
            (
                call(api.on_request)(m.function(), "GET", "/ping"),
                api.add_domain("a.example.com", certificate_arn=CERTIFICATE),
            )
            for api in [m.api()]
        ],
        "API Gateway answers /ping of a custom domain itself, for health checks; give GET /ping another path",
    ),
    "a domain, then a path for health checks": (
        lambda m: [
            (
                api.add_domain("a.example.com", certificate_arn=CERTIFICATE),
                call(api.on_request)(m.function(), "ANY", "/sping"),
            )
            for api in [m.api()]
        ],
        "API Gateway answers /sping of a custom domain itself",
    ),
    "a base path beyond 300 characters": (
        lambda m: m.api().add_domain("a.example.com", certificate_arn=CERTIFICATE, base_path="a" * 301),
        "base_path is .* AWS allows 1 to 300 letters",
    ),
    "one header twice": (
        lambda m: m.api().on_request(
            m.function(), "GET", "/", authorization=LambdaAuthorizer("own", m.function("O"), headers=["X-A", "x-a"])
        ),
        "headers of 'own' names one header twice",
    ),
    "a scope with a blank": (
        lambda m: m.api().on_request(
            m.function(), "GET", "/", authorization=CognitoAuthorizer("people", [POOL], scopes=["read write"])
        ),
        "scopes is 'read write', AWS allows",
    ),
    "a service with a blank": (
        lambda m: Key(m.stack, "Key", alias="alias/a", description="", only_through="dynamo db"),
        "only_through is 'dynamo db', AWS allows",
    ),
    "a pattern of a detail that is a list": (
        lambda m: m.rule({"detail": [{"exists": True}]}),
        r"pattern\['detail'\] is a list, which matches no event",
    ),
    "an attribute that no message has": (
        lambda m: m.topic().on_message(m.queue(), filter_policy={"order kind": ["a"]}),
        "filter_policy is 'order kind', AWS allows 1 to 256 letters",
    ),
    "a time that clocks skip": (
        lambda m: m.schedule(at="2099-03-29T02:30:00", time_zone="Europe/Berlin"),
        "at is '2099-03-29T02:30:00', AWS allows a time that clocks in Europe/Berlin show; there they go on to",
    ),
    "years that are over": (
        lambda m: m.schedule(cron="0 3 1 1 ? 2019,2020"),
        "AWS allows years to come, which '2019,2020' are not",
    ),
    "IAM's variable in a prefix": (
        lambda m: m.bucket().grant_read(m.function(), prefix="${aws:username}/"),
        r"prefix is '\$\{aws:username\}/', where Terraform takes IAM's variable .*; write \$\$\{aws:username\}",
    ),
    "IAM's variable in a statement": (
        lambda m: m.function().allow(m.queue(), "Do", Statement("Do", ["s3:GetObject"], ["a/${aws:userid}"])),
        r"resources of Do is 'a/\$\{aws:userid\}', where Terraform takes IAM's variable",
    ),
    "a statement without actions": (
        lambda m: m.function().allow(m.queue(), "Do", Statement("Do", [], ["*"])),
        "the statement Do has no actions",
    ),
    "an action without a service": (
        lambda m: m.function().allow(m.queue(), "Do", Statement("Do", ["GetObject"], ["*"])),
        "the statement Do has the action 'GetObject'; give a service",
    ),
    "a sid with a hyphen": (
        lambda m: m.function().allow(m.queue(), "Do", Statement("get-it", ["s3:GetObject"], ["*"])),
        "a statement's sid is 'get-it', IAM allows letters and digits",
    ),
    **{
        f"a statement with {what}": (granting(given), said)
        for what, given, said in (
            ("another effect", {"effect": "allow"}, "the statement Do has the effect 'allow'; give Allow or Deny"),
            ("no resources", {"resources": []}, "the statement Do of DoQueue needs resources and no principals"),
            (
                "principals",
                {"principals": {"AWS": ["*"]}},
                "the statement Do of DoQueue needs resources and no principals",
            ),
            ("a name", {"resources": ["uploads/*"]}, "has the resource 'uploads/\\*'; give an ARN, such as arn:aws:s3"),
            (
                "no value",
                {"conditions": [Condition("Bool", "aws:SecureTransport", [])]},
                "SecureTransport with nothing",
            ),
            (
                "no operator",
                {"conditions": [Condition("Is", "aws:x", ["a"])]},
                "has the condition 'Is'; give an operator",
            ),
            ("no key", {"conditions": [Condition("Bool", "Tls", ["true"])]}, "compares 'Tls'; give a key, as aws:Sou"),
        )
    },
    "a statement about nobody beside others": (
        lambda m: m.bucket().policy.add(Statement("Do", ["s3:GetObject"], ["arn:aws:s3:::bucket/*"])),
        "some statements have principals and others have none; a role's policy has none",
    ),
    "two statements of one sid": (
        lambda m: m.function().allow(
            m.queue(), "Do", Statement("Do", ["s3:GetObject"], ["*"]), Statement("Do", ["s3:PutObject"], ["*"])
        ),
        "two statements have the sid Do",
    ),
    "a schema that contains itself": (
        lambda m: m.api().on_request(m.function(), "POST", "/", body_schema=itself()),
        "body_schema is nested more than 100 levels, or contains itself",
    ),
    "a pattern that contains itself": (
        lambda m: m.rule(itself()),
        "pattern is nested more than 100 levels, or contains itself",
    ),
    "a schema of a newer draft": (
        lambda m: m.api().on_request(m.function(), "POST", "/", body_schema={"$schema": DRAFT_7}),
        "body_schema is of http://json-schema.org/draft-07/schema#; API Gateway knows .*draft-04",
    ),
    "a schema beyond 400 KB": (
        lambda m: m.api().on_request(m.function(), "POST", "/", body_schema={"description": "x" * 500_000}),
        "body_schema is .* AWS allows 409600 characters of JSON",
    ),
    "a schema with a number known later": (
        lambda m: m.api().on_request(m.function(), "POST", "/", body_schema={"maximum": m.number()}),
        "body_schema has a number that only Terraform knows; give it as a text",
    ),
    "a pool that is none": (
        lambda m: m.api().on_request(m.function(), "GET", "/", authorization=CognitoAuthorizer("people", ["pool"])),
        "user_pool_arns is 'pool', AWS allows",
    ),
    "a header that is none": (
        lambda m: m.api().on_request(
            m.function(), "GET", "/", authorization=LambdaAuthorizer("own", m.function("Other"), headers=["A,B"])
        ),
        "headers is 'A,B', AWS allows",
    ),
    "a web ACL for CloudFront": (
        lambda m: m.api(web_acl_arn=CLOUDFRONT_ACL),
        "web_acl_arn is .* it has to be a regional one",
    ),
    "two usage plans of one name": (
        lambda m: [plans.add_usage_plan("gold") for plans in [m.keyed_api()] * 2],
        "there is a usage plan 'gold' already",
    ),
    "a domain twice": (
        lambda m: [api.add_domain("a.example.com", certificate_arn=CERTIFICATE) for api in [m.api()] * 2],
        "it has the domain a.example.com already",
    ),
    "more at a time than is reserved": (
        lambda m: m.queue().on_messages(m.function(reserved_concurrency=3), max_concurrency=4),
        "stack/Queue: max_concurrency is 4, and stack/Worker has a reserved_concurrency of 3",
    ),
    "mail from a FIFO topic": (
        lambda m: m.topic(name="t.fifo", fifo=True).subscribe_email("a@example.com"),
        "stack/Topic: a FIFO topic delivers to queues only, and not to a@example.com",
    ),
    "a function behind a FIFO topic": (
        lambda m: m.topic(name="t.fifo", fifo=True).on_message(m.function()),
        "a FIFO topic delivers to queues only; put a queue before stack/Worker",
    ),
    "a FIFO topic's name alone": (
        lambda m: m.topic(name="t.fifo"),
        "a name that ends with .fifo is a FIFO topic's: pass",
    ),
    "a FIFO topic of another name": (
        lambda m: m.topic(fifo=True),
        "name is 'topic', AWS allows 6 to 256 letters, digits, - and _, then .fifo",
    ),
    "a comparison that SNS does not know": (
        lambda m: m.topic().on_message(m.queue(), filter_policy={"kind": [{"begins-with": "x"}]}),
        r"filter_policy\['kind'\] has \{'begins-with': 'x'\}; 'begins-with' is none of the comparisons anything-but",
    ),
    "a list known later in a filter": (
        lambda m: m.topic().on_message(m.queue(), filter_policy={"kind": m.texts()}),
        "filter_policy has a list that only Terraform knows; name its items",
    ),
    "an empty object in a pattern": (
        lambda m: m.rule({"detail": {}}),
        r"pattern\['detail'\] has \{\}; name a field; the services refuse empty objects",
    ),
    "a change that streams do not know": (
        lambda m: m.table().on_change(m.function(), filters=[{"eventName": ["DELETE"]}]),
        r"filters\['eventName'\] has 'DELETE', which would match no change; changes are INSERT, MODIFY, REMOVE",
    ),
    "an attribute without its type": (
        lambda m: m.table().on_change(m.function(), filters=[{"dynamodb": {"NewImage": {"state": ["open"]}}}]),
        r"\['NewImage'\]\['state'\] has \['open'\], which would match no change; name the attribute's type",
    ),
    "a type that no attribute has": (
        lambda m: m.table().on_change(m.function(), filters=[{"dynamodb": {"Keys": {"id": {"string": ["a"]}}}}]),
        r"\['Keys'\]\['id'\] has 'string', which would match no change; the types of attributes are B, BOOL",
    ),
    "a number of a stream as a number": (
        lambda m: m.table().on_change(
            m.function(), filters=[{"dynamodb": {"NewImage": {"a": {"M": {"b": {"N": [{"numeric": [">", 1]}]}}}}}}]
        ),
        r"\['M'\]\['b'\]\['N'\] has .*, which would match no change; streams write numbers as texts: \['5'\]",
    ),
    "a field that no record has": (
        lambda m: m.table().on_change(m.function(), filters=[{"data": {"a": ["b"]}}]),
        "filters has 'data', which would match no change; a record of a stream has awsRegion, dynamodb",
    ),
    "the stream of another table": (
        lambda m: Table.from_name(
            m.stack, "T", "orders", stream_arn=f"{STREAMED}/invoices/stream/2026-01-01T00:00:00.000"
        ),
        "stream_arn is .*; give one below the table's ARN/stream/",
    ),
    "a FIFO topic for alarms": (
        lambda m: m.function(alarm_topic=m.topic(name="t.fifo", fifo=True, key=m.key())),
        "stack/Topic: alarms publish to no FIFO topic; give a standard topic as alarm_topic",
    ),
    "an existing FIFO topic for alarms": (
        lambda m: m.function(alarm_topic=Topic.from_name(m.stack, "T", "t.fifo", admits=["cloudwatch.amazonaws.com"])),
        "stack/T: alarms publish to no FIFO topic",
    ),
    **{
        f"a key for tables of a {service}": (use, f"has only_through='dynamodb', so that {service} could not use it")
        for service, use in OTHER_SERVICES.items()
    },
    "a bus by a rule's ARN": (
        lambda m: modules.Rule(
            m.stack, "R", name="r", pattern={"source": ["a"]}, event_bus=f"arn:aws:events:us-east-1:{ACCOUNT}:rule/r"
        ),
        "event_bus is 'arn:aws:events.*a name has up to 256 characters and no colons",
    ),
    "a function's input that is no JSON": (
        lambda m: m.schedule(rate="1 day").on_time(m.function(), input="good morning"),
        "input is no JSON",
    ),
    "alternatives that multiply": (
        lambda m: m.topic().on_message(
            m.queue(), filter_policy={"a": list(range(80)), "$or": [{"b": ["c"]}, {"d": ["e"]}]}
        ),
        r"filter_policy \(values of all keys, multiplied\) is 160, AWS allows 1 to 150",
    ),
    "a stream's filter without a list": (
        lambda m: m.table().on_change(m.function(), filters=[{"eventName": "INSERT"}]),
        r"filters\['eventName'\] has 'INSERT'; give a list of the accepted values",
    ),
    "a comparison that streams do not know": (
        lambda m: m.table().on_change(m.function(), filters=[{"eventID": [{"wildcard": "*"}]}]),
        "'wildcard' is none of the comparisons",
    ),
    "half a comparison of numbers": (
        lambda m: m.rule({"detail": {"price": [{"numeric": [">"]}]}}),
        r"pattern\['detail'\]\['price'\] has .*; numeric does not take \['>'\]",
    ),
    "a number that is none": (lambda m: m.rule({"detail": {"n": [float("nan")]}}), r"\['n'\] has nan"),
    "one alternative": (
        lambda m: m.rule({"$or": [{"source": ["a"]}]}),
        r"\['\$or'\] has .*; give a list of two patterns",
    ),
    "a field that no event has": (
        lambda m: m.rule({"sources": ["orders"]}),
        "pattern has 'sources', which no event has, so that it would match none; the fields of an event: account",
    ),
    "input that is no JSON": (
        lambda m: m.rule({"source": ["a"]}).on_event(m.queue(), input={"a": float("inf")}),
        "input is no JSON",
    ),
    "two days by number": (
        lambda m: m.schedule(cron="0 8 ? * MON#2,FRI#1 *"),
        "cron is .* AWS allows a single value with # in day-of-week",
    ),
    "a layer in two versions": (
        lambda m: m.function(layers=[f"{LAYER}:1", f"{LAYER}:2"]),
        f"layers has {LAYER} twice; Lambda takes one version of each layer",
    ),
    "subnets by name": (
        lambda m: m.function(vpc=Vpc(["private"], ["sg-1"])),
        "vpc.subnet_ids is 'private', AWS allows",
    ),
    "groups by name": (
        lambda m: m.function(vpc=Vpc(["subnet-1"], ["default"])),
        "vpc.security_group_ids is 'default', AWS allows",
    ),
    "a signing profile": (
        lambda m: m.function(code_signing_config_arn="profile"),
        "code_signing_config_arn is 'profile', AWS allows",
    ),
    "linear without a step": (lambda m: Release(linear=True), "release: linear needs percent"),
    "eleven tags": (
        lambda m: m.bucket(lifecycle=[LifecycleRule("old", tags={str(n): "" for n in range(11)}, expire_after_days=1)]),
        "lifecycle old: tags has 11, AWS allows 0 to 10 tags of an object",
    ),
    "a tag of AWS's": (
        lambda m: m.bucket(lifecycle=[LifecycleRule("old", tags={"aws:x": ""}, expire_after_days=1)]),
        "lifecycle old: tags: name is 'aws:x', AWS allows .* aws: at its beginning is reserved",
    ),
    "an origin with a path": (lambda m: m.bucket(cors_origins=["https://a.com/"]), "cors_origins is 'https://a.com/'"),
    "two wildcards": (lambda m: m.bucket(cors_origins=["https://*.*.com"]), "cors_origins is .* one \\* at most"),
    "an account's alias": (
        lambda m: m.bucket(account_id="production"),
        "account_id is 'production', AWS allows 12 digits",
    ),
    "a key's account": (
        lambda m: Key(m.stack, "Key", alias="alias/x", description="", account_id="12"),
        "account_id is '12', AWS allows 12 digits",
    ),
    "an expiry that is a text": (
        lambda m: m.table(expiry_attribute="id"),
        "expiry_attribute is 'id', a key that is no number; .*attribute_types={'id': 'number'}",
    ),
    "a path without its first slash": (
        lambda m: Parameter(m.stack, "P", name="app/limit"),
        "name is 'app/limit', AWS allows a path with a slash at its beginning: '/app/limit'",
    ),
    "sixteen levels": (lambda m: Parameter(m.stack, "P", name="/a" * 16), "name is .* AWS allows 15 levels"),
    "an empty level": (lambda m: Parameter(m.stack, "P", name="/a//b"), "name is '/a//b', AWS allows single slashes"),
    "ten seconds of AWS's metrics": (
        lambda m: m.alarm(period_seconds=10),
        "period_seconds is 10, AWS allows 60 to 604800 seconds, for metrics of AWS",
    ),
    "a dimension without a value": (
        lambda m: m.alarm(dimensions={"FunctionName": ""}),
        "dimensions: FunctionName is '', AWS allows 1 to 1024 ASCII characters",
    ),
    "a namespace with a colon": (lambda m: m.alarm(namespace=":own"), "namespace is ':own', AWS allows .* colon"),
    "a percentile beyond 100": (lambda m: m.alarm(statistic="p101"), "statistic is 'p101', AWS allows"),
    "a graph of it": (
        lambda m: Dashboard(m.stack, "D", name="d", graphs={"Slow": [Metric("AWS/Lambda", "Duration", {}, "p101")]}),
        r"stack/D: graphs\['Slow'\]: statistic is 'p101', AWS allows",
    ),
    "a role's name with blanks": (
        lambda m: ApiLoggingRole(m.stack, "L", name="a b"),
        "name is 'a b', AWS allows 1 to 64",
    ),
}


@pytest.mark.parametrize("use", REFUSED)
def test_arguments_that_aws_would_refuse_are_configuration_errors(made: Made, use: str) -> None:
    attempt, said = REFUSED[use]
    with pytest.raises(ConfigurationError, match=said):
        attempt(made)


def call(verb: Callable[..., None]) -> Callable[..., object]:
    """A method call as an expression."""
    return verb


ACCEPTED: dict[str, Use] = {
    "every comparison of SNS": lambda m: m.topic().on_message(
        m.queue(),
        filter_policy={
            "a": [{"prefix": "x"}, {"suffix": "y"}, {"anything-but": ["z"]}, {"anything-but": {"prefix": "w"}}],
            "b": [{"numeric": [">", 0, "<=", 1.5]}, {"exists": True}, None, True, 1.5],
            "$or": [{"c": [{"cidr": "10.0.0.0/8"}]}, {"d": [{"equals-ignore-case": "e"}]}],
        },
    ),
    "every comparison of rules": lambda m: m.rule(
        {"detail": {"a": [{"wildcard": "x*y"}, {"prefix": {"equals-ignore-case": "z"}}]}, "$or": [{"id": ["a"]}] * 2}
    ),
    "a message of a schedule that is no JSON": lambda m: m.schedule(rate="1 day").on_time(
        m.queue(), input="good morning"
    ),
    "a bus by its ARN": lambda m: modules.Rule(
        m.stack,
        "Rule",
        name="rule",
        pattern={"source": ["a"]},
        event_bus=f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/o",
    ).on_event(m.queue()),
    "an API with the longest name": lambda m: m.api(name="a" * 1024).on_request(m.queue(), "POST", "/"),
    "two APIs at one domain": lambda m: [
        (
            call(api.on_request)(m.queue(), "POST", "/"),
            call(other.on_request)(m.function(), "GET", "/"),
            call(other.use_domain)(api.add_domain("a.example.com", certificate_arn=CERTIFICATE), base_path="other"),
        )
        for api, other in [(m.api(), RestApi(m.stack, "Other", name="other", description="Answers"))]
    ],
    "a key for tables of a table": lambda m: m.table(key=m.key(only_through="dynamodb.us-east-1.amazonaws.com")),
    "filters in all the types of attributes": lambda m: m.table().on_change(
        m.function(),
        filters=[
            {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"state": {"S": ["open"]}, "size": {"N": ["5"]}}}},
            {
                "dynamodb": {
                    "Keys": {"id": {"S": [{"prefix": "order#"}]}},
                    "OldImage": {"a": {"M": {"b": {"BOOL": [True]}}}},
                }
            },
            {"$or": [{"eventName": ["REMOVE"]}, {"dynamodb": {"NewImage": {"l": {"L": {"S": ["x"]}}}}}]},
        ],
    ),
    "a text known later in a pattern": lambda m: m.rule({"detail": {"bucket": [m.bucket().name]}}),
    "a long input of a schedule": lambda m: m.schedule(rate="1 hour").on_time(m.queue(), input={"a": "x" * 20_000}),
    "an expiry that is a number": lambda m: m.table(
        sort_key="at", attribute_types={"at": "number"}, expiry_attribute="at"
    ),
    "any method of any path": lambda m: [
        route(m.function(f"F{n}"), "ANY", path)
        for route in [call(m.api().on_request)]
        for n, path in enumerate(["/", "/{proxy+}"])
    ],
    "as many at a time as are reserved": lambda m: m.queue().on_messages(
        m.function(reserved_concurrency=3), max_concurrency=3
    ),
    "origins of any subdomain": lambda m: m.bucket(cors_origins=["https://*.example.com", "http://localhost:3000"]),
    "an alarm over a week": lambda m: m.alarm(period_seconds=604_800),
    "two functions on one queue": lambda m: [
        poll(m.function(id_)) for poll in [call(m.queue().on_messages)] for id_ in ("One", "Other")
    ],
    "two queues for one function": lambda m: [
        call(queue.on_messages)(worker)
        for worker in [m.function()]
        for queue in (m.queue(), Queue(m.stack, "More", name="more"))
    ],
    "an API of an odd name": lambda m: m.api(name="Orders (new)!").on_request(m.queue(), "POST", "/"),
}


@pytest.mark.parametrize("use", ACCEPTED)
def test_arguments_that_aws_accepts_are_accepted_without_unresolved_tokens(made: Made, use: str) -> None:
    ACCEPTED[use](made)
    assert "TfToken" not in str(Terraform(made.stack).json)


def test_names_known_to_terraform_only_reach_all_names_derived_from_them(made: Made) -> None:
    name = TerraformVariable(made.stack, "Name", type="string").string_value
    made.api(name=name).on_request(made.function(name=name, release=Release(10)), "GET", "/")
    made.queue(name=name, max_receives=2)
    terraform = Terraform(made.stack)
    assert "TfToken" not in str(terraform.json)
    assert terraform.resource("aws_iam_role", "Worker/Release/Role")["name"] == "${var.Name}-release"


def test_a_log_group_takes_an_apis_name_in_its_own_characters(made: Made) -> None:
    made.api(name="Orders (new)!").on_request(made.function(), "GET", "/")
    names = [group["name"] for group in Terraform(made.stack).resources("aws_cloudwatch_log_group").values()]
    (access,) = [name for name in names if name.startswith("/aws/apigateway/")]
    assert access.startswith("/aws/apigateway/Ordersnew")


def test_a_fifo_topic_delivers_to_fifo_queues_in_order(made: Made) -> None:
    key = Key(made.stack, "Key", alias="alias/messages", description="Encrypts messages")
    topic = made.topic(name="orders.fifo", fifo=True, key=key)
    topic.on_message(made.queue(name="work.fifo", fifo=True, key=key))
    terraform = Terraform(made.stack)
    assert terraform.resource("aws_sns_topic") == {
        "name": "orders.fifo",
        "fifo_topic": True,
        "content_based_deduplication": True,
        "kms_master_key_id": "${aws_kms_key.Key/Key.arn}",
    }
    assert terraform.resource("aws_sqs_queue", "Topic/Undelivered/Queue")["name"] == "orders-undelivered.fifo"


def test_a_rule_on_a_buckets_events_turns_them_on(made: Made) -> None:
    modules.Rule(made.stack, "Rule", name="rule", pattern=made.bucket().event_pattern()).on_event(made.queue())
    assert Terraform(made.stack).resource("aws_s3_bucket_notification")["eventbridge"] is True


def test_a_rule_on_events_of_anothers_bucket_leaves_its_notification_alone(made: Made) -> None:
    theirs = Bucket.from_name(made.stack, "Theirs", "theirs")
    modules.Rule(made.stack, "Rule", name="rule", pattern=theirs.event_pattern()).on_event(made.queue())
    assert Terraform(made.stack).resources("aws_s3_bucket_notification") == {}
