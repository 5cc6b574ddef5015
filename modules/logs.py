from dataclasses import dataclass

from constructs import Construct

from . import _limits as limits
from ._paths import path
from .errors import ConfigurationError


@dataclass(frozen=True)
class Logs:
    """How Lambda writes a function's log: `format` `JSON` or `Text`, and in JSON from which levels on.

    `level` is for the function's own lines (`TRACE` to `FATAL`), `system_level` for Lambda's (`DEBUG`, `INFO`, `WARN`).
    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
    """

    format: str = "JSON"
    level: str | None = None
    system_level: str | None = None

    def block(self, function: Construct) -> dict[str, str]:
        """The block of Terraform's. Raises `ConfigurationError` for values that Lambda refuses."""
        limits.LOG_FORMAT.check(function, "logs.format", self.format)
        levels = {}
        if self.level is not None:
            limits.LOG_LEVEL.check(function, "logs.level", self.level)
            levels["application_log_level"] = self.level
        if self.system_level is not None:
            limits.SYSTEM_LOG_LEVEL.check(function, "logs.system_level", self.system_level)
            levels["system_log_level"] = self.system_level
        if levels and self.format == "Text":
            raise ConfigurationError(f"{path(function)}: logs has levels, which Lambda knows in the format JSON only")
        return {"log_format": self.format, **levels}
