from cdktf_cdktf_provider_aws.cloudwatch_metric_alarm import CloudwatchMetricAlarm
from constructs import Construct

from ._checks import text_of, times
from .alarms import Alarms, AlarmTopic


def add_alarms(
    scope: Construct, name: str, timeout_seconds: float, retries: float, failures: str, topic: AlarmTopic | None
) -> list[CloudwatchMetricAlarm]:
    """A function's alarms; first those on its code, which a gradual release watches.

    Metrics: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    """
    alarms = Alarms(scope, "Alarms", name=name, topic=topic)
    dimensions = {"FunctionName": name}
    of_code = [
        alarms.add(
            metric, description=description, namespace="AWS/Lambda", metric=metric, dimensions=dimensions, above=0
        )
        for metric, description in {
            "Errors": f"{name} failed; {_after(retries)}the event is kept in {failures}",
            "Throttles": f"{name} was throttled: raise its or the account's concurrency",
            "DestinationDeliveryFailures": f"{name} could not keep a failed event in {failures}",
        }.items()
    ]
    of_code.append(
        alarms.add(
            "Duration",
            description=f"{name} took more than 80 % of its timeout of {text_of(timeout_seconds)} s",
            namespace="AWS/Lambda",
            metric="Duration",
            dimensions=dimensions,
            statistic="Maximum",
            above=times(timeout_seconds, 800),  # milliseconds
        )
    )
    alarms.add(
        "FailuresKept",
        description=f"Events that {name} could not process wait in {failures}",
        namespace="AWS/SQS",
        metric="ApproximateNumberOfMessagesVisible",
        dimensions={"QueueName": failures},
        statistic="Maximum",
        above=0,
    )
    return of_code


def _after(retries: float) -> str:
    return {0: "", 1: "after another try ", 2: "after two more tries "}.get(int(retries), "after its retries ")
