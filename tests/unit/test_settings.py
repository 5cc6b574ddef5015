import json
from collections.abc import Mapping
from typing import Any

import pytest

from settings import DEFAULT_THRESHOLDS, LONGEST_THRESHOLDS, Settings, SettingsError

LOCAL = "https://127.0.0.1:4566"
# In the format of a real key, but invalid.
REAL_LOOKING = ["AKIA" + "EXAMPLE0" * 2, "ASIA" + "EXAMPLE0" * 2]


def attribute(name: str, value: str, **others: str) -> Any:
    """The parsed value of a setting from its variable."""
    attributes = {one.metadata["name"]: one.name for one in Settings.__dataclass_fields__.values()}
    return getattr(Settings.load({name: value, **others}), attributes[name])


def problems(environment: Mapping[str, str], context: Mapping[str, Any] | None = None) -> list[str]:
    with pytest.raises(SettingsError) as error:
        Settings.load(environment, context)
    assert str(error.value) == "\n".join(error.value.problems)
    return error.value.problems


def test_without_variables_every_setting_has_its_default() -> None:
    assert vars(Settings.load({})) == {
        "project": "sluice",
        "environment": "dev",
        "region": None,
        "owner": "platform-team",
        "cost_center": "unassigned",
        "notification_email": None,
        "lambda_timeout_seconds": 30,
        "lambda_runtime": "python3.13",
        "log_retention_days": 365,
        "api_authorization": "iam",
        "api_logging_role": "existing",
        "protected_environments": "prod",
        "encryption_keys": "aws",
        "vpc_subnet_ids": (),
        "vpc_security_group_ids": (),
        "code_signing_config_arn": None,
        "web_acl_arn": None,
        "upload_burst_limit": 2000,
        "upload_encryption": "sse-s3",
        "cors_origins": (),
        "metadata_bucket_name": None,
        "metadata_table_name": None,
        "metadata_read_capacity": 100,
        "metadata_write_capacity": 100,
        "metadata_autoscale_to": None,
        "metadata_index_shards": 1,
        "tracker_notifications": "each",
        "sensor_thresholds": DEFAULT_THRESHOLDS,
        "sensor_format": "detect",
        "sensor_field_names": "{}",
        "sensor_earliest_timestamp": "2015-01-01T00:00:00Z",
        "sensor_rejects_days": 90,
        "sensor_notifications": "each",
        "sensor_hysteresis": "{}",
        "sensor_longest_silence_seconds": 3600,
        "tracker_delivery": "direct",
        "upload_delivery": "direct",
        "metadata_delivery": "direct",
        "invocation_log_delivery": "direct",
        "sensor_delivery": "direct",
        "buffer_batch_size": 10,
        "buffer_window_seconds": 1,
        "buffer_max_concurrency": 100,
        "aws_provider_version": None,
        "state_bucket": None,
        "state_region": None,
        "endpoint_url": None,
        "allow_remote_endpoint": False,
    }


def test_the_defaults_of_a_constructed_and_of_a_loaded_settings_are_the_same() -> None:
    assert Settings() == Settings.load({})


def test_the_default_thresholds_are_allowed() -> None:
    assert attribute("SENSOR_THRESHOLDS", DEFAULT_THRESHOLDS) == DEFAULT_THRESHOLDS


SUBNET, GROUP = "subnet-0123456789abcdef0", "sg-0123456789abcdef0"
ACCOUNT = "123456789012"
SIGNING = f"arn:aws:lambda:us-east-1:{ACCOUNT}:code-signing-config:csc-0123456789abcdef0"
WEB_ACL = f"arn:aws:wafv2:us-east-1:{ACCOUNT}:regional/webacl/own/01234567-89ab-cdef-0123-456789abcdef"
OF_THE_ACCOUNT = {
    "AWS_REGION": "us-east-1",
    "VPC_SUBNET_IDS": f"{SUBNET}, subnet-01234567",
    "VPC_SECURITY_GROUP_IDS": GROUP,
    "CODE_SIGNING_CONFIG_ARN": SIGNING,
    "WEB_ACL_ARN": WEB_ACL,
}

ALLOWED = {
    "PROJECT": ["ab", "a1", "my-project", "p" * 20],
    "ENVIRONMENT_SUFFIX": ["d", "1", "prod", "pr-123", "e" * 16],
    "AWS_REGION": [
        "us-east-1",
        "eu-central-2",
        "ap-southeast-3",
        "us-gov-west-1",
        "eusc-de-east-1",
        "us-isob-east-1",
        "mx-central-1",
        "il-central-1",
    ],
    "OWNER": ["a", "Team Blue_1", "team@example.com", "a/b:c=d+e.f-g", "o" * 256],
    "COST_CENTER": ["a", "CC-1234", "c" * 256],
    "NOTIFICATION_EMAIL": ["a@b.co", "team+alarms@mail.example.com", "o'neil@example.com"],
    "LAMBDA_RUNTIME": ["python3.11", "python3.12", "python3.13"],
    "API_AUTHORIZATION": ["iam", "api_key", "none"],
    "API_LOGGING_ROLE": ["existing", "managed"],
    "PROTECTED_ENVIRONMENTS": ["prod", "prod,staging", "a-1,b-2,c"],
    "ENCRYPTION_KEYS": ["aws", "customer"],
    "UPLOAD_ENCRYPTION": ["sse-s3", "kms"],
    "METADATA_BUCKET_NAME": ["abc", "my-bucket-1", "b" * 63],
    "METADATA_TABLE_NAME": ["abc", "My_Table-1.x", "t" * 255],
    "SENSOR_THRESHOLDS": [
        '{"a": {"lower": 1}}',
        '{"wind_speed2": {"lower": -1.5, "upper": 1e3}}',
        '{"a": {"lower": 1, "upper": 1}}',
    ],
    "AWS_PROVIDER_VERSION": ["5.100.0", "6.28.0"],
    "STATE_BUCKET": ["abc", "b" * 63],
    "STATE_REGION": ["us-east-1", "eu-central-1"],
    "AWS_ENDPOINT_URL": [LOCAL, "http://localhost:4566", "https://[::1]:4566", "http://127.8.9.1"],
}
REFUSED = {
    "STATE_REGION": ["us-east", "nowhere"],
    "PROJECT": [
        *("a", "p" * 21, "1ab", "Sluice", "a_b", "a-", "-a", "a b", "a\n", "über", "${x}"),
        *("xn--a", "sthree-a", "amzn-s3-demo-a"),
    ],
    "ENVIRONMENT_SUFFIX": ["e" * 17, "Dev", "dev_1", "dev-", "-dev", "dev ", "dev\n", "dev.1", "dév", "dev/../x"],
    "AWS_REGION": [
        "us-east",
        "us-east-1a",
        "us-east-0",
        "nowhere",
        "US-EAST-1",
        "us-middle-1",
        "xx-east-1",
        "us-east-1\n",
    ],
    "OWNER": ["o" * 257, "a,b", "a\nb", "a;b", "ok\t;"],
    "COST_CENTER": ["c" * 257, "a*b", "a\n"],
    "NOTIFICATION_EMAIL": [
        "team",
        "team@",
        "@example.com",
        "team@example",
        "team@example.c",
        "a@b@example.com",
        "te am@example.com",
        "a@example.com,b@example.com",
        "Team <team@example.com>",
        "team@exa mple.com",
        "team@example.com\n",
        "team@.com",
        "x" * 65 + "@example.com",
        "a@" + "b" * 250 + ".com",
    ],
    "LAMBDA_TIMEOUT_SECONDS": ["0", "901", "-1", "1.5", "30s", " 30", "ten", "1e2", "9" * 30, "\uff13\uff10"],
    "LAMBDA_RUNTIME": ["python3.8", "python3.14", "python3.9", "python3.10", "python3", "nodejs20.x", "python3.13 "],
    "LOG_RETENTION_DAYS": ["0", "2", "364", "-1", "forever", "3654", "365.0"],
    "API_AUTHORIZATION": ["IAM", "open", "iam,none"],
    "API_LOGGING_ROLE": ["own", "Managed"],
    "PROTECTED_ENVIRONMENTS": ["prod,", ",prod", "prod, staging", "Prod", "prod;staging"],
    "ENCRYPTION_KEYS": ["own", "Customer", "kms"],
    "VPC_SUBNET_IDS": [
        "subnet-1",
        "sg-0123456789abcdef0",
        f"{SUBNET},",
        f"{SUBNET};{SUBNET}",
        "subnet-0123456789ABCDEF0",
        "subnet-0123456789abcdef01",
    ],
    "VPC_SECURITY_GROUP_IDS": ["sg-", "subnet-0123456789abcdef0", "default", f"{GROUP} {GROUP}"],
    "CODE_SIGNING_CONFIG_ARN": [
        "csc-0123456789abcdef0",
        SIGNING.replace("lambda", "signer"),
        SIGNING.replace(ACCOUNT, "1234"),
        SIGNING[:-1],
        f"{SIGNING}\n",
    ],
    "WEB_ACL_ARN": [
        "own",
        WEB_ACL.replace("wafv2", "waf"),
        WEB_ACL.replace("regional", "global"),
        WEB_ACL[:-1],
        WEB_ACL.replace("own", ""),
        f"{WEB_ACL}\n",
    ],
    "UPLOAD_BURST_LIMIT": ["0", "5001", "-5"],
    "UPLOAD_ENCRYPTION": ["aes256", "none"],
    "CORS_ORIGINS": [
        "https://app.example.com:0443",
        "https://app.example.com:0",
        "*",
        "https://*.example.com",
        "example.com",
        "https://example.com/",
        "ftp://example.com",
        "https://a.com,",
        "null",
        "https://a.com:443",
        "http://a.com:80",
        "https://a.com:65536",
        "https://a..com",
        "https://a.com:",
        "https://user@a.com",
    ],
    "METADATA_BUCKET_NAME": [
        *("ab", "b" * 64, "My-bucket", "bucket.name", "-bucket", "bucket-"),
        *("xn--a", "sthree-a", "amzn-s3-demo-a", "a-s3alias", "a--ol-s3", "a--x-s3", "a--table-s3", "a-an"),
    ],
    "METADATA_TABLE_NAME": ["ab", "t" * 256, "my table", "a/b"],
    "METADATA_READ_CAPACITY": ["0", "40001", "-1"],
    "METADATA_WRITE_CAPACITY": ["0", "40001", "many"],
    "METADATA_AUTOSCALE_TO": ["0", "40001"],
    "TRACKER_NOTIFICATIONS": ["digest", "none", "Each"],
    "METADATA_INDEX_SHARDS": ["0", "1001", "-1", "2.5", "many", "1e2", "٣"],
    "SENSOR_FORMAT": ["json", "Own", "wide,own"],
    "SENSOR_FIELD_NAMES": [
        "[]",
        "null",
        "{",
        '{"a": 1}',
        '{"a": "Temp"}',
        '{"": "temperature"}',
        '{"a": "temperature", "a": "humidity"}',
        json.dumps({"a" * 1024: "temperature"}),
    ],
    "SENSOR_EARLIEST_TIMESTAMP": [
        *("2015", "2015-01-01", "2015-01-01T00:00:00", "2015-02-30T00:00:00Z", "now"),
        *(
            "2015-1-1T0:0:0Z",
            "2015-01-01T00:00:60Z",
            "\uff12\uff10\uff11\uff15-01-01T00:00:00Z",
            "2015-01-01T00:00:00Z\n",
        ),
    ],
    "SENSOR_NOTIFICATIONS": ["all", "episode"],
    "SENSOR_HYSTERESIS": ["1", "[]", '{"a": -1}', '{"a": NaN}', '{"a": true}', '{"A": 1}', '{"a": 1e101}', "{"],
    "SENSOR_LONGEST_SILENCE_SECONDS": ["0", "31536001", "1h"],
    "SENSOR_REJECTS_DAYS": ["0", "3651", "-1", "1.5"],
    "TRACKER_DELIVERY": ["queue", "Buffered", "true"],
    "UPLOAD_DELIVERY": ["queue", "Buffered", "true"],
    "METADATA_DELIVERY": ["queue", "Buffered", "true"],
    "INVOCATION_LOG_DELIVERY": ["queue", "Buffered", "true"],
    "SENSOR_DELIVERY": ["queue", "Buffered", "true"],
    "BUFFER_BATCH_SIZE": ["0", "101", "-1", "1.5"],
    "BUFFER_WINDOW_SECONDS": ["-1", "301", "0.5"],
    "BUFFER_MAX_CONCURRENCY": ["0", "1", "1001"],
    "SENSOR_THRESHOLDS": [
        "{}",
        '{"a": {"upper": 1e101}}',
        '{"a": {"lower": -1e400}}',
        "[]",
        "1",
        "null",
        "{",
        '{"a": 5}',
        '{"a": {"lower": "1"}}',
        '{"a": {"lower": true}}',
        '{"a": {"lower": null}}',
        '{"a": {"most": 1}}',
        '{"a": {"lower": 2, "upper": 1}}',
        '{"a": {"upper": NaN}}',
        '{"a": {"upper": Infinity}}',
        '{"A": {"upper": 1}}',
        '{"": {"upper": 1}}',
        '{"a": {"upper": 1' + " " * LONGEST_THRESHOLDS + "}}",
    ],
    "AWS_PROVIDER_VERSION": ["6", "6.28", "v6.28.0", "6.28.0-beta1", "~> 6.0", ">= 5.100.0", "latest", "٦.0.0"],
    "STATE_BUCKET": ["ab", "b" * 64, "My-Bucket", "a_b", "xn--states", "states-s3alias"],
    "AWS_ENDPOINT_URL": [
        "127.0.0.1:4566",
        "ftp://127.0.0.1",
        "https://",
        "https://127.0.0.1:99999",
        "https://127.0.0.1:port",
        "https://127.0.0.1/path",
        "https://127.0.0.1?a=b",
        "https://127.0.0.1#a",
        "https://user@127.0.0.1",
        "https://127.0.0.1@evil.example.com",
        "https://[::1",
        "https://127.0.0.1:4566\n",
        " https://127.0.0.1:4566",
        "https://127.0.0.1:4566 ",
    ],
    "ALLOW_REMOTE_ENDPOINT": ["1", "yes", "TRUE"],
}
BUCKET_NAME_RULE = "an S3 bucket name: 3 to 63 lower-case letters, digits and hyphens, and no prefix or suffix of AWS"
WHAT_IS_ALLOWED = {
    "PROJECT": "2 to 20 lower-case letters, digits and hyphens, a letter first, and no prefix that S3 reserves",
    "ENVIRONMENT_SUFFIX": "1 to 16 lower-case letters, digits and hyphens",
    "AWS_REGION": "an AWS region such as us-east-1",
    "OWNER": "1 to 256 letters, digits, spaces and . : / = + @ - _",
    "COST_CENTER": "1 to 256 letters, digits, spaces and . : / = + @ - _",
    "NOTIFICATION_EMAIL": "one email address such as team@example.com",
    "LAMBDA_TIMEOUT_SECONDS": "a whole number of seconds from 1 to 900",
    "LAMBDA_RUNTIME": "a Python runtime of Lambda such as python3.13",
    "LOG_RETENTION_DAYS": "a number of days CloudWatch Logs offers: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, "
    "400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653",
    "API_AUTHORIZATION": "one of iam, api_key, none",
    "API_LOGGING_ROLE": "one of existing, managed",
    "PROTECTED_ENVIRONMENTS": "environment suffixes with commas between them",
    "ENCRYPTION_KEYS": "one of aws, customer",
    "VPC_SUBNET_IDS": "ids such as subnet-0123456789abcdef0 with commas between them",
    "VPC_SECURITY_GROUP_IDS": "ids such as sg-0123456789abcdef0 with commas between them",
    "CODE_SIGNING_CONFIG_ARN": f"an ARN such as {SIGNING}",
    "WEB_ACL_ARN": f"a regional ARN such as {WEB_ACL.replace('own', 'name')}",
    "UPLOAD_BURST_LIMIT": "a whole number of requests from 1 to 5000",
    "UPLOAD_ENCRYPTION": "one of sse-s3, kms",
    "CORS_ORIGINS": "web origins such as https://app.example.com with commas between them; each an ASCII host, a port "
    "unless it is the scheme's own, and neither a path nor a slash at the end; 100 at most, with 3072 characters in "
    "all",
    "METADATA_BUCKET_NAME": BUCKET_NAME_RULE,
    "METADATA_TABLE_NAME": "3 to 255 letters, digits and _ . -",
    "METADATA_READ_CAPACITY": "a whole number of capacity units from 1 to 40000",
    "METADATA_WRITE_CAPACITY": "a whole number of capacity units from 1 to 40000",
    "METADATA_AUTOSCALE_TO": "a whole number of capacity units from 1 to 40000",
    "TRACKER_NOTIFICATIONS": "one of each, digests",
    "METADATA_INDEX_SHARDS": "a whole number of shards from 1 to 1000",
    "SENSOR_FORMAT": "one of detect, own, wide, readings, senml, things-network, thingsboard, iot-shadow",
    "SENSOR_FIELD_NAMES": 'JSON such as {"temp": "temperature", "device.id": "deviceId"}, 1024 characters at most',
    "SENSOR_EARLIEST_TIMESTAMP": "a time in UTC such as 2015-01-01T00:00:00Z",
    "SENSOR_NOTIFICATIONS": "one of each, episodes",
    "SENSOR_HYSTERESIS": 'JSON such as {"temperature": 2}: for sensor types numbers that are not negative',
    "SENSOR_LONGEST_SILENCE_SECONDS": "a whole number of seconds from 1 to 31536000",
    "SENSOR_REJECTS_DAYS": "a whole number of days from 1 to 3650",
    "TRACKER_DELIVERY": "one of direct, buffered, draining",
    "UPLOAD_DELIVERY": "one of direct, buffered, draining",
    "METADATA_DELIVERY": "one of direct, buffered, draining",
    "INVOCATION_LOG_DELIVERY": "one of direct, buffered, draining",
    "SENSOR_DELIVERY": "one of direct, buffered, draining",
    "BUFFER_BATCH_SIZE": "a whole number of messages from 1 to 100",
    "BUFFER_WINDOW_SECONDS": "a whole number of seconds from 0 to 300",
    "BUFFER_MAX_CONCURRENCY": "a whole number of batches from 2 to 1000",
    "SENSOR_THRESHOLDS": 'JSON such as {"temperature": {"lower": -20, "upper": 60}}, lower not above upper, '
    "either may be left out",
    "STATE_REGION": "an AWS region such as us-east-1",
    "AWS_PROVIDER_VERSION": "an exact version such as 5.100.0",
    "STATE_BUCKET": BUCKET_NAME_RULE,
    "AWS_ENDPOINT_URL": "an address such as https://127.0.0.1:4566",
    "ALLOW_REMOTE_ENDPOINT": "true or false",
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in ALLOWED.items() for value in values])
def test_an_allowed_value_is_taken_as_it_is(name: str, value: str) -> None:
    assert attribute(name, value) == value


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("LAMBDA_TIMEOUT_SECONDS", "1", 1),
        ("LAMBDA_TIMEOUT_SECONDS", "900", 900),
        ("LOG_RETENTION_DAYS", "1", 1),
        ("LOG_RETENTION_DAYS", "3653", 3653),
        ("UPLOAD_BURST_LIMIT", "5000", 5000),
        ("METADATA_READ_CAPACITY", "1", 1),
        ("METADATA_WRITE_CAPACITY", "40000", 40000),
        ("METADATA_AUTOSCALE_TO", "200", 200),
        ("METADATA_INDEX_SHARDS", "1000", 1000),
        ("TRACKER_NOTIFICATIONS", "digests", "digests"),
        ("SENSOR_FORMAT", "iot-shadow", "iot-shadow"),
        (
            "SENSOR_FIELD_NAMES",
            '{"a.b": "deviceId", "Temp": "temperature"}',
            '{"a.b": "deviceId", "Temp": "temperature"}',
        ),
        ("SENSOR_EARLIEST_TIMESTAMP", "2020-06-01T00:00:00Z", "2020-06-01T00:00:00Z"),
        ("SENSOR_REJECTS_DAYS", "3650", 3650),
        ("TRACKER_DELIVERY", "buffered", "buffered"),
        ("SENSOR_DELIVERY", "draining", "draining"),
        ("BUFFER_BATCH_SIZE", "100", 100),
        ("BUFFER_WINDOW_SECONDS", "0", 0),
        ("BUFFER_MAX_CONCURRENCY", "1000", 1000),
        ("SENSOR_NOTIFICATIONS", "episodes", "episodes"),
        ("SENSOR_HYSTERESIS", '{"a": 0, "b": 1.5}', '{"a": 0, "b": 1.5}'),
        ("SENSOR_LONGEST_SILENCE_SECONDS", "60", 60),
        ("SENSOR_THRESHOLDS", '{"co2": {}}', '{"co2": {}}'),
        ("ALLOW_REMOTE_ENDPOINT", "true", True),
        ("ALLOW_REMOTE_ENDPOINT", "false", False),
        ("CORS_ORIGINS", "https://app.example.com", ("https://app.example.com",)),
        (
            "CORS_ORIGINS",
            "https://a.example.com, http://localhost:3000",
            ("https://a.example.com", "http://localhost:3000"),
        ),
        (
            "CORS_ORIGINS",
            "https://App.Example.com,http://[::1]:8080",
            ("https://app.example.com", "http://[::1]:8080"),
        ),
        ("CORS_ORIGINS", "https://a.com:4430,https://a.com:4430", ("https://a.com:4430",)),
        ("AWS_ENDPOINT_URL", LOCAL + "/", LOCAL),
    ],
)
def test_an_allowed_value_becomes_what_it_means(name: str, value: str, expected: object) -> None:
    assert attribute(name, value) == expected


def test_a_batch_of_more_than_ten_messages_needs_a_window() -> None:
    assert problems({"BUFFER_BATCH_SIZE": "11", "BUFFER_WINDOW_SECONDS": "0"}) == [
        "BUFFER_BATCH_SIZE: 11 is not allowed with BUFFER_WINDOW_SECONDS=0; give 10 at most, or a window of 1 second "
        "at least"
    ]
    assert attribute("BUFFER_BATCH_SIZE", "11") == 11
    assert attribute("BUFFER_BATCH_SIZE", "10", BUFFER_WINDOW_SECONDS="0") == 10


def test_every_setting_is_tried_here() -> None:
    assert {one.metadata["name"] for one in Settings.__dataclass_fields__.values()} == set(REFUSED)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in REFUSED.items() for value in values])
def test_a_refused_value_is_one_line_with_the_setting_what_was_given_and_what_is_allowed(name: str, value: str) -> None:
    (problem,) = problems({name: value})
    assert problem.startswith(f"{name}: {value!r} is not allowed; give {WHAT_IS_ALLOWED[name]}")
    assert "\n" not in problem


def test_resources_of_the_account_are_accepted_in_their_region() -> None:
    settings = Settings.load(OF_THE_ACCOUNT)
    assert settings.vpc_subnet_ids == (SUBNET, "subnet-01234567")
    assert settings.vpc_security_group_ids == (GROUP,)
    assert settings.code_signing_config_arn == SIGNING
    assert settings.web_acl_arn == WEB_ACL


@pytest.mark.parametrize("missing", ["VPC_SUBNET_IDS", "VPC_SECURITY_GROUP_IDS"])
def test_half_a_vpc_is_refused(missing: str) -> None:
    assert problems({**OF_THE_ACCOUNT, missing: ""}) == [
        "VPC_SECURITY_GROUP_IDS, VPC_SUBNET_IDS: give both or neither; a function needs both to be in a VPC"
    ]


@pytest.mark.parametrize("name", ["VPC_SUBNET_IDS", "CODE_SIGNING_CONFIG_ARN", "WEB_ACL_ARN"])
def test_resources_of_another_region_are_refused_with_the_right_region(name: str) -> None:
    given = ["VPC_SUBNET_IDS", "VPC_SECURITY_GROUP_IDS"] if name.startswith("VPC_") else [name]
    assert problems({one: OF_THE_ACCOUNT[one] for one in given}) == [
        f"AWS_REGION: not set, and the systems' own regions differ; set it to that of {', '.join(given)}"
    ]


def test_a_local_aws_is_asked_for_no_region() -> None:
    given = {name: value for name, value in OF_THE_ACCOUNT.items() if name != "AWS_REGION"}
    assert Settings.load({**given, "AWS_ENDPOINT_URL": LOCAL}).web_acl_arn == WEB_ACL


@pytest.mark.parametrize("name", ["CODE_SIGNING_CONFIG_ARN", "WEB_ACL_ARN"])
def test_an_arn_of_another_region_is_refused(name: str) -> None:
    elsewhere = OF_THE_ACCOUNT[name].replace("us-east-1", "eu-west-1")
    assert problems({**OF_THE_ACCOUNT, name: elsewhere}) == [
        f"{name}: {elsewhere!r} is in eu-west-1 and AWS_REGION is 'us-east-1'; "
        "give one of us-east-1, or change AWS_REGION"
    ]


@pytest.mark.parametrize(
    ("name", "kind", "most"), [("VPC_SUBNET_IDS", "subnet", 16), ("VPC_SECURITY_GROUP_IDS", "sg", 5)]
)
def test_a_function_has_so_many_different_subnets_and_security_groups(name: str, kind: str, most: int) -> None:
    ids = [f"{kind}-{one:08x}" for one in range(most + 1)]
    assert len(getattr(Settings.load({**OF_THE_ACCOUNT, name: ",".join(ids[:-1])}), name.lower())) == most
    for given in (",".join(ids), f"{ids[0]},{ids[0]}"):
        assert problems({**OF_THE_ACCOUNT, name: given})[0] == (
            f"{name}: {given!r} is not allowed; give {most} different ids at most"
        )


def test_the_origins_fit_s3s_rule_and_the_functions_environment() -> None:
    hosts = [f"https://h{number:03}.example.com" for number in range(101)]
    assert len(attribute("CORS_ORIGINS", ",".join(hosts[:100]))) == 100
    long = [f"https://{'h' * 50}{number:02}.com" for number in range(50)]
    for given in (hosts, long):
        text = ",".join(given)
        allowed = WHAT_IS_ALLOWED["CORS_ORIGINS"]
        assert problems({"CORS_ORIGINS": text}) == [f"CORS_ORIGINS: {text!r} is not allowed; give {allowed}"]


def test_the_sensor_pipelines_texts_fit_its_functions_environment_together() -> None:
    def texts(blanks: int) -> dict[str, str]:
        thresholds = '{"a": {}' + " " * (LONGEST_THRESHOLDS - 9) + "}"
        return {
            "SENSOR_THRESHOLDS": thresholds,
            "SENSOR_FIELD_NAMES": '{"é": "a"}',
            "SENSOR_HYSTERESIS": "{" + " " * blanks + "}",
        }

    assert Settings.load(texts(1011)).sensor_field_names == '{"é": "a"}'
    assert problems(texts(1012)) == [
        "SENSOR_THRESHOLDS, SENSOR_FIELD_NAMES, SENSOR_HYSTERESIS: 3073 bytes together are not allowed; "
        "give 3072 at most"
    ]


def test_all_problems_are_reported_at_once() -> None:
    given = {"PROJECT": "A", "LAMBDA_TIMEOUT_SECONDS": "901", "NOTIFICATION_EMAIL": "team", "OWNER": "fine"}
    assert problems(given) == [
        f"{name}: {given[name]!r} is not allowed; give {WHAT_IS_ALLOWED[name]}"
        for name in ("PROJECT", "NOTIFICATION_EMAIL", "LAMBDA_TIMEOUT_SECONDS")
    ]


def test_an_empty_text_counts_as_not_set() -> None:
    everything_empty = dict.fromkeys(REFUSED, "")
    assert Settings.load(everything_empty) == Settings()
    assert Settings.load(everything_empty, {"PROJECT": "context"}) == Settings(project="context")
    assert Settings.load({}, everything_empty) == Settings()


def test_a_variable_goes_before_context_and_context_before_the_default() -> None:
    context = {"PROJECT": "context", "LAMBDA_TIMEOUT_SECONDS": 60, "ALLOW_REMOTE_ENDPOINT": True, "OTHER": 1}
    assert Settings.load({"PROJECT": "variable"}, context) == Settings(
        project="variable", lambda_timeout_seconds=60, allow_remote_endpoint=True
    )


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("LAMBDA_TIMEOUT_SECOND", "LAMBDA_TIMEOUT_SECONDS"),
        ("lambda_timeout_seconds", "LAMBDA_TIMEOUT_SECONDS"),
        ("Enviroment_Suffix", "ENVIRONMENT_SUFFIX"),
        ("notification-email", "NOTIFICATION_EMAIL"),
        ("STATEBUCKET", "STATE_BUCKET"),
        ("REGION", "AWS_REGION"),
    ],
)
def test_a_misspelled_setting_in_context_is_named_with_the_nearest_right_one(given: str, meant: str) -> None:
    assert problems({}, {given: "x"}) == [
        f"{given}: there is no such setting in cdktf.json's context; did you mean {meant}?"
    ]


def test_context_keys_of_others_are_ignored() -> None:
    others = {"excludeStackIdFromLogicalIds": "true", "allowSepCharsInLogicalIds": "true", "Team": "weather"}
    assert Settings.load({}, others) == Settings()


def test_context_is_held_to_the_same_rules() -> None:
    assert problems({}, {"LAMBDA_TIMEOUT_SECONDS": 0}) == [
        "LAMBDA_TIMEOUT_SECONDS: '0' is not allowed; give a whole number of seconds from 1 to 900"
    ]


@pytest.mark.parametrize(
    ("environment", "protected"),
    [("prod", True), ("staging", True), ("dev", False), ("pro", False), ("prod-2", False)],
)
def test_an_environment_is_protected_when_it_is_named_in_full(environment: str, protected: bool) -> None:
    assert Settings(environment=environment, protected_environments="prod,staging").protected is protected


class TestLocalRun:
    @pytest.mark.parametrize(
        "url",
        [
            "https://s3.us-east-1.amazonaws.com",
            "http://192.168.1.5:4566",
            "http://0.0.0.0:4566",
            "https://localhost.example.com",
            "https://127.0.0.1.example.com",
            "http://127.1:4566",
        ],
    )
    def test_an_endpoint_on_another_machine_is_refused_unless_allowed(self, url: str) -> None:
        assert problems({"AWS_ENDPOINT_URL": url}) == [
            f"AWS_ENDPOINT_URL: {url!r} is not this machine; give a loopback address such as {LOCAL}, "
            "or set ALLOW_REMOTE_ENDPOINT=true"
        ]
        assert attribute("AWS_ENDPOINT_URL", url, ALLOW_REMOTE_ENDPOINT="true") == url

    @pytest.mark.parametrize("key", REAL_LOOKING)
    def test_a_key_of_a_real_account_is_refused_with_an_endpoint_and_not_shown(self, key: str) -> None:
        given = {"AWS_ACCESS_KEY_ID": key, "AWS_ENDPOINT_URL": LOCAL}
        assert problems(given) == [
            f"AWS_ACCESS_KEY_ID: {key[:8]}... looks like a key of a real account and AWS_ENDPOINT_URL is set; "
            "unset AWS_ACCESS_KEY_ID for a local run, or AWS_ENDPOINT_URL to work on AWS"
        ]
        assert key not in problems(given)[0]

    @pytest.mark.parametrize("key", REAL_LOOKING)
    def test_a_remote_endpoint_that_is_allowed_does_not_allow_a_real_key(self, key: str) -> None:
        given = {
            "AWS_ACCESS_KEY_ID": key,
            "AWS_ENDPOINT_URL": "http://192.168.1.5:4566",
            "ALLOW_REMOTE_ENDPOINT": "true",
        }
        (problem,) = problems(given)
        assert problem.startswith("AWS_ACCESS_KEY_ID: ")

    @pytest.mark.parametrize("key", REAL_LOOKING)
    def test_real_credentials_are_accepted_without_an_endpoint(self, key: str) -> None:
        assert Settings.load({"AWS_ACCESS_KEY_ID": key}) == Settings()

    @pytest.mark.parametrize("key", ["test", "AKIA", "AKIA" + "X" * 15, "AKIA" + "X" * 17, "BKIA" + "X" * 16])
    def test_a_key_that_cannot_be_real_is_fine_with_an_endpoint(self, key: str) -> None:
        assert attribute("AWS_ENDPOINT_URL", LOCAL, AWS_ACCESS_KEY_ID=key) == LOCAL
