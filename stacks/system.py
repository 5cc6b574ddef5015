from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from cdktf import TerraformOutput, TerraformStack
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from modules import (
    Alarms,
    Authorization,
    Bucket,
    Cors,
    Dependencies,
    Key,
    Names,
    PythonFunction,
    Queue,
    RestApi,
    StateBackend,
    Table,
    Topic,
    Vpc,
    require_aws_provider,
)
from modules.rest_api import STAGE
from settings import Settings

DEFAULT_REGION = "us-east-1"

# Bucket names have no capitals, so nobody can own this bucket: `terraform init` fails and names the setting.
NO_STATE_BUCKET = "STATE_BUCKET-is-not-set"

FUNCTIONS = Path(__file__).parent.parent / "lambda"
TOOLKIT = Path(__file__).parent.parent / "sluice_functions"
OF_THE_WHEEL = ("/pyproject.toml", "/README.md")
LOCK_FILE = Path(__file__).parent.parent / "Pipfile.lock"
# `make setup` installs the functions' libraries for this runtime; for others they are installed at synth.
LIBRARIES = Path(__file__).parent.parent / ".tools" / "lambda-libraries"
RUNTIME_OF_LIBRARIES = "python3.13"

# Of an event in a queue, each at least this many of the function's timeouts after the one before.
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
ATTEMPTS = 5
TIMES_OF_TIMEOUT = 6


class SystemStack(TerraformStack):
    """The base of all systems: provider with tags, state backend, names, and on request a key and an alarm topic.

    `protected` makes stateful resources refuse destruction; by default in protected environments only.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        settings: Settings,
        *,
        default_region: str = DEFAULT_REGION,
        protected: bool | None = None,
    ) -> None:
        super().__init__(scope, name)
        self.settings = settings
        self.protected = settings.protected if protected is None else protected
        self.region = settings.region or default_region
        self.names = Names(settings.project, name, settings.environment)
        StateBackend(
            self,
            bucket=settings.state_bucket or NO_STATE_BUCKET,
            state_key=f"{settings.project}/{name}/{settings.environment}/terraform.tfstate",
            region=settings.state_region or settings.region or DEFAULT_REGION,
            endpoint_url=settings.endpoint_url,
        )
        require_aws_provider(self, settings.aws_provider_version)
        AwsProvider(
            self, "Aws", region=self.region, default_tags=[{"tags": self._tags(name)}], **self._local_provider()
        )
        self.account_id: str = DataAwsCallerIdentity(self, "Account").account_id

    @cached_property
    def key(self) -> Key:
        """The system's own key: for its topics, and for everything else with `ENCRYPTION_KEYS=customer`."""
        all_else = " and keeps" if self.settings.encryption_keys == "customer" else ""
        return Key(
            self,
            "Key",
            alias=self.names.key_alias("messages"),
            description=f"Encrypts what {self.names.system} publishes{all_else} ({self.settings.environment})",
            account_id=self.account_id,
            protected=self.protected,
        )

    @property
    def storage_key(self) -> Key | None:
        """The key of stored data; None uses the keys of AWS's services."""
        return self.key if self.settings.encryption_keys == "customer" else None

    @cached_property
    def alarm_topic(self) -> Topic:
        return self.add_topic("AlarmTopic", "alarms")

    def add_topic(self, id_: str, part: str) -> Topic:
        """A topic encrypted with the system's key, subscribed to by `NOTIFICATION_EMAIL`."""
        topic = Topic(self, id_, name=self.names.topic(part), key=self.key, account_id=self.account_id)
        if self.settings.notification_email:
            topic.subscribe_email(self.settings.notification_email)
        return topic

    def add_table(
        self, id_: str, *, name: str, partition_key: str, sort_key: str, expiry_attribute: str | None = None
    ) -> Table:
        """An on-demand table with the settings that all tables share."""
        return Table(
            self,
            id_,
            name=name,
            partition_key=partition_key,
            sort_key=sort_key,
            key=self.storage_key,
            expiry_attribute=expiry_attribute,
            alarm_topic=self.alarm_topic,
            protected=self.protected,
        )

    def add_function(
        self, id_: str, *, name: str, package: str, environment: Mapping[str, str], memory_mb: int = 256
    ) -> PythonFunction:
        """A function from `lambda/<package>` with the settings that all functions share."""
        settings = self.settings
        at_hand = settings.lambda_runtime == RUNTIME_OF_LIBRARIES
        local = {"AWS_ENDPOINT_URL": settings.endpoint_url} if settings.endpoint_url else {}
        return PythonFunction(
            self,
            id_,
            name=name,
            packages=[FUNCTIONS / package, TOOLKIT],
            exclude=OF_THE_WHEEL,
            libraries=LIBRARIES if at_hand else None,
            dependencies=None if at_hand else Dependencies(LOCK_FILE, "lambda", boto3_of_runtime=True),
            environment={**environment, **local},
            timeout_seconds=settings.lambda_timeout_seconds,
            memory_mb=memory_mb,
            runtime=settings.lambda_runtime,
            log_retention_days=settings.log_retention_days,
            alarm_topic=self.alarm_topic,
            vpc=Vpc(settings.vpc_subnet_ids, settings.vpc_security_group_ids) if settings.vpc_subnet_ids else None,
            code_signing_config_arn=settings.code_signing_config_arn,
            key=self.storage_key,
        )

    def deliver(self, bucket: Bucket, function: PythonFunction, delivery: str, *, prefix: str = "") -> None:
        """Deliver the events of a bucket's new objects to a function: `direct`, or `buffered` by a queue.

        While the bucket's notification moves from one to the other, events are on both ways, and S3 may take minutes to
        follow. So the bucket may always invoke the function, and `draining` keeps the queue that `direct` is without.
        """
        if delivery == "direct":
            bucket.on_object_created(function, prefix=prefix)
            return
        settings, name = self.settings, self.names.queue("buffer")
        queue = Queue(
            self, "Buffer", name=name, max_receives=ATTEMPTS, key=self.storage_key, alarm_topic=self.alarm_topic
        )
        queue.on_messages(
            function,
            batch_size=settings.buffer_batch_size,
            window_seconds=settings.buffer_window_seconds,
            max_concurrency=settings.buffer_max_concurrency,
        )
        notified, permitted = (queue, function) if delivery == "buffered" else (function, queue)
        bucket.on_object_created(notified, prefix=prefix)
        bucket.permit_delivery(permitted)
        Alarms(self, "BufferAlarms", name=name, topic=self.alarm_topic).add(
            "Backlog",
            description=f"Events wait for longer than all attempts at one of them take in {name}",
            namespace="AWS/SQS",
            metric="ApproximateAgeOfOldestMessage",
            dimensions={"QueueName": queue.name},
            statistic="Maximum",
            above=ATTEMPTS * TIMES_OF_TIMEOUT * settings.lambda_timeout_seconds,
        )
        if queue.dead_letters:  # always
            self.add_outputs(BufferQueueUrl=queue.url, DeadLetterQueueUrl=queue.dead_letters.url)

    def add_api(
        self, *, description: str, rate_limit: int = 100, burst_limit: int = 200, execution_log_level: str = "ERROR"
    ) -> RestApi:
        """The system's REST API with the settings that all APIs share."""
        return RestApi(
            self,
            "Api",
            name=self.names.api("api"),
            description=description,
            authorization=Authorization(self.settings.api_authorization),
            rate_limit=rate_limit,
            burst_limit=burst_limit,
            execution_log_level=execution_log_level,
            log_retention_days=self.settings.log_retention_days,
            alarm_topic=self.alarm_topic,
            web_acl_arn=self.settings.web_acl_arn,
            key=self.storage_key,
            cors=Cors(self.settings.cors_origins) if self.settings.cors_origins else None,
        )

    @property
    def cors_environment(self) -> dict[str, str]:
        """The environment of a function behind an API: the origins whose pages may read its answers."""
        origins = self.settings.cors_origins
        return {"CORS_ORIGINS": ",".join(origins)} if origins else {}

    def url(self, api: RestApi, path: str) -> str:
        """The URL of the API. A local AWS serves every API below its own URL."""
        endpoint = self.settings.endpoint_url
        return f"{endpoint}/_aws/execute-api/{api.id}/{STAGE}{path}" if endpoint else f"{api.url}{path}"

    def add_api_outputs(self, api: RestApi, path: str) -> None:
        """Outputs of the API: its URL and, if callers need a key, the id for `aws apigateway get-api-key
        --include-value --api-key ID`. The key's value in an output would be a secret in the state.
        """
        self.add_outputs(ApiId=api.id, ApiUrl=self.url(api, path))
        if api.api_key is not None:
            self.add_outputs(ApiKeyId=api.api_key.id)

    def add_outputs(self, **values: str) -> None:
        """Outputs that people and scripts need next."""
        for name, value in values.items():
            TerraformOutput(self, name, value=value)

    def _tags(self, name: str) -> dict[str, str]:
        return {
            "Project": self.settings.project,
            "Environment": self.settings.environment,
            "System": name,
            "Owner": self.settings.owner,
            "CostCenter": self.settings.cost_center,
            "ManagedBy": "cdktf",
        }

    def _local_provider(self) -> dict[str, Any]:
        """Without endpoints, which the provider takes from the environment (AWS_ENDPOINT_URL): it validates a block of
        them for more than a second, three times an apply. The state's endpoints keep Terraform from planning on AWS.
        """
        if self.settings.endpoint_url is None:
            return {}
        return {"s3_use_path_style": True, "skip_metadata_api_check": "true"}
