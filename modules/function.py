import base64
from collections.abc import Mapping, Sequence
from pathlib import Path

from cdktf import AssetType, TerraformAsset
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.lambda_function import LambdaFunction
from cdktf_cdktf_provider_aws.lambda_function_event_invoke_config import LambdaFunctionEventInvokeConfig
from cdktf_cdktf_provider_aws.lambda_permission import LambdaPermission
from constructs import Construct

from ._account import partition
from ._packaging import build_archive, sha256
from .accepted import accept
from .alarms import Alarms
from .errors import ConfigurationError
from .iam import PolicyDocument, RolePolicies, Statement
from .key import ENCRYPTING_ACTIONS, Key
from .queue import Queue
from .topic import Topic
from .vpc import CONNECTING_ACCEPTED, DENIAL_ACCEPTED, Vpc, connecting, denied_to_code

# https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html; the group itself is made by Terraform.
LOG_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")
# https://docs.aws.amazon.com/xray/latest/devguide/security_iam_id-based-policy-examples.html
TRACE_ACTIONS = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
FAILURE_ACTIONS = ("sqs:SendMessage",)

LONGEST_TIMEOUT = 900
HOUR = 60 * 60

LOGS_WITHOUT_KEY = "CloudWatch Logs encrypts all logs by itself; they hold no file contents and no secrets"
ACCEPTED = {
    "CKV_AWS_115": "concurrency reserved here is taken from the account's other functions; throttled events wait in "
    "Lambda's queue for six hours, and an alarm rings",
    "CKV_AWS_116": "the on-failure destination keeps the event and the error; a dead-letter queue would keep the event "
    "only, a second time",
}
WITHOUT_VPC = {
    "CKV_AWS_117": "it calls AWS's own endpoints only; in a VPC each would have to be paid for by the hour",
}
WITHOUT_KEY = {"CKV_AWS_173": "the environment holds names, no secrets, and Lambda encrypts it at rest by itself"}
WITHOUT_SIGNING = {
    "CKV_AWS_272": "the code's hash is in the reviewed plan; a signing profile is the account's own to make",
}


class PythonFunction(Construct):
    """A Lambda function in Python with everything it needs to lose no event and to be looked after.

    It brings its own role (own logs, traces and failure queue only; `allow` and the resources' `grant_*` add the
    rest), its own log group (made before it, kept `log_retention_days`), X-Ray active tracing, two asynchronous
    retries, a failure queue that keeps the event and the error, and alarms on errors, throttles, durations above
    80 % of the timeout, undeliverable failures, and anything in the failure queue.

    `packages` are source folders; the first one's `handler.py` holds `handle(event, context)`. `libraries` is a
    folder of vendored libraries. `timeout_seconds` is 1 to 900, `memory_mb` 128 to 10240 (CPU grows with it). A
    change of `environment` never carries secrets: Lambda shows it to everyone who may read the function.
    `alarm_topic` hears the alarms.

    Off unless asked for: `vpc` connects it to subnets of a VPC; with `code_signing_config_arn` Lambda checks who signed
    its code; `key` encrypts its environment, its log group and its failure queue instead of AWS's own keys.
    Raises `ConfigurationError` for a timeout AWS refuses, missing code, or a VPC without subnets or security groups.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        packages: Sequence[Path],
        libraries: Path | None = None,
        environment: Mapping[str, str] | None = None,
        timeout_seconds: int = 30,
        memory_mb: int = 256,
        runtime: str = "python3.13",
        log_retention_days: int = 365,
        alarm_topic: Topic | None = None,
        vpc: Vpc | None = None,
        code_signing_config_arn: str | None = None,
        key: Key | None = None,
    ) -> None:
        super().__init__(scope, id_)
        if vpc and not (vpc.subnet_ids and vpc.security_group_ids):
            raise ConfigurationError(f"{name}: vpc has {vpc}; give a subnet and a security group at least")
        if not 1 <= timeout_seconds <= LONGEST_TIMEOUT:
            raise ConfigurationError(f"{name}: timeout_seconds is {timeout_seconds}, AWS allows 1 to {LONGEST_TIMEOUT}")
        self.name = name
        self._timeout = timeout_seconds

        archive = build_archive(packages, libraries)
        digest = sha256(archive)
        code = TerraformAsset(self, "Code", path=str(archive), type=AssetType.FILE, asset_hash=digest.hex())
        self.log_group = CloudwatchLogGroup(
            self,
            "LogGroup",
            name=f"/aws/lambda/{name}",
            retention_in_days=log_retention_days,
            kms_key_id=key.arn if key else None,
        )
        if key:
            key.allow_log_group(f"/aws/lambda/{name}")
        else:
            accept(self.log_group, {"CKV_AWS_158": LOGS_WITHOUT_KEY})
        self.role = IamRole(
            self,
            "Role",
            name=name,
            assume_role_policy=PolicyDocument(
                self,
                "AssumeRole",
                Statement(
                    sid="LambdaService",
                    principals={"Service": ["lambda.amazonaws.com"]},
                    actions=["sts:AssumeRole"],
                    resources=[],
                ),
            ).json,
        )
        self._role_name: str = self.role.name
        self._policies = RolePolicies(self, self._role_name)
        self.failures = Queue(self, "Failures", name=f"{name}-failures", key=key)
        log_policy = self.allow(
            self,
            "Operate",
            Statement(sid="WriteOwnLogs", actions=LOG_ACTIONS, resources=[f"{self.log_group.arn}:*"]),
            # X-Ray has no resources to name: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
            Statement(sid="WriteTraces", actions=TRACE_ACTIONS, resources=["*"]),
            Statement(sid="KeepFailures", actions=FAILURE_ACTIONS, resources=[self.failures.arn]),
            # Lambda puts failures into the encrypted queue, and reads the environment, as the function.
            *([Statement(sid="UseKey", actions=ENCRYPTING_ACTIONS, resources=[key.arn])] if key else []),
        )
        needed = [self.log_group, log_policy]
        if vpc:
            connection = self.allow(self, "Connect", *connecting(partition(self)))
            accept(connection, CONNECTING_ACCEPTED)
            needed.append(connection)
        self.resource = LambdaFunction(
            self,
            "Function",
            function_name=name,
            role=self.role.arn,
            runtime=runtime,
            handler=f"{packages[0].name}.handler.handle",
            filename=code.path,
            source_code_hash=base64.b64encode(digest).decode(),
            timeout=timeout_seconds,
            memory_size=memory_mb,
            environment={
                "variables": {
                    "POWERTOOLS_SERVICE_NAME": name,
                    "POWERTOOLS_METRICS_NAMESPACE": name,
                    **(environment or {}),
                }
            },
            tracing_config={"mode": "Active"},
            vpc_config={"subnet_ids": list(vpc.subnet_ids), "security_group_ids": list(vpc.security_group_ids)}
            if vpc
            else None,
            code_signing_config_arn=code_signing_config_arn,
            kms_key_arn=key.arn if key else None,
            depends_on=needed,
        )
        accept(
            self.resource,
            ACCEPTED
            | ({} if vpc else WITHOUT_VPC)
            | ({} if key else WITHOUT_KEY)
            | ({} if code_signing_config_arn else WITHOUT_SIGNING),
        )
        self.arn: str = self.resource.arn
        if vpc:
            accept(self.allow(self, "ReserveConnection", denied_to_code(self.arn)), DENIAL_ACCEPTED)
        self._function_name: str = self.resource.function_name
        LambdaFunctionEventInvokeConfig(
            self,
            "AsynchronousInvocation",
            function_name=self._function_name,
            maximum_retry_attempts=2,
            maximum_event_age_in_seconds=6 * HOUR,
            destination_config={"on_failure": {"destination": self.failures.arn}},
        )
        self._add_alarms(alarm_topic)

    def allow(self, resource: Construct, verb: str, *statements: Statement) -> IamRolePolicy:
        """Give the role one inline policy named after the verb and the resource; a second call adds nothing.

        The resources' `grant_*` methods call this; use it for what they do not cover. Raises `ConfigurationError`
        where the same verb was granted with other statements.
        """
        return self._policies.add(resource, verb, *statements)

    @property
    def role_name(self) -> str:
        """The name of the function's role."""
        return self._role_name

    def allow_invoke(
        self, id_: str, *, service: str, source_arn: str, account_id: str | None = None
    ) -> LambdaPermission:
        """Let an AWS service invoke the function on behalf of one resource, of one account where the ARN names none."""
        return LambdaPermission(
            self,
            id_,
            function_name=self._function_name,
            action="lambda:InvokeFunction",
            principal=service,
            source_arn=source_arn,
            source_account=account_id,
        )

    def _add_alarms(self, topic: Topic | None) -> None:
        # Metrics: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
        alarms = Alarms(self, "Alarms", name=self.name, topic=topic)
        dimensions = {"FunctionName": self.name}
        for metric, description in {
            "Errors": f"{self.name} failed; after two more tries the event is kept in {self.failures.name}",
            "Throttles": f"{self.name} was throttled: raise its or the account's concurrency",
            "DestinationDeliveryFailures": f"{self.name} could not keep a failed event in {self.failures.name}",
        }.items():
            alarms.add(
                metric, description=description, namespace="AWS/Lambda", metric=metric, dimensions=dimensions, above=0
            )
        alarms.add(
            "Duration",
            description=f"{self.name} took more than 80 % of its timeout of {self._timeout} s",
            namespace="AWS/Lambda",
            metric="Duration",
            dimensions=dimensions,
            statistic="Maximum",
            above=self._timeout * 1000 * 0.8,
        )
        alarms.add(
            "FailuresKept",
            description=f"Events that {self.name} could not process wait in {self.failures.name}",
            namespace="AWS/SQS",
            metric="ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": self.failures.name},
            statistic="Maximum",
            above=0,
        )
