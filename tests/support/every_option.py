"""A stack in which every option of every module class is given, with a key of its own or without one.

`arguments_given` records what is given, so that a test can ask whether a new argument is used here.
"""

import contextlib
import functools
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import modules  # first: it prepares the provider binding and jsii

# isort: split
import pytest
from cdktf import TerraformStack
from constructs import Construct

from modules import (
    Alarms,
    ApiLoggingRole,
    Authorization,
    Bucket,
    Capacity,
    CognitoAuthorizer,
    Condition,
    Cors,
    Dashboard,
    Dependencies,
    DeploymentTarget,
    GithubDeployer,
    GithubIdentity,
    Index,
    Key,
    LambdaAuthorizer,
    LifecycleRule,
    Logs,
    Metric,
    OnDemandLimit,
    Parameter,
    PythonFunction,
    Queue,
    Quota,
    Release,
    RestApi,
    Role,
    Rule,
    Schedule,
    Secret,
    StateBackend,
    Statement,
    Table,
    Topic,
    Vpc,
)

ACCOUNT = "123456789012"
SIGNING = f"arn:aws:lambda:us-east-1:{ACCOUNT}:code-signing-config:csc-0123456789abcdef0"
LAYER = f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:tools:3"
CERTIFICATE = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/12345678-1234-1234-1234-123456789012"
POOL = f"arn:aws:cognito-idp:us-east-1:{ACCOUNT}:userpool/us-east-1_abc"
WEB_ACL = f"arn:aws:wafv2:us-east-1:{ACCOUNT}:regional/webacl/x/12345678-1234-1234-1234-123456789012"
THEIR_KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/12345678-1234-1234-1234-123456789012"
THEIR_TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/theirs"
SCHEMA = {"type": "object", "required": ["id"]}
# What has no option that a stack could give: names are computed, and documents are made by the classes.
NOT_IN_A_STACK = {"Names", "PolicyDocument"}
# What classes call on one another.
BETWEEN_CLASSES = {
    "admit",
    "allow_invoke",
    "block",
    "check",
    "error_parameters",
    "find",
    "preflight_parameters",
    "prepare_polling",
}


class EveryOption(Construct):
    """Everything, with names that begin with `keyed-` or `plain-`."""

    def __init__(self, stack: TerraformStack, code: Path, lock: Path, *, keyed: bool) -> None:
        self.name = "keyed" if keyed else "plain"
        super().__init__(stack, self.name.title())
        self._code = code
        self._lock = lock
        own = Key(
            self,
            "Key",
            alias=f"alias/{self.name}",
            description="Encrypts all",
            account_id=ACCOUNT,
            deletion_window_days=7,
            protected=True,
        )
        self.key = own if keyed else None
        self.alarms = Topic(self, "AlarmTopic", name=self._named("alarms"), key=own, account_id=ACCOUNT)
        self.alarms.subscribe_email("team@example.com")
        self.worker = self._functions()
        self._queues()
        self._topics()
        self._buckets()
        self._tables()
        self._times_and_rules()
        self._apis()
        self._secrets()
        self._existing()
        self._operations(own)

    def _named(self, part: str) -> str:
        return f"{self.name}-{part}"

    def _function(self, id_: str, **options: Any) -> PythonFunction:
        return PythonFunction(self, id_, name=self._named(id_.lower()), packages=[self._code], **options)

    def _functions(self) -> PythonFunction:
        everything = self._function(
            "Everything",
            handler="worker.handler.handle",
            dependencies=Dependencies(self._lock, group="main", boto3_of_runtime=True),
            installed=["packaging"],
            exclude=["*.md"],
            layers=[LAYER],
            environment={"STAGE": "test"},
            timeout_seconds=10,
            memory_mb=512,
            ephemeral_storage_mb=1024,
            reserved_concurrency=5,
            runtime="python3.12",
            architecture="arm64",
            retries=1,
            event_age_seconds=3600,
            log_retention_days=400,
            logs=Logs(format="JSON", level="INFO", system_level="WARN"),
            allow_recursion=True,
            release=Release(percent=10, minutes=5, linear=False),
            alarm_topic=self.alarms,
            vpc=Vpc(["subnet-0123456789abcdef0"], ["sg-0123456789abcdef0"]),
            code_signing_config_arn=SIGNING,
            key=self.key,
        )
        self._function("Linear", libraries=self._lock.parent / "libraries", release=Release(10, minutes=1, linear=True))
        self._function("AtOnce", release=Release(), reserved_concurrency=0)
        worker = self._function("Worker", key=self.key)
        everything.allow(
            self.alarms,
            "Describe",
            Statement(
                sid="Describe",
                effect="Allow",
                actions=["sns:GetTopicAttributes"],
                resources=[self.alarms.arn],
                principals={},
                conditions=[Condition(test="StringEquals", variable="aws:PrincipalAccount", values=[ACCOUNT])],
            ),
        )
        return worker

    def _queues(self) -> None:
        self.work = Queue(
            self,
            "Work",
            name=self._named("work"),
            retention_days=4,
            visibility_timeout_seconds=300,
            max_receives=3,
            key=self.key,
            alarm_topic=self.alarms,
        )
        self.in_order = Queue(self, "InOrder", name=self._named("orders.fifo"), fifo=True, key=self.key)
        self.work.on_messages(self.worker, batch_size=100, window_seconds=5, partial_failures=False, max_concurrency=2)
        self.work.grant_receive(self._function("Receiver", key=self.key))
        self.in_order.grant_send(self.worker)

    def _topics(self) -> None:
        self.news = Topic(self, "News", name=self._named("news"), key=self.key, alarm_topic=self.alarms)
        self.news.on_message(self.worker, filter_policy={"kind": ["order"]}, filter_scope="MessageBody")
        self.news.on_message(self.work, raw=True)
        self.news.grant_publish(self._function("Publisher"))
        Topic(self, "Ordered", name=self._named("ordered.fifo"), fifo=True, key=self.key).on_message(self.in_order)

    def _buckets(self) -> None:
        rule = LifecycleRule(
            "old",
            prefix="old/",
            tags={"kind": "report"},
            larger_than_bytes=1,
            smaller_than_bytes=10**9,
            transitions={"STANDARD_IA": 30, "GLACIER": 60},
            expire_after_days=90,
            noncurrent_transitions={"GLACIER": 5},
            noncurrent_expire_after_days=50,
            noncurrent_versions_kept=3,
        )
        self.bucket = Bucket(
            self,
            "Bucket",
            name=self._named("bucket"),
            account_id=ACCOUNT,
            key=self.key,
            cors_origins=["https://app.example.com"],
            noncurrent_days=60,
            lifecycle=[rule],
            protected=True,
        )
        quiet = Bucket(self, "Quiet", name=self._named("quiet"), key=self.key, versioned=False, emptied_on_destroy=True)
        quiet.restrict_objects_to(self.worker)
        self.bucket.on_object_created(self.work, prefix="in/", suffix=".json")
        self.bucket.permit_delivery(self.work)
        self.bucket.on_object_removed(self.worker, prefix="in/", suffix=".json")
        self.bucket.on_object_restored(self.alarms, prefix="old/", suffix=".json")
        self.bucket.send_events_to_eventbridge()
        for grant in (
            self.bucket.grant_read,
            self.bucket.grant_list,
            self.bucket.grant_read_tags,
            self.bucket.grant_write_tags,
            self.bucket.grant_presigned_write,
            quiet.grant_write,
            quiet.grant_delete,
        ):
            grant(self.worker, prefix="in/")

    def _tables(self) -> None:
        scaled = Table(
            self,
            "Scaled",
            name=self._named("scaled"),
            partition_key="id",
            indexes=[Index("by-kind", "kind", attributes=["title"])],
            capacity=Capacity(read=1, write=1, autoscale_to=5),
            key=self.key,
            alarm_topic=self.alarms,
        )
        limited = Table(
            self,
            "Limited",
            name=self._named("limited"),
            partition_key="id",
            sort_key="at",
            attribute_types={"at": "number"},
            indexes=[Index("by-day", "day", sort_key="at")],
            capacity=OnDemandLimit(read=10, write=10),
            key=self.key,
            expiry_attribute="expires",
            recovery_days=7,
            stream="KEYS_ONLY",
            protected=True,
        )
        Table(self, "Fixed", name=self._named("fixed"), partition_key="id", capacity=Capacity(1, 1), key=self.key)
        scaled.on_change(
            self.worker,
            filters=[{"eventName": ["INSERT"]}],
            batch_size=10,
            window_seconds=5,
            starting_position="LATEST",
            retries=5,
            bisect=False,
            partial_failures=False,
            concurrency=2,
            failures=Queue(self, "Unprocessed", name=self._named("unprocessed")),
        )
        limited.on_change(self.worker)
        for grant in (
            scaled.grant_get,
            scaled.grant_batch_get,
            scaled.grant_put,
            scaled.grant_update,
            scaled.grant_delete,
            scaled.grant_batch_write,
            scaled.grant_condition_check,
            scaled.grant_transact_write,
            scaled.grant_stream,
        ):
            grant(self._function(f"May{grant.__name__.removeprefix('grant_').title().replace('_', '')}"))
        querying = self._function("Querying")
        limited.grant_query(querying)
        limited.grant_query(querying, index="by-day")
        limited.grant_scan(querying, index="by-day")

    def _times_and_rules(self) -> None:
        options: dict[str, Any] = {"key": self.key, "alarm_topic": self.alarms, "retries": 5, "event_age_seconds": 600}
        uploaded = Rule(
            self,
            "Uploaded",
            name=self._named("uploaded"),
            pattern=self.bucket.event_pattern("Object Created", prefix="in/", suffix=".json"),
            description="Uploads",
            **options,
        )
        placed = Rule(
            self, "Placed", name=self._named("placed"), pattern={"source": ["shop"]}, event_bus="shop", **options
        )
        hourly = Schedule(self, "Hourly", name=self._named("hourly"), rate="1 hour", description="Hourly", **options)
        for target in (self.worker, self.work, self.in_order):
            uploaded.on_event(target)
            hourly.on_time(target, input={"every": "hour"})
        placed.on_event(self.alarms, input='{"placed": true}')
        Schedule(self, "Nightly", name=self._named("nightly"), cron="0 3 * * ? *", time_zone="Europe/Berlin").on_time(
            self.worker
        )
        once = Schedule(self, "Once", name=self._named("once"), at="2099-01-01T00:00:00")
        once.on_time(self.work)
        once.allow(self.work, "Look", Statement("Look", ["sqs:GetQueueAttributes"], [self.work.arn]))

    def _apis(self) -> None:
        signed = RestApi(
            self,
            "Signed",
            name=self._named("signed"),
            description="For signed requests and tokens",
            rate_limit=10,
            burst_limit=20,
            execution_log_level="INFO",
            log_retention_days=400,
            alarm_topic=self.alarms,
            web_acl_arn=WEB_ACL,
            key=self.key,
            cors=Cors(
                ["https://app.example.com", "https://admin.example.com"],
                request_headers=["Content-Type"],
                response_headers=["ETag"],
                max_age_seconds=60,
            ),
            only_by_domain=True,
        )
        people = CognitoAuthorizer("people", user_pool_arns=[POOL], scopes=["items/read"])
        own = LambdaAuthorizer("own", function=self.worker, headers=["X-Token"], cache_seconds=60)
        signed.on_request(self.worker, "POST", "/items", body_schema=SCHEMA)
        signed.on_request(self.worker, "GET", "/items/{id}", authorization=people)
        signed.on_request(self.worker, "ANY", "/files/{proxy+}", authorization=own)
        signature = {"Signature": "method.request.header.X-Signature"}
        signed.on_request(self.work, "POST", "/orders", message_attributes=signature)
        domain = signed.add_domain(f"{self.name}.example.com", certificate_arn=CERTIFICATE, base_path="v1")
        keyed = RestApi(
            self,
            "ByKey",
            name=self._named("by-key"),
            description="For holders of API keys",
            authorization=Authorization.API_KEY,
        )
        keyed.on_request(self.worker, "GET", "/")
        plan = keyed.add_usage_plan(
            "gold", rate_limit=5, burst_limit=10, quota=Quota(requests=1000, period="DAY"), keys=["first"]
        )
        plan.add_keys(["second"])
        keyed.use_domain(domain, base_path="v2")
        opened = RestApi(
            self,
            "Open",
            name=self._named("open"),
            description="For anybody, behind a web ACL",
            authorization=Authorization.NONE,
            web_acl_arn=WEB_ACL,
        )
        opened.on_request(self.work, "POST", "/")
        if self.key:  # an account has one
            ApiLoggingRole(self, "LoggingRole", name=self._named("api-logging"), account_id=ACCOUNT)

    def _secrets(self) -> None:
        secret = Secret(
            self, "Secret", name=f"{self.name}/own", description="A password", key=self.key, recovery_days=7
        )
        theirs = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:theirs-AbCdEf"
        for grantee in (self.worker, Role.from_name(self, "Reporting", "reporting")):
            secret.grant_read(grantee)
            Secret.from_name(self, f"{grantee.node.id}ByName", "theirs", key=self.key).grant_read(grantee)
            Secret.from_arn(self, f"{grantee.node.id}ByArn", theirs, key=self.key).grant_read(grantee)
            Parameter(self, f"{grantee.node.id}Limit", name="/limit", key=self.key).grant_read(grantee)

    def _existing(self) -> None:
        key = Key.from_arn(self, "TheirKey", THEIR_KEY, admits=["sns.amazonaws.com", "logs.amazonaws.com"])
        key.allow_service("sns.amazonaws.com")
        key.allow_log_group("/aws/lambda/theirs")
        queue = Queue.from_arn(
            self,
            "TheirQueue",
            f"arn:aws:sqs:us-east-1:{ACCOUNT}:theirs",
            key=key,
            visibility_timeout_seconds=300,
            admits=["sns.amazonaws.com"],
        )
        queue.on_messages(self._function("TheirWorker"))
        topic = Topic.from_arn(
            self,
            "TheirTopic",
            f"arn:aws:sns:us-east-1:{ACCOUNT}:theirs",
            key=key,
            alarm_topic=self.alarms,
            admits=["s3.amazonaws.com"],
        )
        topic.allow_service("s3.amazonaws.com")
        role = Role.from_arn(self, "TheirRole", f"arn:aws:iam::{ACCOUNT}:role/team/reporting")
        role.allow(queue, "Look", Statement("Look", ["sqs:GetQueueAttributes"], [queue.arn]))
        topic.grant_publish(role)
        table = Table.from_arn(
            self,
            "TheirTable",
            THEIR_TABLE,
            indexes=["by-kind"],
            stream_arn=f"{THEIR_TABLE}/stream/2025-01-01T00:00:00.000",
            key=key,
        )
        table.grant_scan(role, index="by-kind")
        table.grant_stream(role)
        admitted: dict[str, Any] = {"key": key, "admits": ["s3.amazonaws.com"]}
        Queue.from_name(self, "NamedQueue", "named", visibility_timeout_seconds=300, **admitted).grant_send(role)
        Topic.from_name(self, "NamedTopic", "named", alarm_topic=self.alarms, **admitted).allow_service(
            "s3.amazonaws.com"
        )
        Table.from_name(
            self,
            "NamedTable",
            "named",
            indexes=["by-kind"],
            stream_arn=f"{THEIR_TABLE.rpartition('/')[0]}/named/stream/2025-01-01T00:00:00.000",
            key=key,
        ).grant_query(role, index="by-kind")
        options: dict[str, Any] = {"key": key, "account_id": ACCOUNT, "owns_notification": True}
        Bucket.from_name(self, "ByName", self._named("theirs"), **options).on_object_created(self.worker)
        Bucket.from_arn(self, "ByArn", f"arn:aws:s3:::{self.name}-other", **options).grant_read(role)

    def _operations(self, key: Key) -> None:
        key.allow_service("delivery.logs.amazonaws.com")
        key.allow_log_group(f"/own/{self.name}")
        Key(self, "TableKey", alias=f"alias/{self.name}-table", description="", only_through="dynamodb")
        Alarms(self, "Alarms", name=self._named("own"), topic=self.alarms).add(
            "Slow",
            description="Slow",
            namespace="Shop",
            metric="Duration",
            dimensions={"Kind": "order"},
            above=5,
            statistic="p99",
            period_seconds=30,
            qualifier="slow",
        )
        Dashboard(
            self,
            "Dashboard",
            name=self._named("board"),
            region="us-east-1",
            graphs={"Calls": [Metric("AWS/Lambda", "Invocations", {"FunctionName": "x"}, statistic="Sum")]},
        )
        deployment = DeploymentTarget(["us-east-1"], project="shop", state_bucket="shop-state", account_id=ACCOUNT)
        identity = (
            GithubIdentity(self, "Github")
            if self.key
            else GithubIdentity.from_arn(
                self,
                "Github",
                f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com",
            )
        )
        for environment in ("production", None):
            GithubDeployer(
                self,
                f"Deployer{environment or ''}",
                name=f"github-{self.name}-{environment or 'review'}",
                identity=identity,
                repository="acme/shop",
                target=deployment,
                names=["shop-*"],
                environment=environment,
            )


def add_state(stack: TerraformStack) -> None:
    """The one backend of the stack."""
    StateBackend(
        stack, bucket="shop-state", state_key="all.tfstate", region="us-east-1", endpoint_url="https://127.0.0.1:4566"
    )


Arguments = dict[str, set[str]]


def every_argument() -> Arguments:
    """The arguments of every public class's constructor and verbs, by `Class.verb`; constructors of existing things are
    reached by their `from_...`."""
    found: Arguments = {}
    for owner, name, function in _functions():
        parameters = set(inspect.signature(function).parameters) - {"self", "cls"}
        found[f"{owner.__name__}.{name}"] = parameters
    return found


@contextlib.contextmanager
def arguments_given(monkeypatch: pytest.MonkeyPatch) -> Iterator[Arguments]:
    """What is given to the same functions meanwhile."""
    given: Arguments = {}
    with monkeypatch.context() as patch:
        for owner, name, function in _functions():
            recorded = given.setdefault(f"{owner.__name__}.{name}", set())
            _record(patch, owner, name, function, recorded)
        yield given


def _record(patch: pytest.MonkeyPatch, owner: type, name: str, function: Any, recorded: set[str]) -> None:
    signature = inspect.signature(function)

    @functools.wraps(function)
    def recording(*arguments: Any, **options: Any) -> Any:
        recorded.update(signature.bind(*arguments, **options).arguments)
        return function(*arguments, **options)

    kind = type(vars(owner)[name])
    patch.setattr(owner, name, kind(recording) if kind in (staticmethod, classmethod) else recording)


def _functions() -> Iterator[tuple[type, str, Any]]:
    kinds = {getattr(modules, name) for name in modules.__all__} | {Rule, Schedule}
    public = [kind for kind in kinds if isinstance(kind, type) and not issubclass(kind, Exception)]
    for kind in sorted(public, key=lambda kind: kind.__name__):
        if kind.__name__ in NOT_IN_A_STACK:
            continue
        for name, member in vars(kind).items():
            function = member.__func__ if isinstance(member, staticmethod | classmethod) else member
            public_name = name == "__init__" or not name.startswith("_")
            abstract = getattr(function, "__isabstractmethod__", False)
            if public_name and name not in BETWEEN_CLASSES and inspect.isfunction(function) and not abstract:
                yield kind, name, function
