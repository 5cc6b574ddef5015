"""The one place where functions get their logger, tracer and metrics: Powertools for AWS Lambda."""

import warnings

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit

__all__ = ["MetricUnit", "logger", "metrics", "tracer"]

# Service and namespace come from the function's environment (POWERTOOLS_SERVICE_NAME, POWERTOOLS_METRICS_NAMESPACE).
logger = Logger()
tracer = Tracer()
metrics = Metrics()
# A repeated event or a question counts nothing, which is no news; the warning would be a log line that is no JSON.
warnings.filterwarnings("ignore", "No application metrics to publish")
