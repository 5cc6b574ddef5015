"""The variables of the modules: types, defaults and validation from `settings.py`, with what AWS's limits add."""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from settings import (
    EMAIL,
    HIGHEST_PORT,
    LARGEST_THRESHOLD,
    LONGEST_EMAIL,
    LONGEST_FIELD_NAMES,
    LONGEST_TEXTS,
    LONGEST_THRESHOLDS,
    MOST_IN_VPC,
    MOST_ORIGINS,
    OF_ONE_REGION,
    READING_FIELDS,
    RETENTION_DAYS,
    SENSOR_TEXTS,
    SENSOR_TYPE,
    UNDELAYED_BATCH,
    Matching,
    OneOf,
    Settings,
    Whole,
)
from sluice_cli.export.module import Module
from sluice_cli.export.tree import Block, Either, When, present, texts_of

DELIVERIES = [one.name for one in fields(Settings) if one.name.endswith("_delivery")]
DESCRIPTIONS = {
    "project": "First part of every name, and the Project tag.",
    "environment": "Last part of every name, and the Environment tag: dev, staging, prod.",
    "owner": "Owner tag of every resource.",
    "cost_center": "CostCenter tag of every resource.",
    "notification_email": "Address to subscribe to notifications and alarms; null subscribes nobody.",
    "lambda_timeout_seconds": "Timeout of the function in seconds.",
    "lambda_runtime": "Lambda's Python runtime.",
    "log_retention_days": "Days for which CloudWatch Logs keeps logs.",
    "api_authorization": "Who may call the REST API: iam (signed requests), api_key, or none (anybody).",
    "protected_environments": "Environments whose bucket and tables refuse to be destroyed.",
    "encryption_keys": "Keys for what holds data: aws (of AWS's services), or customer (the system's own KMS key).",
    "vpc_subnet_ids": "Subnets of the function's VPC; AWS's services have to be reachable from them. Empty: no VPC.",
    "vpc_security_group_ids": "Security groups of the function in its VPC.",
    "code_signing_config_arn": "Code signing configuration of the function; null takes unsigned code.",
    "web_acl_arn": "Regional web ACL before the REST API; null for none.",
    "upload_burst_limit": "Requests that may come at once, on top of 1000 a second.",
    "upload_encryption": "Encryption of uploaded files: sse-s3, or kms with a key of the bucket's own.",
    "cors_origins": "Web origins whose pages may call the REST API and upload to the bucket.",
    "metadata_bucket_name": "Name of the bucket; null names it by project and environment.",
    "metadata_table_name": "Name of the table; null names it by project and environment.",
    "metadata_read_capacity": "Read capacity units of the table and of each index.",
    "metadata_write_capacity": "Write capacity units of the table and of each index.",
    "metadata_autoscale_to": "Capacity units that autoscaling may reach; null for none.",
    "tracker_notifications": "each: a notification of each object; "
    "digests: one for the new objects of a batch of events.",
    "metadata_index_shards": "Shards of each day and each content type in the indexes.",
    "sensor_thresholds": 'Limits by sensor type, as JSON such as {"temperature": {"lower": -20, "upper": 60}}.',
    "sensor_format": "Format of the readings; detect recognizes each by its shape.",
    "sensor_field_names": 'What senders call the fields, as JSON such as {"temp": "temperature"}.',
    "sensor_earliest_timestamp": "A reading from before is refused: its device's clock was never set. In UTC.",
    "sensor_notifications": "each: a notification of each reading beyond its limit; episodes: one at begin and end.",
    "sensor_hysteresis": 'How far back within its limit a reading ends an episode, as JSON such as {"temperature": 2}.',
    "sensor_longest_silence_seconds": "Seconds of silence after which an episode ends.",
    "sensor_rejects_days": "Days for which a refused reading is kept.",
    **dict.fromkeys(
        DELIVERIES,
        "How the function gets the bucket's events: direct, buffered (by a queue), or draining, between the two.",
    ),
    "buffer_batch_size": "Buffered delivery: the most messages of a batch.",
    "buffer_window_seconds": "Buffered delivery: seconds to wait for a full batch.",
    "buffer_max_concurrency": "Buffered delivery: the most batches at a time.",
}
# Lists in the module; in the environment, texts with commas.
LISTS = ("protected_environments",)
# The longest names that AWS takes, by the argument: https://docs.aws.amazon.com/AmazonS3/latest/userguide/
# bucketnamingrules.html, https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html,
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html,
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
LONGEST = {
    ("aws_s3_bucket", "bucket"): (63, "bucket"),
    ("aws_lambda_function", "function_name"): (64, "function"),
    ("aws_iam_role", "name"): (64, "role"),
    ("aws_sqs_queue", "name"): (80, "queue"),
}
ACCOUNT_ID = "${data.aws_caller_identity.account.account_id}"
ACCOUNT_ID_LENGTH = 12
# The longest allowed value of each variable.
LONGEST_ALONE = {"${var.project}": 20, "${var.environment}": 16}

_JSON_KEY = r'"(?:[^"\\]|\\.)*"\s*:'
# What Python's `\s` matches, in a class of Terraform's regular expressions.
_BLANK = r"\s\v\x1c-\x1f\x85\p{Z}"
_EMAIL = f"^{EMAIL}$".replace(r"\s", _BLANK)
_HOST = r"(\[[0-9a-f:.]+\]|[a-z0-9_-]+(\.[a-z0-9_-]+)*)"


def _is_number(one: str) -> str:
    # A text that looks like a number would be taken for it, but not as JSON. Checkov reads no exponents of numbers.
    largest = f"pow(10, {math.log10(LARGEST_THRESHOLD):g})"
    return f'can(regex("^-?[0-9]", jsonencode({one}))) && try(abs({one}) <= {largest}, false)'


def _is_type(name: str) -> str:
    return f'can(regex("^{SENSOR_TYPE}$", {name}))'


def _every(of: str, condition: str, names: str = "one") -> str:
    return f"alltrue([for {names} in {of} : {condition}])"


def _is_json(condition: str) -> str:
    """Whether a condition holds for the variable's JSON.

    Terraform's `jsondecode` ignores what begins with a closing bracket after it. That breaks an array or an object
    around it.
    """
    whole = 'can(jsondecode("[${{v}}]")) && can(jsondecode("{\\"v\\":${{v}}}"))'
    return f"{whole} && try({condition}, false)"


def _ids(kind: str) -> list[tuple[str, str]]:
    pattern = f"^{kind}-([0-9a-f]{{8}}|[0-9a-f]{{17}})$"
    most = MOST_IN_VPC[kind]
    return [
        (_every("{v}", f'can(regex("{pattern}", one))'), f"ids such as {kind}-0123456789abcdef0"),
        (f"length({{v}}) <= {most} && length(distinct({{v}})) == length({{v}})", f"{most} different ids at most"),
    ]


# Conditions of the settings whose check is a function of settings.py; `{v}` is the variable.
_CONDITIONS: dict[str, list[tuple[str, str]]] = {
    "notification_email": [
        (
            f"length({{v}}) <= {LONGEST_EMAIL} && can(regex({json.dumps(_EMAIL)}, {{v}}))",
            "one email address such as team@example.com",
        )
    ],
    "log_retention_days": [
        (
            f"contains({json.dumps(RETENTION_DAYS)}, {{v}})",
            "a number of days that CloudWatch Logs offers: " + ", ".join(map(str, RETENTION_DAYS)),
        )
    ],
    "protected_environments": [(_every("{v}", 'can(regex("^[a-z0-9-]+$", one))'), "environment suffixes")],
    "vpc_subnet_ids": _ids("subnet"),
    "vpc_security_group_ids": [
        *_ids("sg"),
        (
            "(length(var.vpc_subnet_ids) > 0) == (length({v}) > 0)",
            "subnets and security groups together or neither; a function needs both to be in a VPC",
        ),
    ],
    "cors_origins": [
        (
            _every(
                "{v}",
                f"can(regex({json.dumps(f'^https?://{_HOST}(:[1-9][0-9]{{0,4}})?$')}, one)) && "
                '!can(regex("^(http://.*:80|https://.*:443)$", one)) && '
                f'try(tonumber(regex(":([0-9]{{1,5}})$", one)[0]), 0) <= {HIGHEST_PORT}',
            )
            + " && length(distinct({v})) == length({v})",
            "different web origins such as https://app.example.com, in lower case, without the scheme's own port",
        ),
        (
            f'length({{v}}) <= {MOST_ORIGINS} && try(length(join(",", {{v}})), 0) <= {LONGEST_TEXTS}',
            f"{MOST_ORIGINS} origins at most, with {LONGEST_TEXTS} characters in all",
        ),
    ],
    "buffer_window_seconds": [
        ("{v} >= 0 && {v} <= 300 && floor({v}) == {v}", "a whole number of seconds from 0 to 300"),
        (
            f"{{v}} > 0 || var.buffer_batch_size <= {UNDELAYED_BATCH}",
            f"1 second at least for a buffer_batch_size above {UNDELAYED_BATCH}",
        ),
    ],
    "metadata_autoscale_to": [
        ("{v} >= 1 && {v} <= 40000 && floor({v}) == {v}", "a whole number of capacity units from 1 to 40000"),
        (
            "{v} >= max(var.metadata_read_capacity, var.metadata_write_capacity)",
            "as much as metadata_read_capacity and metadata_write_capacity at least",
        ),
    ],
    "sensor_thresholds": [
        (
            f"length({{v}}) <= {LONGEST_THRESHOLDS} && "
            + _is_json(
                "length(jsondecode({v})) > 0 && "
                + _every(
                    "jsondecode({v})",
                    _is_type("name")
                    + ' && length(setsubtract(keys(limits), ["lower", "upper"])) == 0 && '
                    + _every("values(limits)", _is_number("one"))
                    + " && try(limits.lower <= limits.upper, true)",
                    "name, limits",
                )
            ),
            'JSON such as {"temperature": {"lower": -20, "upper": 60}}, lower not above upper, '
            f"at least one sensor type, {LONGEST_THRESHOLDS} characters at most",
        ),
        (
            # Four characters of base64 are three bytes.
            f'length(base64encode("{"".join(f"${{var.{one}}}" for one in SENSOR_TEXTS)}")) <= {LONGEST_TEXTS * 4 // 3}',
            f"{LONGEST_TEXTS} bytes at most together with {' and '.join(SENSOR_TEXTS[1:])}",
        ),
    ],
    "sensor_field_names": [
        (
            f"length({{v}}) <= {LONGEST_FIELD_NAMES} && "
            + _is_json(
                "can(keys(jsondecode({v}))) && "
                + _every(
                    "jsondecode({v})",
                    f'name != "" && (contains({json.dumps(READING_FIELDS)}, own) || {_is_type("own")})',
                    "name, own",
                )
                # A name twice is one key to Terraform.
                + f" && length(regexall({json.dumps(_JSON_KEY)}, {{v}})) == length(jsondecode({{v}}))"
            ),
            f'JSON such as {{"temp": "temperature", "device.id": "deviceId"}}, {LONGEST_FIELD_NAMES} characters at '
            f"most, to names of sensor types or of {', '.join(READING_FIELDS)}",
        )
    ],
    "sensor_hysteresis": [
        (
            f"length({{v}}) <= {LONGEST_FIELD_NAMES} && "
            + _is_json(
                "can(keys(jsondecode({v}))) && "
                + _every(
                    "jsondecode({v})",
                    f"{_is_type('name')} && {_is_number('by')} && by >= 0",
                    "name, by",
                )
            ),
            'JSON such as {"temperature": 2}: for sensor types numbers that are not negative, '
            f"{LONGEST_FIELD_NAMES} characters at most",
        )
    ],
    "sensor_earliest_timestamp": [
        (
            'can(regex("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$", {v})) && '
            'can(formatdate("YYYY", {v}))',
            "a time in UTC such as 2015-01-01T00:00:00Z",
        )
    ],
}


def variables(module: Module) -> dict[str, Block]:
    """The variables that a module uses, each with its description, type, default and validation."""
    used = " ".join([*texts_of(list(module.blocks.values())), *texts_of(module.locals), *texts_of(module.outputs)])
    names = [one for one in fields(Settings) if re.search(rf"\bvar\.{one.name}\b", used)]
    result = {one.name: variable(one.name, one.default, one.metadata["parse"]) for one in names}
    result["environment"]["validation"] += _joint_limits(module)
    return result


def variable(name: str, default: Any, parse: Any) -> Block:
    """The block of a setting's variable, without what its names allow."""
    value = default.split(",") if name in LISTS else list(default) if isinstance(default, tuple) else default
    number = isinstance(parse, Whole) or isinstance(value, int)
    block: Block = {
        "description": DESCRIPTIONS[name],
        "type": "list(string)" if isinstance(value, list) else "number" if number else "string",
        "default": value,
    }
    if default is not None:
        block["nullable"] = False
    block["validation"] = [
        _validation(f"var.{name} == null ? true : {condition}" if default is None else condition, f"{name}: give {ok}.")
        for condition, ok in _conditions(name, parse)
    ]
    return block


def _validation(condition: str, message: str) -> Block:
    return {"condition": f"${{{condition}}}", "error_message": message}


def _conditions(name: str, parse: Any) -> list[tuple[str, str]]:
    """Conditions in the Terraform language, and what is allowed. Null fails in most, even behind `||`."""
    value = f"var.{name}"
    if name in _CONDITIONS:
        return [(condition.replace("{v}", value), allowed) for condition, allowed in _CONDITIONS[name]]
    if isinstance(parse, Matching):
        # Letters and digits of every script, as Python's.
        pattern = parse.pattern.replace(r"\w", r"\p{L}\p{N}_")
        condition = f"can(regex({json.dumps(f'^(?:{pattern})$')}, {value}))"
        if parse.reserved:
            condition += f" && !can(regex({json.dumps(parse.reserved)}, {value}))"
        return [(condition, parse.allowed), *_of_region(name, value)]
    if isinstance(parse, OneOf):
        return [(f"contains({json.dumps(parse.choices)}, {value})", parse.allowed)]
    if isinstance(parse, Whole):
        return [
            (
                f"{value} >= {parse.lowest} && {value} <= {parse.highest} && floor({value}) == {value}",
                parse.allowed,
            )
        ]
    raise ValueError(f"{name}: no condition in the Terraform language for its check in settings.py")


def _of_region(name: str, value: str) -> Iterator[tuple[str, str]]:
    """The region of an ARN is the provider's, for what AWS accepts only in its own region."""
    if name.upper() in OF_ONE_REGION:
        region = "data.aws_region.current.id"
        yield f'try(split(":", {value})[3], {region}) == {region}', "an ARN of the provider's region"


def _joint_limits(module: Module) -> list[Block]:
    """The length that a name leaves for project and environment together, if they could be longer."""
    tightest: dict[tuple[str, str], tuple[int, str, str, str]] = {}
    for (_, type_, _), block in module.blocks.items():
        for (of_type, argument), (longest, kind) in LONGEST.items():
            if type_ != of_type:
                continue
            for condition, name in _names(present(block).get(argument), module):
                room = longest - (len("-") + ACCOUNT_ID_LENGTH if ACCOUNT_ID in name else 0)
                own = name.replace(f"-{ACCOUNT_ID}", "")
                literal = re.sub(r"\$\{[^}]*\}", "", own)
                parts = [part for part in LONGEST_ALONE if part in own]
                if sum(LONGEST_ALONE[part] for part in parts) <= room - len(literal):
                    continue
                key = ("".join(parts), condition)
                tightest[key] = min(tightest.get(key, (room, "", "", "")), (room - len(literal), own, kind, condition))
    blocks = []
    for left, name, kind, condition in tightest.values():
        room = left + len(re.sub(r"\$\{[^}]*\}", "", name))
        fits = f'length("{name}") <= {room}'
        text = f"{condition} ? true : {fits}" if condition else fits
        who = "project and environment are" if "${var.project}" in name else "environment is"
        together = " together" if "${var.project}" in name else ""
        blocks.append(
            _validation(text, f"{who} too long{together}: AWS allows a {kind}'s name {room} characters here.")
        )
    return blocks


def _names(value: Any, module: Module) -> Iterator[tuple[str, str]]:
    """The names in which a value may be used, each with the condition under which it is not."""
    if isinstance(value, Either):
        yield from (("", name) for _, name in _names(value.yes, module) if "${var.environment}" in name)
        yield from ((value.condition, name) for _, name in _names(value.no, module))
    elif isinstance(value, When):
        yield from _names(value.value, module)
    elif isinstance(value, str) and value.startswith("${local."):
        yield from _names(module.locals[value.removeprefix("${local.").removesuffix("}")], module)
    elif isinstance(value, str) and "${var.environment}" in value:
        yield "", value
