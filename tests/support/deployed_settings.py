"""Values of all settings of the five systems for deployments on a local AWS, and where each shows there."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from modules._api_stage import STAGE
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_aws.signed_request import send
from sluice_cli.stack import Stack
from sluice_cli.target import Target

REGION = "eu-west-1"
PROVIDER_VERSION = "5.100.0"  # that of the mirror
# Values that exclude those of SECOND.
FIRST = {
    "API_AUTHORIZATION": "none",
    "PROTECTED_ENVIRONMENTS": "staging,setting",
    "UPLOAD_ENCRYPTION": "kms",
}
SECOND = {
    "API_AUTHORIZATION": "api_key",
    "API_LOGGING_ROLE": "managed",
    "LOG_RETENTION_DAYS": "14",
    "ENCRYPTION_KEYS": "customer",
    "UPLOAD_BURST_LIMIT": "50",
    "CORS_ORIGINS": "https://app.example.com,https://admin.example.com",
    "METADATA_BUCKET_NAME": "settings-metadata-bucket",
    "METADATA_TABLE_NAME": "settings-metadata-table",
    "METADATA_READ_CAPACITY": "5",
    "METADATA_WRITE_CAPACITY": "6",
    "METADATA_AUTOSCALE_TO": "20",
    "METADATA_DELIVERY": "buffered",
    "METADATA_INDEX_SHARDS": "4",
    "BUFFER_BATCH_SIZE": "7",
    "BUFFER_WINDOW_SECONDS": "2",
    "BUFFER_MAX_CONCURRENCY": "3",
    "SENSOR_THRESHOLDS": '{"radiation": {"upper": 5}}',
    "SENSOR_FORMAT": "senml",
    "SENSOR_FIELD_NAMES": '{"temp": "temperature"}',
    "SENSOR_EARLIEST_TIMESTAMP": "2020-01-01T00:00:00Z",
    "SENSOR_NOTIFICATIONS": "episodes",
    "SENSOR_HYSTERESIS": '{"radiation": 1}',
    "SENSOR_LONGEST_SILENCE_SECONDS": "60",
    "SENSOR_REJECTS_DAYS": "7",
}


def values_of_both(own: Mapping[str, str]) -> dict[str, str]:
    """Settings of both deployments; `own` are resources of the account's owner, which the systems do not make."""
    return {
        "PROJECT": "acme",
        "ENVIRONMENT_SUFFIX": "setting",
        "AWS_REGION": REGION,
        "OWNER": "Team Blue",
        "COST_CENTER": "CC-1",
        "NOTIFICATION_EMAIL": "team@example.com",
        "LAMBDA_TIMEOUT_SECONDS": "20",
        "LAMBDA_RUNTIME": "python3.12",
        "AWS_PROVIDER_VERSION": PROVIDER_VERSION,
        "STATE_BUCKET": "test-settings-state",
        "STATE_REGION": "eu-central-1",
        "ALLOW_REMOTE_ENDPOINT": "true",
        **own,
    }


@dataclass(frozen=True)
class Site:
    """A deployment as AWS's API describes it."""

    local: LocalAws
    target: Target
    outputs: Mapping[str, Mapping[str, Any]]

    def setting(self, name: str) -> str:
        return self.target.environment[name]

    def client(self, service: str) -> Any:
        return self.local.client(service, region_name=REGION)

    def output(self, name: str, system: str = "upload-api") -> str:
        return str(self.outputs[system][name])

    @property
    def function(self) -> dict[str, Any]:
        return self._configuration("upload-api")

    def variable(self, name: str, system: str = "sensor-pipeline") -> str:
        """A variable of the system's function."""
        return str(self._configuration(system)["Environment"]["Variables"][name])

    def _configuration(self, system: str) -> dict[str, Any]:
        name = self.output("FunctionName", system)
        return dict(self.client("lambda").get_function_configuration(FunctionName=name))

    @property
    def tags(self) -> dict[str, str]:
        return dict(self.client("lambda").list_tags(Resource=self.output("FunctionArn"))["Tags"])

    def table(self, system: str = "upload-api") -> dict[str, Any]:
        name = self.output("TableName", system)
        return dict(self.client("dynamodb").describe_table(TableName=name)["Table"])

    @property
    def key_of_bucket(self) -> str:
        found = self.client("s3").get_bucket_encryption(Bucket=self.output("BucketName"))
        rule = found["ServerSideEncryptionConfiguration"]["Rules"][0]["ApplyServerSideEncryptionByDefault"]
        return str(rule.get("KMSMasterKeyID"))

    def key(self, what: str) -> str:
        alias = f"alias/acme-upload-api-{what}-setting"
        return str(self.client("kms").describe_key(KeyId=alias)["KeyMetadata"]["Arn"])

    def status(self, **headers: str) -> int:
        """The status of a request without a file, which the API refuses with 400 if it may be made at all."""
        return send(self.local, "POST", self.output("ApiUrl"), b"{}", {"Content-Type": "application/json", **headers})[
            0
        ]

    def statuses_by_key(self) -> list[int]:
        key = self.client("apigateway").get_api_key(apiKey=self.output("ApiKeyId"), includeValue=True)["value"]
        return [self.status(), self.status(**{"x-api-key": "wrong" * 8}), self.status(**{"x-api-key": key})]

    def burst_limit(self) -> int:
        stage = self.client("apigateway").get_stage(restApiId=self.output("ApiId"), stageName=STAGE)
        return int(stage["methodSettings"]["*/*"]["throttlingBurstLimit"])

    def web_acl(self) -> str:
        arn = f"arn:aws:apigateway:{REGION}::/restapis/{self.output('ApiId')}/stages/{STAGE}"
        return str(self.client("wafv2").get_web_acl_for_resource(ResourceArn=arn)["WebACL"]["ARN"])

    def signing(self) -> str:
        client = self.client("lambda")
        return str(
            client.get_function_code_signing_config(FunctionName=self.output("FunctionName"))["CodeSigningConfigArn"]
        )

    def state_keys(self) -> set[str]:
        listed = self.local.client("s3").list_objects_v2(Bucket=self.setting("STATE_BUCKET"))
        return {one["Key"] for one in listed["Contents"]}

    def synthesized_state_region(self) -> str:
        stack = json.loads((self.target.output / "stacks" / "upload-api" / "cdk.tf.json").read_text())
        return str(stack["terraform"]["backend"]["s3"]["region"])

    def mapping(self) -> dict[str, Any]:
        """The event source mapping of file metadata's function."""
        name = self.output("FunctionName", "file-metadata")
        (found,) = self.client("lambda").list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
        return dict(found)

    def most_capacity(self) -> set[int]:
        targets = self.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="dynamodb")
        return {one["MaxCapacity"] for one in targets["ScalableTargets"]}

    def subscribers(self) -> list[str]:
        topic = self.output("TopicArn", "sensor-pipeline")
        return [
            one["Endpoint"] for one in self.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        ]

    def retention(self) -> int:
        groups = self.client("logs").describe_log_groups(logGroupNamePrefix=self.output("LogGroupName"))["logGroups"]
        return int(groups[0]["retentionInDays"])

    def origins(self) -> set[str]:
        rules = self.client("s3").get_bucket_cors(Bucket=self.output("BucketName"))["CORSRules"]
        return set(rules[0]["AllowedOrigins"])

    def provider(self) -> str:
        told = json.loads(Stack("upload-api", self.target).run("version", "-json").stdout)
        return str(told["provider_selections"]["registry.terraform.io/hashicorp/aws"])


# What AWS's API answers where a setting shows, and what it has to answer.
Shown = Callable[[Site], tuple[Any, Any]]


def _variable(name: str) -> Shown:
    return lambda site: (site.variable(name), site.setting(name))


SHOWN_FIRST: dict[str, Shown] = {
    "API_AUTHORIZATION": lambda site: (site.status(), 400),
    "PROTECTED_ENVIRONMENTS": lambda site: (site.table()["DeletionProtectionEnabled"], True),
    "UPLOAD_ENCRYPTION": lambda site: (site.key_of_bucket, site.key("files")),
}
SHOWN: dict[str, Shown] = {
    "PROJECT": lambda site: (site.output("FunctionName").split("-")[0], "acme"),
    "ENVIRONMENT_SUFFIX": lambda site: (site.tags["Environment"], "setting"),
    "AWS_REGION": lambda site: (site.function["FunctionArn"].split(":")[3], REGION),
    "OWNER": lambda site: (site.tags["Owner"], "Team Blue"),
    "COST_CENTER": lambda site: (site.tags["CostCenter"], "CC-1"),
    "NOTIFICATION_EMAIL": lambda site: (site.subscribers(), ["team@example.com"]),
    "LAMBDA_TIMEOUT_SECONDS": lambda site: (site.function["Timeout"], 20),
    "LAMBDA_RUNTIME": lambda site: (site.function["Runtime"], "python3.12"),
    "LOG_RETENTION_DAYS": lambda site: (site.retention(), 14),
    "API_AUTHORIZATION": lambda site: (site.statuses_by_key(), [403, 403, 400]),
    "API_LOGGING_ROLE": lambda site: (
        site.client("apigateway").get_account()["cloudwatchRoleArn"].rpartition("/")[2],
        "acme-api-gateway-account-logging-setting",
    ),
    "PROTECTED_ENVIRONMENTS": lambda site: (site.table()["DeletionProtectionEnabled"], False),
    "ENCRYPTION_KEYS": lambda site: (site.function["KMSKeyArn"], site.key("messages")),
    "VPC_SUBNET_IDS": lambda site: (site.function["VpcConfig"]["SubnetIds"], [site.setting("VPC_SUBNET_IDS")]),
    "VPC_SECURITY_GROUP_IDS": lambda site: (
        site.function["VpcConfig"]["SecurityGroupIds"],
        [site.setting("VPC_SECURITY_GROUP_IDS")],
    ),
    "CODE_SIGNING_CONFIG_ARN": lambda site: (site.signing(), site.setting("CODE_SIGNING_CONFIG_ARN")),
    "WEB_ACL_ARN": lambda site: (site.web_acl(), site.setting("WEB_ACL_ARN")),
    "UPLOAD_BURST_LIMIT": lambda site: (site.burst_limit(), 50),
    # Switched back to the default: the key of ENCRYPTION_KEYS.
    "UPLOAD_ENCRYPTION": lambda site: (site.key_of_bucket, site.key("messages")),
    "CORS_ORIGINS": lambda site: (site.origins(), {"https://app.example.com", "https://admin.example.com"}),
    "METADATA_BUCKET_NAME": lambda site: (
        site.client("s3").head_bucket(Bucket="settings-metadata-bucket")["BucketRegion"],
        REGION,
    ),
    "METADATA_TABLE_NAME": lambda site: (site.table("file-metadata")["TableName"], "settings-metadata-table"),
    "METADATA_READ_CAPACITY": lambda site: (
        site.table("file-metadata")["ProvisionedThroughput"]["ReadCapacityUnits"],
        5,
    ),
    "METADATA_WRITE_CAPACITY": lambda site: (
        site.table("file-metadata")["ProvisionedThroughput"]["WriteCapacityUnits"],
        6,
    ),
    "METADATA_AUTOSCALE_TO": lambda site: (site.most_capacity(), {20}),
    "METADATA_INDEX_SHARDS": lambda site: (site.variable("INDEX_SHARDS", "file-metadata"), "4"),
    "METADATA_DELIVERY": lambda site: (site.mapping()["State"], "Enabled"),
    "BUFFER_BATCH_SIZE": lambda site: (site.mapping()["BatchSize"], 7),
    "BUFFER_WINDOW_SECONDS": lambda site: (site.mapping()["MaximumBatchingWindowInSeconds"], 2),
    "BUFFER_MAX_CONCURRENCY": lambda site: (site.mapping()["ScalingConfig"]["MaximumConcurrency"], 3),
    "AWS_PROVIDER_VERSION": lambda site: (site.provider(), PROVIDER_VERSION),
    "STATE_BUCKET": lambda site: (
        site.state_keys(),
        {f"acme/{name}/setting/terraform.tfstate" for name in site.outputs},
    ),
    # A local run replaces the region of the backend.
    "STATE_REGION": lambda site: (site.synthesized_state_region(), "eu-central-1"),
    "AWS_ENDPOINT_URL": lambda site: (
        site.variable("AWS_ENDPOINT_URL"),
        site.setting("AWS_ENDPOINT_URL"),
    ),
    # For the local AWS of another machine. Here it changes nothing.
    "ALLOW_REMOTE_ENDPOINT": lambda site: (site.output("ApiUrl").startswith("https://127.0.0.1:"), True),
    **{name: _variable(name) for name in SECOND if name.startswith("SENSOR_")},
}
