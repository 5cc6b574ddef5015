"""CloudWatch and CloudWatch Logs."""

from .._checks import Choice, Count, Number, Text
from .units import DAY

LOG_RETENTION_DAYS = Choice(
    (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
    "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html",
)
LOG_GROUP_NAME = Text(
    "[A-Za-z0-9_/.#-]",
    "letters, digits and _ / . # -",
    1,
    512,
    "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html",
)
_ALARM = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"
ALARM_NAME = Text(r"[^\x00-\x1f\x7f]", "characters", 1, 255, _ALARM)
ALARM_DESCRIPTION = Text(r"(?s:.)", "characters", 0, 1024, _ALARM)
DIMENSIONS = Count(0, 30, "dimensions", _ALARM)
METRIC_NAME = Text(r"[\x20-\x7e]", "ASCII characters", 1, 255, _ALARM)
NAMESPACE = Text(
    r"[\x20-\x7e]",
    "ASCII characters",
    1,
    255,
    _ALARM,
    lambda text: "it may not begin with a colon" if text.startswith(":") else None,
)
_DIMENSION = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html"
DIMENSION_NAME = Text(
    r"[\x20-\x7e]",
    "ASCII characters",
    1,
    255,
    _DIMENSION,
    lambda text: "it may not begin with a colon" if text.startswith(":") else None,
)
DIMENSION_VALUE = Text(r"[\x20-\x7e]", "ASCII characters", 1, 1024, _DIMENSION)
STANDARD_PERIOD = Number(60, 7 * DAY, "seconds, for metrics of AWS, whose resolution is a minute", _ALARM)
ALARM_PERIOD = Choice((10, 20, 30, *range(60, 7 * DAY + 1, 60)), _ALARM, "10, 20, 30 or a multiple of 60, up to a week")
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
