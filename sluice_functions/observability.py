"""The one place where functions get their logger, tracer and metrics.

Logger and metrics are Powertools for AWS Lambda. The tracer has the interface of Powertools' and sends the same
subsegments, AWS calls included, without AWS's X-Ray SDK (see tracing.py). To be imported before any client is made.
"""

import contextlib
import os
import sys
import types
import typing
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from ._fast_start import is_fast
from .tracing import Tracer


@contextlib.contextmanager
def _light_typing_extensions() -> Iterator[None]:
    """Avoids importing typing_extensions, which takes as long as Powertools: its logger and metrics use two names that
    do nothing at run time. A later import gets the real module.
    """
    if "typing_extensions" in sys.modules or not is_fast():
        yield
        return

    def deprecated(message: str, **options: Any) -> Callable[[Any], Any]:
        return lambda marked: marked

    light = types.ModuleType("typing_extensions")
    vars(light).update(NotRequired=typing.NotRequired, deprecated=deprecated)
    sys.modules["typing_extensions"] = light
    try:
        yield
    finally:
        del sys.modules["typing_extensions"]


try:
    with _light_typing_extensions():
        from aws_lambda_powertools import Logger, Metrics
        from aws_lambda_powertools.metrics import MetricUnit
except (ImportError, TypeError, AttributeError):  # another Powertools uses more of it
    for _name in [_name for _name in sys.modules if _name.partition(".")[0] == "aws_lambda_powertools"]:
        del sys.modules[_name]
    from aws_lambda_powertools import Logger, Metrics
    from aws_lambda_powertools.metrics import MetricUnit

__all__ = ["MetricUnit", "instrumented", "logger", "metrics", "tracer"]

NAMESPACES = ("POWERTOOLS_METRICS_NAMESPACE", "AWS_LAMBDA_FUNCTION_NAME")

Handler = Callable[[Any, Any], Any]

# Service and namespace come from the function's environment (POWERTOOLS_SERVICE_NAME, POWERTOOLS_METRICS_NAMESPACE).
logger = Logger()
tracer = Tracer()
# Without a namespace Powertools would raise at the end of an invocation that has done its work.
metrics = Metrics(namespace=next(filter(None, map(os.environ.get, NAMESPACES)), "sluice_functions"))
# Repeated events and queries count no metric; the warning about that would be a log line that is not JSON.
warnings.filterwarnings("ignore", "No application metrics to publish")


def instrumented(handle: Handler) -> Handler:
    """Decorates a function's handler: log lines carry the invocation, metrics are written at its end, and the
    invocation is a span of the trace. The same as the decorators of `logger`, `tracer` and `metrics` one by one."""
    measured = metrics.log_metrics(tracer.capture_lambda_handler(capture_response=False)(handle))
    return logger.inject_lambda_context(measured, clear_state=True)
