from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cdktf_cdktf_provider_aws.cloudwatch_dashboard import CloudwatchDashboard
from constructs import Construct

from . import _limits as limits
from ._account import region as current_region
from ._checks import check_template
from ._expressions import encode_json
from ._paths import path
from .alarms import check_dimensions, check_statistic

WIDTH = 12  # of 24 columns: two graphs in a row
HEIGHT = 6


@dataclass(frozen=True)
class Metric:
    """One line of a graph: a CloudWatch metric, its dimensions and statistic (`Sum`, `Average`, `p99`)."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str = "Sum"


class Dashboard(Construct):
    """A CloudWatch dashboard of graphs, two in a row, in the order they are given. `resource` is the raw dashboard.

    `region` is where the metrics are (default: the stack's region). Raises `ConfigurationError` for a name or a number
    of metrics that CloudWatch refuses.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        region: str | None = None,
        graphs: Mapping[str, Sequence[Metric]],
    ) -> None:
        super().__init__(scope, id_)
        limits.DASHBOARD_NAME.check(self, "name", name)
        limits.GRAPHS.check(self, "graphs", graphs)
        for title, metrics in graphs.items():
            limits.GRAPHED_METRICS.check(self, f"graphs[{title!r}]", metrics)
            check_template(self, "graphs", title)
            for metric in metrics:
                where = f"{path(self)}: graphs[{title!r}]"
                limits.NAMESPACE.check(where, "namespace", metric.namespace)
                limits.METRIC_NAME.check(where, "name", metric.name)
                check_statistic(where, metric.statistic)
                check_dimensions(where, metric.dimensions)
        widgets = [
            {
                "type": "metric",
                "x": number % 2 * WIDTH,
                "y": number // 2 * HEIGHT,
                "width": WIDTH,
                "height": HEIGHT,
                "properties": {
                    "title": title,
                    "region": region or current_region(self),
                    "view": "timeSeries",
                    "period": 60,
                    "metrics": [_line(metric) for metric in metrics],
                },
            }
            for number, (title, metrics) in enumerate(graphs.items())
        ]
        self.resource = CloudwatchDashboard(
            self,
            "Dashboard",
            dashboard_name=name,
            dashboard_body=encode_json({"widgets": widgets}),
        )


def _line(metric: Metric) -> list[object]:
    dimensions = [part for pair in metric.dimensions.items() for part in pair]
    return [metric.namespace, metric.name, *dimensions, {"stat": metric.statistic}]
