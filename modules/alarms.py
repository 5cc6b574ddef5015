from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

from cdktf_cdktf_provider_aws.cloudwatch_metric_alarm import CloudwatchMetricAlarm
from constructs import Construct

from . import _limits as limits
from ._checks import is_token, refuse
from ._identifiers import shorten
from ._paths import path
from .errors import ConfigurationError


class AlarmTopic(Protocol):
    """The interface of topics that alarms notify: a `Topic`."""

    arn: str

    def allow_service(self, service: str) -> None:
        """Let an AWS service of this account publish."""


STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
NUMBER = r"\d{1,3}(\.\d{1,10})?"
EXTENDED_STATISTIC = re.compile(
    rf"p{NUMBER}|(tm|wm|tc|ts){NUMBER}|IQM|PR\(-?{NUMBER}:-?{NUMBER}\)|(TM|WM|TC|TS)\({NUMBER}%?:{NUMBER}%?\)"
)


def check_statistic(where: str, statistic: str) -> None:
    """Raises `ConfigurationError` for a statistic that CloudWatch does not know."""
    if is_token(statistic) or statistic in STATISTICS:
        return
    percentages = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", statistic)]
    beyond = not statistic.startswith("PR(") and any(number > 100 for number in percentages)
    if beyond or not EXTENDED_STATISTIC.fullmatch(statistic):
        raise refuse(where, "statistic", statistic, f"{', '.join(STATISTICS)}, or p99 and the like")


def check_dimensions(where: str, dimensions: Mapping[str, str]) -> None:
    """Raises `ConfigurationError` for dimensions that CloudWatch refuses."""
    limits.DIMENSIONS.check(where, "dimensions", dimensions)
    for name, value in dimensions.items():
        limits.DIMENSION_NAME.check(where, "dimensions: name", name)
        limits.DIMENSION_VALUE.check(where, f"dimensions: {name}", value)


class Alarms(Construct):
    """CloudWatch alarms of one resource, all notifying one topic (none given: visible in CloudWatch only).

    Each alarm looks at one period of `period_seconds` and treats missing data as not breaching: these metrics are
    published only when something happens
    (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html).
    `resources` holds the raw alarms, by the id they were added with.
    """

    def __init__(self, scope: Construct, id_: str, *, name: str, topic: AlarmTopic | None) -> None:
        super().__init__(scope, id_)
        self._name = name
        self._topic = topic
        self._alarm_names: set[str] = set()
        self.resources: dict[str, CloudwatchMetricAlarm] = {}
        if topic is not None:
            topic.allow_service("cloudwatch.amazonaws.com")

    def add(
        self,
        id_: str,
        *,
        description: str,
        namespace: str,
        metric: str,
        dimensions: Mapping[str, str],
        above: float,
        statistic: str = "Sum",
        period_seconds: float = 60,
        qualifier: str = "",
    ) -> CloudwatchMetricAlarm:
        """Alarm when `statistic` of `metric` over `period_seconds` is above `above`; also notify on recovery.

        `statistic` is `Sum`, `Average`, `Minimum`, `Maximum`, `SampleCount`, a percentile (`p99.9`) or another of
        CloudWatch's. `period_seconds` is a multiple of 60, up to a week; 10, 20 and 30 are for metrics of your own.
        Alarm names are unique in an account and region: `qualifier` distinguishes two alarms on one metric. Raises
        `ConfigurationError` for a second alarm of the same id or name, and for what CloudWatch refuses.
        """
        where = f"{path(self)}/{id_}"
        alarm_name = "-".join(filter(None, [self._name, qualifier, metric]))
        if not is_token(alarm_name):
            alarm_name = shorten(alarm_name, limits.ALARM_NAME.longest, limits.ALARM_NAME.characters)
        if id_ in self.resources:
            raise ConfigurationError(f"{where}: there is such an alarm already; give another id")
        if alarm_name in self._alarm_names:
            raise ConfigurationError(f"{where}: an alarm is called {alarm_name} already; give a qualifier")
        check_statistic(where, statistic)
        limits.ALARM_PERIOD.check(where, "period_seconds", period_seconds)
        limits.ALARM_THRESHOLD.check(where, "above", above)
        limits.ALARM_DESCRIPTION.check(where, "description", description)
        limits.METRIC_NAME.check(where, "metric", metric)
        limits.NAMESPACE.check(where, "namespace", namespace)
        if namespace.startswith("AWS/"):
            limits.STANDARD_PERIOD.check(where, "period_seconds", period_seconds)
        check_dimensions(where, dimensions)
        actions = [self._topic.arn] if self._topic else None
        extended = statistic not in STATISTICS
        self._alarm_names.add(alarm_name)
        self.resources[id_] = CloudwatchMetricAlarm(
            self,
            id_,
            alarm_name=alarm_name,
            alarm_description=description,
            namespace=namespace,
            metric_name=metric,
            dimensions=dimensions,
            statistic=None if extended else statistic,
            extended_statistic=statistic if extended else None,
            comparison_operator="GreaterThanThreshold",
            threshold=above,
            period=period_seconds,
            evaluation_periods=1,
            treat_missing_data="notBreaching",
            alarm_actions=actions,
            ok_actions=actions,
        )
        return self.resources[id_]
