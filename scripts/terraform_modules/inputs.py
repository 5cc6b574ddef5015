"""The inputs of the five systems' modules: options, which decide on resources, and other settings."""

from collections.abc import Mapping
from typing import Any

from scripts.terraform_modules.learning import Option
from scripts.terraform_modules.markers import FIRST
from settings import Settings


def _set(name: str, condition: str | None = None) -> Option:
    """An option that is on if its setting has a value."""
    text = condition or f"var.{name} != null"
    return Option(name, {"set": {}}, {"set": text}, text)


def _one_of(name: str, *choices: str) -> Option:
    default = default_of(name)
    return Option(
        name,
        {choice: {name: choice} for choice in choices},
        {choice: f'var.{name} == "{choice}"' for choice in choices},
        f'var.{name} != "{default}"' if len(choices) > 1 else f'var.{name} == "{choices[0]}"',
    )


def default_of(name: str) -> Any:
    """A setting's default."""
    return Settings.__dataclass_fields__[name].default


EMAIL = _set("notification_email")
KEYS = _one_of("encryption_keys", "customer")
VPC = Option(
    "vpc",
    {"set": {}},
    {"set": "length(var.vpc_subnet_ids) > 0"},
    "length(var.vpc_subnet_ids) > 0",
)
SIGNING = _set("code_signing_config_arn")
ACL = _set("web_acl_arn")
AUTHORIZATION = _one_of("api_authorization", "api_key", "none")
PROTECTED = Option(
    "protected",
    {"yes": {}},
    {"yes": "local.protected"},
    "local.protected",
)
ORIGINS = Option(
    "cors_origins",
    {"one": {"cors_origins": FIRST["cors_origins"][:1]}, "several": {}},
    {"one": "length(var.cors_origins) == 1", "several": "length(var.cors_origins) > 1"},
    "length(var.cors_origins) > 0",
)
UPLOAD_ENCRYPTION = _one_of("upload_encryption", "kms")
NOTIFICATIONS = _one_of("sensor_notifications", "episodes")


def _delivery(name: str) -> Option:
    return _one_of(name, "buffered", "draining")


EVERY = [EMAIL, KEYS, VPC, SIGNING]
OPTIONS: Mapping[str, list[Option]] = {
    "invocation-log": [*EVERY, _delivery("invocation_log_delivery")],
    "object-tracker": [
        *EVERY,
        AUTHORIZATION,
        ORIGINS,
        ACL,
        PROTECTED,
        _delivery("tracker_delivery"),
        _one_of("tracker_notifications", "digests"),
    ],
    "upload-api": [
        *EVERY,
        AUTHORIZATION,
        ORIGINS,
        ACL,
        PROTECTED,
        UPLOAD_ENCRYPTION,
        _delivery("upload_delivery"),
    ],
    "file-metadata": [
        *EVERY,
        ORIGINS,
        PROTECTED,
        _set("metadata_autoscale_to"),
        _delivery("metadata_delivery"),
        _set("metadata_index_shards", "var.metadata_index_shards > 1"),
    ],
    "sensor-pipeline": [*EVERY, PROTECTED, NOTIFICATIONS, _delivery("sensor_delivery")],
}
# Settings that replace a generated name: the local value with either name, and the argument that uses it.
NAMES = {
    "metadata_bucket_name": ("bucket_name", "aws_s3_bucket", "bucket"),
    "metadata_table_name": ("table_name", "aws_dynamodb_table", "name"),
}
# The settings that an option sets. Without the option they keep their defaults.
SETTINGS_OF_OPTION = {"vpc": ("vpc_subnet_ids", "vpc_security_group_ids"), "protected": ("protected_environments",)}


def chosen(options: list[Option], choices: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, Any]:
    """The settings for a set of choices: the value of each chosen option, and the default of the others."""
    result: dict[str, Any] = {}
    for option in options:
        label = choices.get(option.name)
        for name in SETTINGS_OF_OPTION.get(option.name, (option.name,)):
            result[name] = default_of(name) if label is None else values.get(name, values["environment"])
        if label is not None:
            result |= option.settings[label]
    # Options of other systems: their settings change nothing here.
    every = {one.name for others in OPTIONS.values() for one in others}
    others = {name for option in every for name in SETTINGS_OF_OPTION.get(option, (option,))}
    return {**{name: default_of(name) for name in others}, **result}
