from collections.abc import Mapping

from cdktf_cdktf_provider_aws.cloudwatch_metric_alarm import CloudwatchMetricAlarm
from constructs import Construct

from .topic import Topic


class Alarms(Construct):
    """CloudWatch alarms of one resource, all notifying one topic (none given: visible in CloudWatch only).

    Each alarm looks at one period of `period` seconds and treats missing data as not breaching: these metrics are
    published only when something happens
    (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html).
    `resources` holds the raw alarms, by the id they were added with.
    """

    def __init__(self, scope: Construct, id_: str, *, name: str, topic: Topic | None) -> None:
        super().__init__(scope, id_)
        self._name = name
        self._topic = topic
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
        period: int = 60,
        qualifier: str = "",
    ) -> CloudwatchMetricAlarm:
        """Ring when `statistic` of `metric` over `period` seconds is above `above`, and tell when it is over.

        Alarm names are unique in an account: `qualifier` tells two alarms on one metric apart.
        """
        actions = [self._topic.arn] if self._topic else None
        alarm = CloudwatchMetricAlarm(
            self,
            id_,
            alarm_name="-".join(filter(None, [self._name, qualifier, metric])),
            alarm_description=description,
            namespace=namespace,
            metric_name=metric,
            dimensions=dimensions,
            statistic=statistic,
            comparison_operator="GreaterThanThreshold",
            threshold=above,
            period=period,
            evaluation_periods=1,
            treat_missing_data="notBreaching",
            alarm_actions=actions,
            ok_actions=actions,
        )
        self.resources[id_] = alarm
        return alarm
