"""AWS's limits of every argument that the classes check, by service, each with AWS's page.

Use: `limits.FUNCTION_NAME.check(self, "name", name)`.
"""

import ipaddress
import re

from ._checks import Choice, Count, Number, Text

HOUR = 60 * 60
DAY = 24 * HOUR

# Lambda
_CREATE_FUNCTION = "https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html"
FUNCTION_NAME = Text("[A-Za-z0-9_-]", "letters, digits, - and _", 1, 64, _CREATE_FUNCTION)
TIMEOUT_SECONDS = Number(1, 900, "seconds", _CREATE_FUNCTION)
MEMORY_MB = Number(128, 10240, "MB", _CREATE_FUNCTION)
EPHEMERAL_STORAGE_MB = Number(
    512, 10240, "MB", "https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html"
)
RESERVED_CONCURRENCY = Number(
    0, 1_000_000, "concurrent runs", "https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"
)
HANDLER = Text(r"\S", "characters without blanks", 1, 128, _CREATE_FUNCTION)
LAYERS = Count(0, 5, "layers", "https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html")
ARCHITECTURE = Choice(("x86_64", "arm64"), "https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html")
RUNTIME = Choice(
    ("python3.11", "python3.12", "python3.13", "python3.14"),
    "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html",
)
LAYER_ARN = Text(
    r"[A-Za-z0-9:._-]",
    "characters: the ARN of a layer version such as arn:aws:lambda:us-east-1:123456789012:layer:name:1",
    1,
    2048,
    "https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html",
    lambda text: (
        None
        if re.fullmatch(r"arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:layer:[A-Za-z0-9_-]{1,140}:[0-9]+", text)
        else "it has to be an ARN with the layer's version at its end"
    ),
)
_LOGS = "https://docs.aws.amazon.com/lambda/latest/api/API_LoggingConfig.html"
LOG_FORMAT = Choice(("JSON", "Text"), _LOGS)
LOG_LEVEL = Choice(("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"), _LOGS)
SYSTEM_LOG_LEVEL = Choice(("DEBUG", "INFO", "WARN"), _LOGS)
_SHIFT = "https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_TrafficRoutingConfig.html"
SHIFTED_PERCENT = Number(1, 99, "percent", _SHIFT)
SHIFT_MINUTES = Number(1, 2880, "minutes", _SHIFT)
RETRIES = Number(0, 2, "retries", "https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html")
EVENT_AGE_SECONDS = Number(
    60, 6 * HOUR, "seconds", "https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html"
)
_VPC = "https://docs.aws.amazon.com/lambda/latest/api/API_VpcConfig.html"
SUBNETS = Count(1, 16, "subnets", _VPC)
SECURITY_GROUPS = Count(1, 5, "security groups", _VPC)

# CloudWatch and CloudWatch Logs
LOG_RETENTION_DAYS = Choice(
    (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
    "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html",
)
_ALARM = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"
ALARM_NAME = Text(r"[^\x00-\x1f\x7f]", "characters", 1, 255, _ALARM)
ALARM_DESCRIPTION = Text(r"(?s:.)", "characters", 0, 1024, _ALARM)
DIMENSIONS = Count(0, 30, "dimensions", _ALARM)
METRIC_NAME = Text(r"[\x20-\x7e]", "ASCII characters", 1, 255, _ALARM)
ALARM_PERIOD = Choice((10, 20, 30, *range(60, DAY + 1, 60)), _ALARM, "10, 20, 30 or a multiple of 60, up to 86400")
ALARM_THRESHOLD = Number(-1e100, 1e100, "of the metric's unit", _ALARM, whole=False)
DASHBOARD_NAME = Text(
    "[A-Za-z0-9_-]",
    "letters, digits, - and _",
    1,
    255,
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html",
)

_DASHBOARD = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html"
GRAPHS = Count(0, 500, "graphs", _DASHBOARD)
GRAPHED_METRICS = Count(0, 500, "metrics in a graph", _DASHBOARD)

# IAM
ROLE_NAME = Text(
    r"[A-Za-z0-9_+=,.@-]",
    "letters, digits and _ + = , . @ -",
    1,
    64,
    "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html",
)
POLICY_NAME = Text(
    r"[A-Za-z0-9_+=,.@-]",
    "letters, digits and _ + = , . @ -",
    1,
    128,
    "https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html",
)

# KMS
_KMS = "https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html"
KEY_ALIAS = Text(
    "[A-Za-z0-9/_-]",
    "letters, digits and / _ -, beginning with alias/ and not with alias/aws/",
    7,
    256,
    _KMS,
    lambda text: None if re.match(r"alias/(?!aws/)", text) else "it has to begin with alias/, and not with alias/aws/",
)
KEY_DESCRIPTION = Text(
    r"(?s:.)", "characters", 0, 8192, "https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html"
)
# A key policy has 32 KB: https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
LOG_GROUPS_OF_A_KEY = Count(
    0, 50, "log groups of one key", "https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html"
)
DELETION_WINDOW_DAYS = Number(
    7, 30, "days", "https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html"
)


# S3
def _bucket_name(name: str) -> str | None:
    if not re.fullmatch(r"[a-z0-9].*[a-z0-9]", name):
        return "it has to begin and end with a letter or digit"
    if ".." in name:
        return "it may not hold two dots in a row"
    try:
        ipaddress.ip_address(name)
    except ValueError:
        pass
    else:
        return "it may not be an IP address"
    for prefix in ("xn--", "sthree-", "amzn-s3-demo-"):
        if name.startswith(prefix):
            return f"{prefix} at its beginning is reserved"
    for suffix in ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an"):
        if name.endswith(suffix):
            return f"{suffix} at its end is reserved"
    return None


BUCKET_NAME = Text(
    "[a-z0-9.-]",
    "lower-case letters, digits, dots and hyphens",
    3,
    63,
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html",
    _bucket_name,
)
# Buckets made before 2018 in us-east-1 may have such names.
EXISTING_BUCKET_NAME = Text(
    "[A-Za-z0-9._-]", "letters, digits, dots, hyphens and underscores", 3, 255, BUCKET_NAME.link
)
S3_EVENT = Text(
    "[A-Za-z ]",
    "letters and blanks",
    1,
    64,
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html",
    lambda text: None if text.startswith("Object ") else "it has to be a detail type such as Object Created",
)
OBJECT_KEY_BYTES = 1024
NOTIFICATIONS = Count(
    0,
    100,
    "notifications",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html",
)
LIFECYCLE_RULES = Count(
    0, 1000, "rules", "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html"
)
LIFECYCLE_DAYS = Number(
    1, 2**31 - 1, "days", "https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleExpiration.html"
)

# DynamoDB
_TABLES = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html"
TABLE_NAME = Text("[A-Za-z0-9_.-]", "letters, digits and _ . -", 3, 255, _TABLES)
INDEX_NAME = Text("[A-Za-z0-9_.-]", "letters, digits and _ . -", 3, 255, _TABLES)
ATTRIBUTE_NAME = Text(
    r"(?s:.)",
    "characters",
    1,
    255,
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html#limits-attributes",
)
GLOBAL_INDEXES = Count(
    0,
    20,
    "global secondary indexes",
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html",
)
CAPACITY_UNITS = Number(
    1, 40_000, "capacity units", "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html"
)
RECOVERY_DAYS = Number(
    1,
    35,
    "days",
    "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PointInTimeRecoverySpecification.html",
)

# SQS
_QUEUES = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html"
QUEUE_NAME = Text(
    "[A-Za-z0-9_-]",
    "letters, digits, - and _ (a name that ends with .fifo is a FIFO queue's)",
    1,
    80,
    _QUEUES,
)
FIFO_QUEUE_NAME = Text(
    r"[A-Za-z0-9_.-]",
    "letters, digits, - and _, then .fifo",
    6,
    80,
    _QUEUES,
    lambda text: None if re.fullmatch(r"[A-Za-z0-9_-]+\.fifo", text) else "it has to end with .fifo",
)
QUEUE_RETENTION_SECONDS = Number(60, 14 * DAY, "seconds", _QUEUES)
VISIBILITY_TIMEOUT_SECONDS = Number(0, 12 * HOUR, "seconds", _QUEUES)
RECEIVES_BEFORE_DEAD_LETTER = Number(1, 1000, "receives", _QUEUES)

# SNS
TOPIC_NAME = Text(
    "[A-Za-z0-9_-]",
    "letters, digits, - and _ (a name that ends with .fifo is a FIFO topic's)",
    1,
    256,
    "https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html",
)

# API Gateway
API_NAME = Text(
    r"(?s:.)", "characters", 1, 1024, "https://docs.aws.amazon.com/apigateway/latest/api/API_CreateRestApi.html"
)
RATE_LIMIT = Number(
    0,
    1e9,
    "requests a second",
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html",
    whole=False,
)
BURST_LIMIT = Number(
    0,
    2**31 - 1,
    "requests",
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html",
)

API_KEY_NAME = Text(
    r"[^\x00-\x1f\x7f]",
    "characters",
    1,
    1024,
    "https://docs.aws.amazon.com/apigateway/latest/api/API_CreateApiKey.html",
)
_QUOTA = "https://docs.aws.amazon.com/apigateway/latest/api/API_QuotaSettings.html"
QUOTA_REQUESTS = Number(1, 2**31 - 1, "requests", _QUOTA)
QUOTA_PERIOD = Choice(("DAY", "WEEK", "MONTH"), _QUOTA)
DOMAIN_NAME = Text(
    "[a-z0-9.*-]",
    "lower-case letters, digits, dots and hyphens, such as api.example.com or *.example.com",
    4,
    253,
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-custom-domains.html",
    lambda name: (
        None
        if re.fullmatch(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])", name)
        else "it has to be a name with a dot, each part 1 to 63 characters long"
    ),
)
EXECUTION_LOG_LEVEL = Choice(
    ("OFF", "ERROR", "INFO"), "https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html"
)
AUTHORIZER_NAME = Text(
    "[A-Za-z0-9_-]",
    "letters, digits, - and _",
    1,
    128,
    "https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html",
)
USER_POOLS = Count(1, 1000, "user pools", "https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html")
IDENTITY_SOURCES = Count(
    1,
    10,
    "headers",
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/configure-api-gateway-lambda-authorization.html",
)
AUTHORIZER_CACHE_SECONDS = Number(
    0, 3600, "seconds", "https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html"
)

# EventBridge Scheduler
SCHEDULE_NAME = Text(
    "[A-Za-z0-9_.-]",
    "letters, digits and _ . -",
    1,
    64,
    "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html",
)

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
ZIPPED_BYTES = 50 * 1024 * 1024
UNZIPPED_BYTES = 250 * 1024 * 1024

# Lambda's event source mappings
_MAPPING = "https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html"
_FILTERING = "https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html"
QUEUE_BATCH_SIZE = Number(1, 10_000, "messages", _MAPPING)
UNDELAYED_BATCH_SIZE = Number(1, 10, "messages without window_seconds, and from a FIFO queue", _MAPPING)
STREAM_BATCH_SIZE = Number(1, 10_000, "records", _MAPPING)
BATCH_WINDOW_SECONDS = Number(0, 300, "seconds", _MAPPING)
POLLER_CONCURRENCY = Number(
    2, 1000, "concurrent runs", "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"
)
SHARD_CONCURRENCY = Number(1, 10, "batches of one shard at a time", _MAPPING)
STREAM_RETRIES = Number(0, 10_000, "retries", _MAPPING)
STARTING_POSITION = Choice(("TRIM_HORIZON", "LATEST"), _MAPPING)
STREAM_VIEW = Choice(
    ("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"),
    "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_StreamSpecification.html",
)
EVENT_FILTERS = Count(0, 5, "filters", _FILTERING)
EVENT_FILTER = Text(r"(?s:.)", "characters of JSON", 2, 4096, _FILTERING)

# EventBridge rules
_RULE = "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html"
RULE_NAME = Text("[A-Za-z0-9_.-]", "letters, digits and _ . -", 1, 64, _RULE)
RULE_DESCRIPTION = Text(r"(?s:.)", "characters", 0, 512, _RULE)
EVENT_PATTERN = Text(
    r"(?s:.)",
    "characters of JSON",
    2,
    2048,
    "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html",
)
RULE_TARGETS = Count(0, 5, "targets", "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html")
DELIVERY_RETRIES = Number(
    0, 185, "retries", "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RetryPolicy.html"
)
DELIVERY_AGE_SECONDS = Number(
    60, DAY, "seconds", "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RetryPolicy.html"
)
FIFO_WINDOW_SECONDS = Number(0, 0, "seconds for a FIFO queue", _MAPPING)

# SNS subscriptions
_FILTERS = "https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html"
FILTER_SCOPE = Choice(("MessageAttributes", "MessageBody"), _FILTERS)
FILTER_KEYS = Count(1, 5, "keys", _FILTERS)
FILTER_COMBINATIONS = Number(1, 150, "combinations", _FILTERS)
FILTER_TEXT = Text(r"(?s:.)", "characters of JSON", 2, 256 * 1024, _FILTERS)
EMAIL_ADDRESS = Text(
    r"[^\s\x00-\x1f]",
    "characters with one @",
    3,
    320,
    "https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html",
    lambda text: None if re.fullmatch("[^@]+@[^@]+", text) else "it has to be an address such as team@example.com",
)

# S3 prefixes and suffixes
_PREFIXES = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"


def _no_template(text: str) -> str | None:
    return "%{ begins a directive of Terraform's" if "%{" in text else None


# IAM policies hold characters up to U+00FF: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html
GRANT_PREFIX = Text(
    r"[^\x00-\x1f\x7f*?\u0100-\U0010ffff]",
    "characters up to U+00FF without * and ?, because a prefix includes all that begins with it",
    0,
    1024,
    _PREFIXES,
    _no_template,
)
FILTER_PREFIX = Text(
    r"[^\x00-\x1f\x7f*\ud800-\udfff]",
    "characters without *, because S3's filters have no wildcards",
    0,
    1024,
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html",
    _no_template,
)
LIFECYCLE_PREFIX = Text(r"[^\x00-\x1f\x7f\ud800-\udfff]", "characters", 0, 1024, _PREFIXES, _no_template)

# S3 lifecycle rules
_LIFECYCLE = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html"
LIFECYCLE_RULE_NAME = Text(r"[^\x00-\x1f\x7f\ud800-\udfff]", "characters", 1, 255, _LIFECYCLE, _no_template)
STORAGE_CLASS = Choice(
    ("STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"),
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html",
)
TRANSITION_DAYS = Number(0, 2**31 - 1, "days", "https://docs.aws.amazon.com/AmazonS3/latest/API/API_Transition.html")
NONCURRENT_VERSIONS = Number(
    1, 100, "versions", "https://docs.aws.amazon.com/AmazonS3/latest/API/API_NoncurrentVersionExpiration.html"
)
OBJECT_SIZE = Number(
    0, 5 * 2**40, "bytes", "https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRuleFilter.html"
)
EVENT_BUS_NAME = Text(
    "[A-Za-z0-9/_.-]",
    "letters, digits and / _ . -",
    1,
    256,
    "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html",
)
EVENT_INPUT = Text(
    r"(?s:.)",
    "characters of JSON",
    1,
    8192,
    "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html",
)
_PROJECTIONS = (
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html#limits-secondary-indexes"
)
INDEX_ATTRIBUTES = Count(
    0, 20, "attributes", "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Projection.html"
)
PROJECTED_ATTRIBUTES = Count(0, 100, "attributes", _PROJECTIONS)

# Secrets Manager and SSM
_SECRETS_MANAGER = "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html"
SECRET_NAME = Text("[A-Za-z0-9/_+=.@-]", "letters, digits and / _ + = . @ -", 1, 512, _SECRETS_MANAGER)
SECRET_DESCRIPTION = Text(r"(?s:.)", "characters", 0, 2048, _SECRETS_MANAGER)
RECOVERY_WINDOW_DAYS = Number(
    7, 30, "days (or 0)", "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html"
)
SECRET_ARN = Text(
    "[A-Za-z0-9/_+=.@:-]",
    "characters: a secret's complete ARN such as arn:aws:secretsmanager:us-east-1:123456789012:secret:name-AbCdEf",
    20,
    2048,
    _SECRETS_MANAGER,
    lambda text: (
        None
        if re.fullmatch(r"arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+-[A-Za-z0-9]{6}", text)
        else "the end with six characters is missing, or it is another thing's"
    ),
)
PARAMETER_NAME = Text(
    "[A-Za-z0-9_./-]",
    "letters, digits and _ . - /",
    1,
    1011,
    "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html",
)
