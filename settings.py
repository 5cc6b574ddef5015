"""Every setting: its name, what it is for, its default and what is allowed, validated together before synth.

A setting is read from the environment variable of its name, else from cdktf.json's context under the same name. A
variable that is set but empty counts as not set. Everything wrong is reported at once, by name.
"""

import ipaddress
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

BUCKET_NAME = r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]"
BUCKET_NAME_RULE = "an S3 bucket name: 3 to 63 lower-case letters, digits and hyphens, and no prefix or suffix of AWS"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
RESERVED_PREFIX = "^(xn--|sthree-|amzn-s3-demo-)"
RESERVED_BUCKET_NAME = f"{RESERVED_PREFIX}|(-s3alias|--ol-s3|--x-s3|--table-s3|-an)$"

# A function's environment is 4 KB in all. Names of tables and topics need less than 1 KB of it.
LONGEST_THRESHOLDS = 2048
LONGEST_FIELD_NAMES = 1024
LONGEST_TEXTS = 3072
SENSOR_TEXTS = ("sensor_thresholds", "sensor_field_names", "sensor_hysteresis")
MOST_ORIGINS = 100  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html: the largest batch without a window
UNDELAYED_BATCH = 10
DELIVERY = ("direct", "buffered", "draining")
SENSOR_TYPE = r"[a-z][a-z0-9_]{0,39}"
READING_FIELDS = ("deviceId", "sensorType", "value", "timestamp", "unit", "readingId", "readings")
# Described in docs/readings.md.
SENSOR_FORMATS = ("detect", "own", "wide", "readings", "senml", "things-network", "thingsboard", "iot-shadow")
# The most subnets and security groups of a function: https://docs.aws.amazon.com/lambda/latest/api/API_VpcConfig.html
MOST_IN_VPC = {"subnet": 16, "sg": 5}
HIGHEST_PORT = 65535
# Catches typing errors only; the confirmation mail of SNS proves the address.
EMAIL = r"[^@\s,;<>\"]{1,64}@([A-Za-z0-9-]+\.)+[A-Za-z]{2,}"
LONGEST_EMAIL = 254
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096),
    *(1827, 2192, 2557, 2922, 3288, 3653),
)
LARGEST_THRESHOLD = 1e100  # DynamoDB's numbers end at 1E126
VPC = {"VPC_SUBNET_IDS", "VPC_SECURITY_GROUP_IDS"}
OF_ONE_REGION = {*VPC, "CODE_SIGNING_CONFIG_ARN", "WEB_ACL_ARN"}
DEFAULT_THRESHOLDS = (
    '{"temperature": {"lower": -20, "upper": 60}, "humidity": {"lower": 10, "upper": 90}, '
    '"pressure": {"lower": 870, "upper": 1085}, "vibration": {"upper": 25}, "battery": {"lower": 15}}'
)


class SettingsError(ValueError):
    """One or more settings are wrong; `problems` has a line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class _Refused(ValueError):
    """A value is not allowed; the message says what is."""


@dataclass(frozen=True)
class Matching:
    """Accepts text that matches a pattern from start to end, and in which what is reserved does not occur."""

    pattern: str
    allowed: str
    reserved: str = ""

    def __call__(self, text: str) -> str:
        if not re.fullmatch(self.pattern, text) or (self.reserved and re.search(self.reserved, text)):
            raise _Refused(self.allowed)
        return text


@dataclass(frozen=True)
class Whole:
    """Accepts a whole number from `lowest` to `highest`, both included."""

    lowest: int
    highest: int
    unit: str

    @property
    def allowed(self) -> str:
        return f"a whole number of {self.unit} from {self.lowest} to {self.highest}"

    def __call__(self, text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not self.lowest <= int(text) <= self.highest:
            raise _Refused(self.allowed)
        return int(text)


@dataclass(frozen=True)
class OneOf:
    """Accepts only the texts in `choices`."""

    choices: tuple[str, ...]

    @property
    def allowed(self) -> str:
        return "one of " + ", ".join(self.choices)

    def __call__(self, text: str) -> str:
        if text not in self.choices:
            raise _Refused(self.allowed)
        return text


_bucket = Matching(BUCKET_NAME, BUCKET_NAME_RULE, RESERVED_BUCKET_NAME)
_tag = Matching(r"[\w .:/=+@-]{1,256}", "1 to 256 letters, digits, spaces and . : / = + @ - _")
_region = Matching(
    r"(us|eu|eusc|ap|sa|ca|me|af|il|mx|cn)(-gov|-iso[a-z]?|-de)?-"
    r"(north|south|east|west|central|northeast|southeast|northwest|southwest)-[1-9]",
    "an AWS region such as us-east-1",
)


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise _Refused("true or false")
    return text == "true"


def _days(text: str) -> int:
    if text not in map(str, RETENTION_DAYS):
        raise _Refused("a number of days CloudWatch Logs offers: " + ", ".join(map(str, RETENTION_DAYS)))
    return int(text)


def _email(text: str) -> str:
    if len(text) > LONGEST_EMAIL or not re.fullmatch(EMAIL, text):
        raise _Refused("one email address such as team@example.com")
    return text


def _is_origin(text: str) -> bool:
    """Whether a text is a scheme, a host and optionally a port. `*` is refused: it would admit every page."""
    host = r"(\[[0-9a-f:.]+\]|[a-z0-9_-]+(\.[a-z0-9_-]+)*)"
    own_port = r"(?!http://.*:80$|https://.*:443$)"
    found = re.fullmatch(rf"{own_port}https?://{host}(:(?P<port>[1-9][0-9]{{0,4}}))?", text)
    return found is not None and int(found["port"] or 0) <= HIGHEST_PORT


def _origins(text: str) -> tuple[str, ...]:
    # Compared with the Origin header, which browsers send in lower case and without the scheme's default port.
    origins = tuple(dict.fromkeys(one.strip().lower() for one in text.split(",")))
    if not all(map(_is_origin, origins)) or len(origins) > MOST_ORIGINS or len(",".join(origins)) > LONGEST_TEXTS:
        raise _Refused(
            "web origins such as https://app.example.com with commas between them; each an ASCII host, a port unless "
            "it is the scheme's own, and neither a path nor a slash at the end; "
            f"{MOST_ORIGINS} at most, with {LONGEST_TEXTS} characters in all"
        )
    return origins


def _thresholds(text: str) -> str:
    allowed = 'JSON such as {"temperature": {"lower": -20, "upper": 60}}, lower not above upper, either may be left out'
    try:
        types = json.loads(text, parse_constant=_no_number)
        for name, limits in types.items():
            known = set(limits) <= {"lower", "upper"}
            numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in limits.values())
            if not (re.fullmatch(SENSOR_TYPE, name) and known and numbers):
                raise _Refused(allowed)
            crossed = limits.get("lower", -math.inf) > limits.get("upper", math.inf)
            if crossed or any(abs(one) > LARGEST_THRESHOLD for one in limits.values()):
                raise _Refused(allowed)
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise _Refused(allowed) from error
    if not types or len(text) > LONGEST_THRESHOLDS:
        raise _Refused(f"{allowed}, at least one sensor type, {LONGEST_THRESHOLDS} characters at most")
    return text


def _field_names(text: str) -> str:
    allowed = (
        f'JSON such as {{"temp": "temperature", "device.id": "deviceId"}}, {LONGEST_FIELD_NAMES} characters at most'
    )
    try:
        names = json.loads(text, object_pairs_hook=_without_repeats)
        right = all(
            isinstance(own, str) and name and (own in READING_FIELDS or re.fullmatch(SENSOR_TYPE, own))
            for name, own in names.items()
        )
    except (ValueError, AttributeError, RecursionError) as error:
        raise _Refused(allowed) from error
    if not right:
        raise _Refused(f"{allowed}, to names of sensor types or of {', '.join(READING_FIELDS)}")
    if len(text) > LONGEST_FIELD_NAMES:
        raise _Refused(allowed)
    return text


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name twice")
    return dict(pairs)


def _hysteresis(text: str) -> str:
    allowed = 'JSON such as {"temperature": 2}: for sensor types numbers that are not negative'
    try:
        types = json.loads(text, parse_constant=_no_number)
        right = all(
            re.fullmatch(SENSOR_TYPE, name)
            and isinstance(by, int | float)
            and not isinstance(by, bool)
            and 0 <= by <= LARGEST_THRESHOLD
            for name, by in types.items()
        )
    except (ValueError, AttributeError, RecursionError) as error:
        raise _Refused(allowed) from error
    if not right or len(text) > LONGEST_FIELD_NAMES:
        raise _Refused(f"{allowed}, {LONGEST_FIELD_NAMES} characters at most")
    return text


def _utc_time(text: str) -> str:
    allowed = "a time in UTC such as 2015-01-01T00:00:00Z"
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", text):
        raise _Refused(allowed)
    try:
        datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
    except ValueError as error:
        raise _Refused(allowed) from error
    return text


def _no_number(name: str) -> None:
    raise ValueError(name)


def _endpoint(text: str) -> str:
    try:
        url = urlsplit(text)
        complete = url.scheme in ("http", "https") and url.hostname and (url.port or True)
    except ValueError:
        complete = False
    # urlsplit silently drops blanks and line ends; the address that is passed on would still contain them.
    if not complete or url.path.strip("/") or url.query or url.fragment or url.username or re.search(r"\s", text):
        raise _Refused("an address such as https://127.0.0.1:4566")
    return text.rstrip("/")


def _ids(kind: str) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        ids = tuple(one.strip() for one in text.split(","))
        if not all(re.fullmatch(rf"{kind}-([0-9a-f]{{8}}|[0-9a-f]{{17}})", one) for one in ids):
            raise _Refused(f"ids such as {kind}-0123456789abcdef0 with commas between them")
        if len(ids) > MOST_IN_VPC[kind] or len(set(ids)) < len(ids):
            raise _Refused(f"{MOST_IN_VPC[kind]} different ids at most")
        return ids

    return parse


def _setting(name: str, parse: Callable[[str], Any], default: Any = None) -> Any:
    return field(default=default, metadata={"name": name, "parse": parse})


@dataclass(frozen=True)
class Settings:
    """All settings. `Settings.load` reads and validates them; tests may construct them directly."""

    # First part of every physical name, and the Project tag.
    project: str = _setting(
        "PROJECT",
        Matching(
            r"[a-z][a-z0-9-]{0,18}[a-z0-9]",
            "2 to 20 lower-case letters, digits and hyphens, a letter first, and no prefix that S3 reserves",
            RESERVED_PREFIX,
        ),
        "sluice",
    )
    # Last part of every physical name, and the Environment tag: dev, staging, prod, pr-123.
    environment: str = _setting(
        "ENVIRONMENT_SUFFIX",
        Matching(r"[a-z0-9]([a-z0-9-]{0,14}[a-z0-9])?", "1 to 16 lower-case letters, digits and hyphens"),
        "dev",
    )
    # None: each system is deployed to its own default region.
    region: str | None = _setting("AWS_REGION", _region)
    owner: str = _setting("OWNER", _tag, "platform-team")
    cost_center: str = _setting("COST_CENTER", _tag, "unassigned")
    # Email address subscribed to notifications and alarms. None: no subscription.
    notification_email: str | None = _setting("NOTIFICATION_EMAIL", _email)
    lambda_timeout_seconds: int = _setting("LAMBDA_TIMEOUT_SECONDS", Whole(1, 900, "seconds"), 30)
    lambda_runtime: str = _setting(
        "LAMBDA_RUNTIME", Matching(r"python3\.1[1-3]", "a Python runtime of Lambda such as python3.13"), "python3.13"
    )
    log_retention_days: int = _setting("LOG_RETENTION_DAYS", _days, 365)
    # How callers of the REST APIs are authorized.
    api_authorization: str = _setting("API_AUTHORIZATION", OneOf(("iam", "api_key", "none")), "iam")
    # `existing`: the account has an API Gateway logging role already (the local AWS needs none). `managed`: the stack
    # `api-gateway-account` creates the role, which serves every REST API of the account in that region.
    api_logging_role: str = _setting("API_LOGGING_ROLE", OneOf(("existing", "managed")), "existing")
    # Environments whose buckets, tables and keys cannot be destroyed.
    protected_environments: str = _setting(
        "PROTECTED_ENVIRONMENTS",
        Matching(r"[a-z0-9-]+(,[a-z0-9-]+)*", "environment suffixes with commas between them"),
        "prod",
    )
    # `customer`: each system encrypts its data with its own customer managed KMS key. `aws`: with keys of AWS.
    encryption_keys: str = _setting("ENCRYPTION_KEYS", OneOf(("aws", "customer")), "aws")
    # The VPC of all functions. Set both or neither; without them, functions run outside of a VPC.
    vpc_subnet_ids: tuple[str, ...] = _setting("VPC_SUBNET_IDS", _ids("subnet"), ())
    vpc_security_group_ids: tuple[str, ...] = _setting("VPC_SECURITY_GROUP_IDS", _ids("sg"), ())
    # Code signing configuration of all functions. None: code need not be signed.
    code_signing_config_arn: str | None = _setting(
        "CODE_SIGNING_CONFIG_ARN",
        Matching(
            r"arn:aws(-[a-z]+)*:lambda:[a-z0-9-]+:[0-9]{12}:code-signing-config:csc-[a-z0-9]{17}",
            "an ARN such as arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-0123456789abcdef0",
        ),
    )
    # Regional web ACL (AWS WAF) of the REST APIs. None: no web ACL.
    web_acl_arn: str | None = _setting(
        "WEB_ACL_ARN",
        Matching(
            r"arn:aws(-[a-z]+)*:wafv2:[a-z0-9-]+:[0-9]{12}:regional/webacl/[A-Za-z0-9_-]{1,128}/[0-9a-f-]{36}",
            "a regional ARN such as "
            "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/name/01234567-89ab-cdef-0123-456789abcdef",
        ),
    )
    # Upload API: the burst limit on top of 1000 requests a second, and the encryption of files.
    upload_burst_limit: int = _setting("UPLOAD_BURST_LIMIT", Whole(1, 5000, "requests"), 2000)
    upload_encryption: str = _setting("UPLOAD_ENCRYPTION", OneOf(("sse-s3", "kms")), "sse-s3")
    # The web origins whose pages may call the REST APIs and upload to the upload API's and file metadata's buckets.
    cors_origins: tuple[str, ...] = _setting("CORS_ORIGINS", _origins, ())
    # File metadata: names that replace those of the naming rule, and the table's provisioned capacity.
    metadata_bucket_name: str | None = _setting("METADATA_BUCKET_NAME", _bucket)
    metadata_table_name: str | None = _setting(
        "METADATA_TABLE_NAME", Matching(r"[A-Za-z0-9_.-]{3,255}", "3 to 255 letters, digits and _ . -")
    )
    metadata_read_capacity: int = _setting("METADATA_READ_CAPACITY", Whole(1, 40000, "capacity units"), 100)
    metadata_write_capacity: int = _setting("METADATA_WRITE_CAPACITY", Whole(1, 40000, "capacity units"), 100)
    # The most units to which autoscaling raises read and write capacity. None: no autoscaling.
    metadata_autoscale_to: int | None = _setting("METADATA_AUTOSCALE_TO", Whole(1, 40000, "capacity units"))
    # Shards of each day and each content type in the indexes; sluice_functions.sharded_queries reads them as one.
    metadata_index_shards: int = _setting("METADATA_INDEX_SHARDS", Whole(1, 1000, "shards"), 1)
    # Object tracker. `each`: a notification for each object. `digests`: one for all new objects of a batch of events.
    tracker_notifications: str = _setting("TRACKER_NOTIFICATIONS", OneOf(("each", "digests")), "each")
    # Sensor pipeline: thresholds by sensor type, as JSON such as {"temperature": {"lower": -20, "upper": 60}}. A
    # reading beyond its threshold is notified. Readings of a type that is not listed are kept as invalid.
    sensor_thresholds: str = _setting("SENSOR_THRESHOLDS", _thresholds, DEFAULT_THRESHOLDS)
    # The format of readings. `detect` recognizes it by the shape of each JSON object.
    sensor_format: str = _setting("SENSOR_FORMAT", OneOf(SENSOR_FORMATS), "detect")
    # Maps the senders' names of fields and sensor types to the pipeline's names, as JSON such as
    # {"temp": "temperature", "device.id": "deviceId"}.
    sensor_field_names: str = _setting("SENSOR_FIELD_NAMES", _field_names, "{}")
    # Readings with an earlier timestamp are kept as invalid: they come from a clock that was never set.
    sensor_earliest_timestamp: str = _setting("SENSOR_EARLIEST_TIMESTAMP", _utc_time, "2015-01-01T00:00:00Z")
    # `each`: a notification for each reading beyond its threshold. `episodes`: a notification when a sensor first
    # exceeds its threshold, and another, with count, extremes and duration, when the sensor is back within it by the
    # hysteresis or was silent for longer than SENSOR_LONGEST_SILENCE_SECONDS.
    sensor_notifications: str = _setting("SENSOR_NOTIFICATIONS", OneOf(("each", "episodes")), "each")
    sensor_hysteresis: str = _setting("SENSOR_HYSTERESIS", _hysteresis, "{}")
    sensor_longest_silence_seconds: int = _setting(
        "SENSOR_LONGEST_SILENCE_SECONDS", Whole(1, 31_536_000, "seconds"), 3600
    )
    # Days after which refused readings are removed.
    sensor_rejects_days: int = _setting("SENSOR_REJECTS_DAYS", Whole(1, 3650, "days"), 90)
    # How each system's function gets its bucket's events. `direct`: S3 invokes it. `buffered`: S3 sends to a queue that
    # Lambda polls for it, in batches. `draining`: S3 invokes it, and the queue stays until it is empty: the step from
    # `buffered` to `direct` (docs/operating.md).
    tracker_delivery: str = _setting("TRACKER_DELIVERY", OneOf(DELIVERY), "direct")
    upload_delivery: str = _setting("UPLOAD_DELIVERY", OneOf(DELIVERY), "direct")
    metadata_delivery: str = _setting("METADATA_DELIVERY", OneOf(DELIVERY), "direct")
    invocation_log_delivery: str = _setting("INVOCATION_LOG_DELIVERY", OneOf(DELIVERY), "direct")
    sensor_delivery: str = _setting("SENSOR_DELIVERY", OneOf(DELIVERY), "direct")
    # The batches of these queues: the most messages, the time to wait for them, and the most batches at a time.
    # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html
    buffer_batch_size: int = _setting("BUFFER_BATCH_SIZE", Whole(1, 100, "messages"), 10)
    buffer_window_seconds: int = _setting("BUFFER_WINDOW_SECONDS", Whole(0, 300, "seconds"), 1)
    buffer_max_concurrency: int = _setting("BUFFER_MAX_CONCURRENCY", Whole(2, 1000, "batches"), 100)
    # The exact version of the AWS provider to require. None: any version that the systems support.
    aws_provider_version: str | None = _setting(
        "AWS_PROVIDER_VERSION", Matching(r"[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}", "an exact version such as 5.100.0")
    )
    # The S3 bucket of Terraform's state; `make state` creates it.
    state_bucket: str | None = _setting("STATE_BUCKET", _bucket)
    # The region of that bucket. None: AWS_REGION, else us-east-1.
    state_region: str | None = _setting("STATE_REGION", _region)
    # Endpoint of a local AWS for the provider, the state and the functions. None: AWS itself.
    endpoint_url: str | None = _setting("AWS_ENDPOINT_URL", _endpoint)
    # Whether AWS_ENDPOINT_URL may be another machine. Otherwise it must be a loopback address.
    allow_remote_endpoint: bool = _setting("ALLOW_REMOTE_ENDPOINT", _flag, False)

    @property
    def protected(self) -> bool:
        return self.environment in self.protected_environments.split(",")

    @classmethod
    def load(cls, environment: Mapping[str, str], context: Mapping[str, Any] | None = None) -> "Settings":
        """Read and validate all settings; raises `SettingsError`, which names every invalid one."""
        problems: list[str] = []
        values: dict[str, Any] = {}
        for one in fields(cls):
            name = one.metadata["name"]
            given = environment.get(name) or (context or {}).get(name)
            if given in (None, ""):
                continue
            text = str(given).lower() if isinstance(given, bool) else str(given)
            try:
                values[one.name] = one.metadata["parse"](text)
            except _Refused as allowed:
                problems.append(f"{name}: {text!r} is not allowed; give {allowed}")
        problems += _misspelled(context or {}, {one.metadata["name"] for one in fields(cls)})
        settings = cls(**values)
        problems += settings._of_another_region() + settings._unsafe_local_run(environment)
        problems += settings._delayed_batches() + settings._long_texts()
        if problems:
            raise SettingsError(problems)
        return settings

    def _of_another_region(self) -> list[str]:
        """Problems with resources that the account's owner made (VPC, code signing, web ACL): AWS accepts each only in
        its own region."""
        problems = []
        given = {
            one.metadata["name"]: getattr(self, one.name)
            for one in fields(self)
            if one.metadata["name"] in OF_ONE_REGION and getattr(self, one.name)
        }
        if len(given.keys() & VPC) == 1:
            problems.append(f"{', '.join(sorted(VPC))}: give both or neither; a function needs both to be in a VPC")
        # A local run does not use the caller's region, and the local AWS has none of these resources.
        if given and self.region is None and self.endpoint_url is None:
            problems.append(
                f"AWS_REGION: not set, and the systems' own regions differ; set it to that of {', '.join(given)}"
            )
        for name, value in given.items():
            if self.region and name not in VPC and value.split(":")[3] != self.region:
                problems.append(
                    f"{name}: {value!r} is in {value.split(':')[3]} and AWS_REGION is {self.region!r}; "
                    f"give one of {self.region}, or change AWS_REGION"
                )
        return problems

    def _delayed_batches(self) -> list[str]:
        """Problems of the queues' batches: Lambda waits for more than ten messages only with a window."""
        if self.buffer_batch_size > UNDELAYED_BATCH and not self.buffer_window_seconds:
            return [
                f"BUFFER_BATCH_SIZE: {self.buffer_batch_size} is not allowed with BUFFER_WINDOW_SECONDS=0; "
                f"give {UNDELAYED_BATCH} at most, or a window of 1 second at least"
            ]
        return []

    def _long_texts(self) -> list[str]:
        """Problems of the texts in the sensor pipeline's environment: together they may be too long for Lambda."""
        size = sum(len(getattr(self, one).encode()) for one in SENSOR_TEXTS)
        problem = f"{size} bytes together are not allowed; give {LONGEST_TEXTS} at most"
        return [f"{', '.join(SENSOR_TEXTS).upper()}: {problem}"] if size > LONGEST_TEXTS else []

    def _unsafe_local_run(self, environment: Mapping[str, str]) -> list[str]:
        """Problems of a local run that could reach an AWS account, by its address or its credentials."""
        if self.endpoint_url is None:
            return []
        problems = []
        host = urlsplit(self.endpoint_url).hostname or ""
        if not self.allow_remote_endpoint and not _is_loopback(host):
            problems.append(
                f"AWS_ENDPOINT_URL: {self.endpoint_url!r} is not this machine; give a loopback address "
                "such as https://127.0.0.1:4566, or set ALLOW_REMOTE_ENDPOINT=true"
            )
        key_id = environment.get("AWS_ACCESS_KEY_ID", "")
        if re.fullmatch(r"(AKIA|ASIA)[A-Z0-9]{16}", key_id):
            problems.append(
                f"AWS_ACCESS_KEY_ID: {key_id[:8]}... looks like a key of a real account and AWS_ENDPOINT_URL is set; "
                "unset AWS_ACCESS_KEY_ID for a local run, or AWS_ENDPOINT_URL to work on AWS"
            )
        return problems


def _misspelled(context: Mapping[str, Any], names: set[str]) -> list[str]:
    """Keys in `cdktf.json`'s context that resemble a setting's name. Other keys belong to CDKTF or other tools."""
    problems = []
    for given in sorted(context.keys() - names):
        # CDKTF's own keys are in camel case.
        near = get_close_matches(given.upper().replace("-", "_"), names, 1, 0.75)
        if near:
            problems.append(f"{given}: there is no such setting in cdktf.json's context; did you mean {near[0]}?")
    return problems


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
