import base64
from collections.abc import Mapping, Sequence
from pathlib import Path

from cdktf import AssetType, TerraformAsset
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.lambda_function import LambdaFunction
from cdktf_cdktf_provider_aws.lambda_function_event_invoke_config import LambdaFunctionEventInvokeConfig
from cdktf_cdktf_provider_aws.lambda_function_recursion_config import LambdaFunctionRecursionConfig
from cdktf_cdktf_provider_aws.lambda_permission import LambdaPermission
from constructs import Construct

from . import _limits as limits
from ._account import partition
from ._any_function import AnyFunction
from ._delivery import EventSource
from ._dependencies import replace_with
from ._function_alarms import add_alarms
from ._function_checks import (
    check_dependencies,
    check_environment,
    check_handler,
    check_installed,
    check_layers,
    check_packages,
)
from ._packaging import Dependencies, build_archive, sha256
from ._permissions import InvokePermissions
from .accepted import accept
from .alarms import AlarmTopic
from .iam import RolePolicies, Statement, service_role
from .key import ENCRYPTING_ACTIONS, AnyKey
from .logs import Logs
from .queue import Queue
from .release import Release, Released
from .vpc import CONNECTING_ACCEPTED, DENIAL_ACCEPTED, Vpc, connecting, denied_to_code

# https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html; Terraform creates the log group.
LOG_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")
# https://docs.aws.amazon.com/xray/latest/devguide/security_iam_id-based-policy-examples.html
TRACE_ACTIONS = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
FAILURE_ACTIONS = ("sqs:SendMessage",)

LOGS_WITHOUT_KEY = "CloudWatch Logs encrypts all logs by itself; they hold no file contents and no secrets"
ACCEPTED = {
    "CKV_AWS_116": "the on-failure destination keeps the event and the error; a dead-letter queue would keep the event "
    "only, a second time",
}
WITHOUT_RESERVATION = {
    "CKV_AWS_115": "concurrency reserved here is taken from the account's other functions; throttled events wait in "
    "Lambda's queue for six hours, and an alarm rings",
}
WITHOUT_VPC = {
    "CKV_AWS_117": "it calls AWS's own endpoints only; in a VPC each would have to be paid for by the hour",
}
WITHOUT_KEY = {"CKV_AWS_173": "the environment holds names, no secrets, and Lambda encrypts it at rest by itself"}
WITHOUT_SIGNING = {
    "CKV_AWS_272": "the code's hash is in the reviewed plan; a signing profile is the account's own to make",
}


class PythonFunction(AnyFunction):
    """A Lambda function in Python with everything it needs to lose no event and to be operated.

    It brings its own role (own logs, traces and failure queue only; `allow` and the resources' `grant_*` add the
    rest), its own log group (made before it, kept `log_retention_days`), X-Ray active tracing, `retries` (0 to 2) of
    failed events within `event_age_seconds` (60 to 21600), a failure queue that keeps the event and the error, and
    alarms on errors, throttles, durations above 80 % of the timeout, undeliverable failures, and anything in the
    failure queue, sent to `alarm_topic`.

    Code: `packages` are source folders, packed under their own names without caches, secrets (`.env`, `.aws`),
    version control and development files (`.git`, `.venv`, `tests`), of which a warning names what it left out, and
    without what `exclude` names (patterns of `.gitignore`; `"!tests"` packs them). `handler`
    ("package.module.function") is by default `handle` in the first package's `handler.py`. `dependencies` is a lock
    file, whose wheels are fetched for `runtime` and `architecture` (for the local AWS: wheels that load on this
    machine); `libraries` is a folder of libraries that are built already; `layers` are ARNs of layer versions (5 at
    most).

    `timeout_seconds` is 1 to 900, `memory_mb` 128 to 10240 (CPU grows with it), `ephemeral_storage_mb` (`/tmp`) 512 to
    10240. `reserved_concurrency` sets aside, and bounds, how many run at once; 0 stops the function. Put no secrets in
    `environment`: anyone who may read the function sees it. `python3.14` needs version 6.20 of the AWS provider:
    `stack.add_override("terraform.required_providers.aws.version", "~> 6.20")`.

    Off unless asked for: `vpc` connects it to subnets of a VPC; with `code_signing_config_arn` Lambda checks who signed
    its code; `key` encrypts its environment, its log group and its failure queue instead of AWS's own keys; `logs`
    sets format and levels; with `allow_recursion` Lambda does not stop a function that triggers itself; `release`
    shifts calls to each new version step by step. Raises `ConfigurationError` for what AWS refuses.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        packages: Sequence[Path],
        handler: str | None = None,
        libraries: Path | None = None,
        dependencies: Dependencies | Path | None = None,
        installed: Sequence[str] = (),
        exclude: Sequence[str] = (),
        layers: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        timeout_seconds: float = 30,
        memory_mb: float = 256,
        ephemeral_storage_mb: float = 512,
        reserved_concurrency: float | None = None,
        runtime: str = "python3.13",
        architecture: str = "x86_64",
        retries: float = 2,
        event_age_seconds: float = 6 * limits.HOUR,
        log_retention_days: float = 365,
        logs: Logs | None = None,
        allow_recursion: bool = False,
        release: Release | None = None,
        alarm_topic: AlarmTopic | None = None,
        vpc: Vpc | None = None,
        code_signing_config_arn: str | None = None,
        key: AnyKey | None = None,
    ) -> None:
        super().__init__(scope, id_)
        limits.FUNCTION_NAME.check(self, "name", name)
        limits.TIMEOUT_SECONDS.check(self, "timeout_seconds", timeout_seconds)
        limits.MEMORY_MB.check(self, "memory_mb", memory_mb)
        limits.EPHEMERAL_STORAGE_MB.check(self, "ephemeral_storage_mb", ephemeral_storage_mb)
        if reserved_concurrency is not None:
            limits.RESERVED_CONCURRENCY.check(self, "reserved_concurrency", reserved_concurrency)
        limits.ARCHITECTURE.check(self, "architecture", architecture)
        limits.LAYERS.check(self, "layers", layers)
        for layer in layers:
            limits.LAYER_ARN.check(self, "layers", layer)
        check_layers(self, layers)
        if code_signing_config_arn is not None:
            limits.CODE_SIGNING_CONFIG_ARN.check(self, "code_signing_config_arn", code_signing_config_arn)
        limits.RETRIES.check(self, "retries", retries)
        limits.EVENT_AGE_SECONDS.check(self, "event_age_seconds", event_age_seconds)
        limits.LOG_RETENTION_DAYS.check(self, "log_retention_days", log_retention_days)
        limits.RUNTIME.check(self, "runtime", runtime)
        if vpc:
            vpc.check(self)
        if key:
            key.check_use(self, "lambda")
        variables = {"POWERTOOLS_SERVICE_NAME": name, "POWERTOOLS_METRICS_NAMESPACE": name, **(environment or {})}
        check_environment(self, variables)
        folders = check_packages(self, packages)
        handler = check_handler(self, handler, folders, exclude, bool(libraries or dependencies or installed or layers))
        if dependencies is not None:
            libraries = check_dependencies(self, dependencies, libraries, runtime, architecture)
        self.name = name
        self.timeout_seconds = timeout_seconds
        self.reserved_concurrency = reserved_concurrency
        packed_along = check_installed(self, installed, runtime, architecture)
        archive = build_archive(folders, libraries, exclude=exclude, installed=packed_along)
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
        self.role = service_role(
            self,
            name=name,
            sid="LambdaService",
            service="lambda.amazonaws.com",
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
            # Lambda writes to the encrypted failure queue, and decrypts the environment, with the function's role.
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
            architectures=[architecture] if architecture != "x86_64" else None,
            handler=handler,
            filename=code.path,
            source_code_hash=base64.b64encode(digest).decode(),
            layers=list(layers) or None,
            timeout=timeout_seconds,
            memory_size=memory_mb,
            ephemeral_storage={"size": ephemeral_storage_mb} if ephemeral_storage_mb != 512 else None,
            reserved_concurrent_executions=reserved_concurrency,
            environment={"variables": variables},
            tracing_config={"mode": "Active"},
            logging_config=logs.block(self) if logs else None,
            publish=True if release else None,
            vpc_config={"subnet_ids": list(vpc.subnet_ids), "security_group_ids": list(vpc.security_group_ids)}
            if vpc
            else None,
            code_signing_config_arn=code_signing_config_arn,
            kms_key_arn=key.arn if key else None,
            depends_on=needed,
        )
        accept(
            self.resource,
            (WITHOUT_RESERVATION if reserved_concurrency is None else {})
            | ACCEPTED
            | ({} if vpc else WITHOUT_VPC)
            | ({} if key else WITHOUT_KEY)
            | ({} if code_signing_config_arn else WITHOUT_SIGNING),
        )
        if vpc:
            accept(self.allow(self, "ReserveConnection", denied_to_code(self.resource.arn)), DENIAL_ACCEPTED)
        self._function_name: str = self.resource.function_name
        alarms = add_alarms(self, name, timeout_seconds, retries, self.failures.name, alarm_topic)
        self.released = (
            Released(
                self, "Release", self.resource, name, release, alarms, log_retention_days=log_retention_days, key=key
            )
            if release
            else None
        )
        self.arn: str = self.released.arn if self.released else self.resource.arn
        self._permissions = InvokePermissions(self, self.resource, name, self.released)
        asynchronous = LambdaFunctionEventInvokeConfig(
            self,
            "AsynchronousInvocation",
            function_name=self._function_name,
            qualifier=self.released.alias_name if self.released else None,
            maximum_retry_attempts=retries,
            maximum_event_age_in_seconds=event_age_seconds,
            destination_config={"on_failure": {"destination": self.failures.arn}},
        )
        replace_with(asynchronous, self.resource)
        if allow_recursion:
            LambdaFunctionRecursionConfig(self, "Recursion", function_name=self._function_name, recursive_loop="Allow")

    @property
    def invoke_arn(self) -> str:
        """The ARN that API Gateway invokes: of the alias if versions are released, otherwise of the function."""
        return str((self.released.alias if self.released else self.resource).invoke_arn)

    @property
    def role_name(self) -> str:
        """The name of the function's role."""
        return self._role_name

    def allow(self, resource: Construct, verb: str, *statements: Statement) -> IamRolePolicy:
        """Give the role one inline policy named after the verb and the resource; a second call adds nothing.

        The resources' `grant_*` methods call this; use it for what they do not cover. Raises `ConfigurationError`
        where the same verb was granted with other statements.
        """
        return self._policies.add(resource, verb, *statements)

    def allow_invoke(
        self,
        id_: str,
        *,
        service: str,
        source_arn: str,
        account_id: str | None = None,
        source: Construct | None = None,
    ) -> LambdaPermission:
        """Let an AWS service invoke the function on behalf of one resource, of one account where the ARN names none.

        A permission that is there already is given again. `source` is the construct of that resource: where it is in
        another stack, so is the permission, because that stack already depends on the function's. Raises
        `ConfigurationError` where the function's policy would be longer than Lambda allows.
        """
        if source is not None:
            self._policies.keep_apart_from(source)
        return self._permissions.add(id_, service, source_arn, account_id, source)

    def admit(self, source: EventSource) -> list[LambdaPermission]:
        """Let a bucket, a topic or a rule invoke the function; `on_...` verbs call it. A second call adds nothing."""
        return [
            self.allow_invoke(
                source.permission_id,
                service=source.service,
                source_arn=source.arn,
                account_id=source.account_id_in(source.construct) if source.account_id_in else None,
                # A topic's subscriptions belong to the target's stack, and so can the permission.
                source=source.construct if source.known_arn else None,
            )
        ]
