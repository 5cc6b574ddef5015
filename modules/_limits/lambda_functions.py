"""Lambda, its event source mappings, and CodeDeploy's releases of functions."""

import re

from .._checks import Choice, Count, Number, Text
from .units import HOUR

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
CODE_SIGNING_CONFIG_ARN = Text(
    "[A-Za-z0-9:_-]",
    "characters: an ARN such as arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-0123456789abcdef0",
    20,
    200,
    _CREATE_FUNCTION,
    lambda text: (
        None
        if re.fullmatch(r"arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:code-signing-config:csc-[a-z0-9]{17}", text)
        else "it is another thing's"
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
SUBNET_ID = Text(
    "[a-z0-9-]",
    "characters: an id such as subnet-0123456789abcdef0",
    8,
    1024,
    _VPC,
    lambda text: None if re.fullmatch(r"subnet-[0-9a-z]+", text) else "it has to begin with subnet-",
)
SECURITY_GROUP_ID = Text(
    "[A-Za-z0-9-]",
    "characters: an id such as sg-0123456789abcdef0",
    4,
    1024,
    _VPC,
    lambda text: None if re.fullmatch(r"sg-[0-9a-zA-Z]+", text) else "it has to begin with sg-",
)
SUBNETS = Count(1, 16, "subnets", _VPC)
SECURITY_GROUPS = Count(1, 5, "security groups", _VPC)
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
EVENT_FILTERS = Count(0, 5, "filters", _FILTERING)
EVENT_FILTER = Text(r"(?s:.)", "characters of JSON", 2, 4096, _FILTERING)
FIFO_WINDOW_SECONDS = Number(0, 0, "seconds for a FIFO queue", _MAPPING)
