"""Unique values for settings, which are recognized in synthesized Terraform and replaced by expressions.

A stack is synthesized with a project named `pj0zq`; every `pj0zq` in its Terraform is then `${var.project}`, and a
timeout's 80 percent, 709600 ms of 887 s, is `${var.lambda_timeout_seconds * 800}`.
"""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from settings import Settings
from sluice_cli.export.templates import split
from sluice_cli.export.tree import Expression

# The expressions of settings that are not simply a variable with the setting's name.
EXPRESSIONS = {
    "region": "data.aws_region.current.id",
    "metadata_bucket_name": "local.bucket_name",
    "metadata_table_name": "local.table_name",
}
# Libraries are installed for one runtime only, so that the runtime is recognized, but no second value is tried.
RUNTIME = "python3.13"

FIRST: Mapping[str, Any] = {
    "project": "pj0zq",
    "environment": "ev0zq",
    "region": "ap-southeast-4",
    "owner": "ow0zq",
    "cost_center": "cc0zq",
    "notification_email": "zq0@example.com",
    "lambda_timeout_seconds": 887,
    "lambda_runtime": RUNTIME,
    "log_retention_days": 3653,
    "vpc_subnet_ids": ("subnet-00f0ad01", "subnet-00f0ad02"),
    "vpc_security_group_ids": ("sg-00f0ad01", "sg-00f0ad02"),
    "code_signing_config_arn": "arn:aws:lambda:ap-southeast-4:999999999991:code-signing-config:csc-0123456789abcdef1",
    "web_acl_arn": "arn:aws:wafv2:ap-southeast-4:999999999991:regional/webacl/zq/01234567-89ab-cdef-0123-456789abcde1",
    "upload_burst_limit": 4999,
    "cors_origins": ("https://zq1.example.com", "https://zq2.example.com", "https://zq3.example.com"),
    "metadata_bucket_name": "bn0zq-bucket",
    "metadata_table_name": "tn0zq.table",
    "metadata_read_capacity": 7919,
    "metadata_write_capacity": 7907,
    "metadata_autoscale_to": 39989,
    "metadata_index_shards": 977,
    "sensor_thresholds": '{"zq0": {"lower": -41, "upper": 43}}',
    "sensor_format": "sf0zq",
    "sensor_field_names": '{"zq0": "deviceId"}',
    "sensor_earliest_timestamp": "1999-09-09T09:09:09Z",
    "sensor_hysteresis": '{"zq0": 47}',
    "sensor_longest_silence_seconds": 31_535_989,
    "sensor_rejects_days": 3637,
    "buffer_batch_size": 9973,
    "buffer_window_seconds": 293,
    "buffer_max_concurrency": 997,
}
# Second values of the same settings, which verify what was learned from the first.
SECOND: Mapping[str, Any] = {
    "project": "qj9",
    "environment": "qv99xyz",
    "region": "sa-east-1",
    "owner": "qw99",
    "cost_center": "qc99",
    "notification_email": "qq@example.org",
    "lambda_timeout_seconds": 61,
    "lambda_runtime": RUNTIME,
    "log_retention_days": 14,
    "vpc_subnet_ids": ("subnet-99999999", "subnet-88888888", "subnet-77777777"),
    "vpc_security_group_ids": ("sg-99999999",),
    "code_signing_config_arn": "arn:aws:lambda:sa-east-1:888888888881:code-signing-config:csc-qqqq456789abcdef1",
    "web_acl_arn": "arn:aws:wafv2:sa-east-1:888888888881:regional/webacl/qq/01234567-89ab-cdef-0123-456789abcde9",
    "upload_burst_limit": 23,
    "cors_origins": ("https://q1.example.org", "http://q2.example.org:8080"),
    "metadata_bucket_name": "qq-bucket",
    "metadata_table_name": "qq_table",
    "metadata_read_capacity": 35,
    "metadata_write_capacity": 55,
    "metadata_autoscale_to": 1000,
    "metadata_index_shards": 31,
    "sensor_thresholds": '{"q": {"upper": 2}}',
    "sensor_format": "wide",
    "sensor_field_names": '{"q": "temperature"}',
    "sensor_earliest_timestamp": "2020-02-02T02:02:02Z",
    "sensor_hysteresis": '{"q": 1}',
    "sensor_longest_silence_seconds": 7,
    "sensor_rejects_days": 13,
    "buffer_batch_size": 17,
    "buffer_window_seconds": 5,
    "buffer_max_concurrency": 29,
}
# A hash computed at synth; nothing can be derived from it.
FINGERPRINT = re.compile(r"[0-9a-f]{64}")
FINGERPRINTED = "${fingerprint}"


class Markers:
    """Replaces the values of one set of settings by expressions, and evaluates these for another set.

    Each expression is stored with the way to compute it, so that the module can be compared with the stack.
    """

    def __init__(self) -> None:
        self._computed: dict[str, Callable[[Settings], Any]] = {}

    def recognize(self, value: Any, settings: Settings) -> Any:
        """Synthesized Terraform with expressions in place of the settings' values."""
        marked = _marked(settings)

        @functools.cache
        def text(value: str) -> str:
            return self._recognize_text(value, settings) if marked.search(value) else value

        return self._recognize(value, settings, text)

    def _recognize(self, value: Any, settings: Settings, text: Callable[[str], str]) -> Any:
        if isinstance(value, dict):
            return {
                name if name == "//" else text(name): self._recognize(item, settings, text)
                for name, item in value.items()
            }
        if isinstance(value, list):
            return self._whole_list(value, settings) or [self._recognize(one, settings, text) for one in value]
        if isinstance(value, str):
            return FINGERPRINTED if FINGERPRINT.fullmatch(value) else text(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._number(value, settings)
        return value

    def compute(self, value: Any, settings: Settings) -> Any:
        """Terraform with expressions, evaluated for other settings."""
        if isinstance(value, dict):
            return {self.compute(name, settings): self.compute(item, settings) for name, item in value.items()}
        if isinstance(value, list):
            return [self.compute(one, settings) for one in value]
        if not isinstance(value, str):
            return value
        if value in self._computed:
            return self._computed[value](settings)
        for text in sorted(self._computed, key=len, reverse=True):
            if text in value:
                value = value.replace(text, str(self._computed[text](settings)))
        return value

    def _remember(self, expression: str, compute: Callable[[Settings], Any]) -> str:
        text = f"${{{expression}}}"
        self._computed[text] = compute
        return text

    def _whole_list(self, value: list[Any], settings: Settings) -> str | None:
        name = next((one for one in _of_type(settings, tuple) if value and tuple(value) == _read(settings, one)), None)
        return self._remember(_expression(name), lambda other: list(_read(other, name))) if name else None

    def _number(self, value: float, settings: Settings) -> Any:
        """The expression of a number that is a multiple of a setting, or of the function's timeout with the batching
        window added, as a queue's visibility timeout is. No other number is a multiple of these values.
        """
        timeout, window = settings.lambda_timeout_seconds, settings.buffer_window_seconds
        rounds = (value - window) // timeout
        if rounds > 0 and value == rounds * timeout + window:
            return self._remember(
                f"var.lambda_timeout_seconds * {int(rounds)} + var.buffer_window_seconds",
                lambda other: other.lambda_timeout_seconds * rounds + other.buffer_window_seconds,
            )
        name = next((one for one in _of_type(settings, int) if value % _read(settings, one) == 0), None)
        if not value or name is None:
            return value
        times = int(value / _read(settings, name))
        by = "" if times == 1 else f" * {times}"
        return self._remember(f"{_expression(name)}{by}", lambda other: _read(other, name) * times)

    def _recognize_text(self, value: str, settings: Settings) -> str:
        for name in _of_type(settings, tuple):
            value = self._list_in_text(value, name, getattr(settings, name))
        parts = [
            f"${{{self._replace(part, settings, whole=value)}}}"
            if isinstance(part, Expression)
            else self._replace(part, settings, whole=value)
            for part in split(value)
        ]
        return "".join(parts)

    def _replace(self, part: str, settings: Settings, *, whole: str) -> str:
        pattern, found = _pattern(settings)

        def expression(match: re.Match[str]) -> str:
            name = found[match[0]]
            if name == "lambda_runtime" and match[0] != whole:
                return match[0]
            text = self._remember(_expression(name), lambda other: _read(other, name))
            # In an expression, and there not between quotes, it stands without `${}`.
            bare = isinstance(part, Expression) and part[: match.start()].count('"') % 2 == 0
            return self._bare(text) if bare else text

        return pattern.sub(expression, part)

    def _bare(self, text: str) -> str:
        own = text.removeprefix("${").removesuffix("}")
        self._computed[own] = self._computed[text]
        return own

    def _list_in_text(self, value: str, name: str, items: tuple[str, ...]) -> str:
        """The items of a list in a text: one after the other with something between, or a piece of text for each from
        the second on, or the first of them alone."""
        if not items or not any(item in value for item in items):
            return value
        variable = _expression(name)
        between = re.search(f"{re.escape(items[0])}(.{{0,3}}?){re.escape(items[1])}", value) if items[1:] else None
        if between and between[1].join(items) in value:
            comma = between[1]
            text = self._remember(f'join("{comma}", {variable})', lambda other: comma.join(_read(other, name)))
            return value.replace(comma.join(items), text)
        value = self._repeated(value, name, items)
        return value.replace(items[0], self._remember(f"{variable}[0]", lambda other: _read(other, name)[0]))

    def _repeated(self, value: str, name: str, items: tuple[str, ...]) -> str:
        if len(items) < 3 or items[2] not in value:
            return value
        same = value.replace(items[2], items[1])
        first, period = value.index(items[1]), value.index(items[2]) - value.index(items[1])
        begin = first
        while begin and same[begin - 1] == same[begin - 1 + period]:
            begin -= 1
        piece = same[begin : begin + period]
        if same[begin : begin + 2 * period] != piece * 2:
            return value
        inner = piece.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace(items[1], "${origin}")
        variable = _expression(name)
        text = self._remember(
            f'join("", [for origin in slice({variable}, 1, length({variable})) : "{inner}"])',
            lambda other: "".join(piece.replace(items[1], one) for one in _read(other, name)[1:]),
        )
        return value[:begin] + text + value[begin + 2 * period :]


def settings_of(values: Mapping[str, Any], chosen: Mapping[str, Any]) -> Settings:
    """Settings in which every value is unique. Settings of options have the values in `chosen`."""
    return Settings(**{**values, **chosen})


def _expression(name: str) -> str:
    return EXPRESSIONS.get(name, f"var.{name}")


def _read(settings: Settings, name: str) -> Any:
    return getattr(settings, name)


@functools.cache
def _of_type(settings: Settings, type_: type) -> tuple[str, ...]:
    """The settings with a value of a type. The default of an option, such as 1, does not stand for it."""
    values = {one: getattr(settings, one.name) for one in fields(settings) if one.name in FIRST}
    return tuple(
        one.name
        for one, value in values.items()
        if isinstance(value, type_) and not isinstance(value, bool) and not (type_ is int and value == one.default)
    )


@functools.cache
def _marked(settings: Settings) -> re.Pattern[str]:
    """A pattern for texts that may have a setting's value, or an item of one."""
    items = [item for name in _of_type(settings, tuple) for item in _read(settings, name)]
    return re.compile("|".join([_pattern(settings)[0].pattern, *map(re.escape, items)]))


@functools.cache
def _pattern(settings: Settings) -> tuple[re.Pattern[str], dict[str, str]]:
    """A pattern for the settings' values in a text, longest first, and the setting of each value."""
    names = [*_of_type(settings, str), *_of_type(settings, int)]
    found = {str(getattr(settings, name)): name for name in names if getattr(settings, name) != ""}
    texts = sorted(found, key=len, reverse=True)
    parts = [rf"(?<![0-9A-Za-z_]){text}(?![0-9A-Za-z_])" if text.isdigit() else re.escape(text) for text in texts]
    return re.compile("|".join(parts)), found
