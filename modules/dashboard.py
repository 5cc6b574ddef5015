import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cdktf_cdktf_provider_aws.cloudwatch_dashboard import CloudwatchDashboard
from constructs import Construct

WIDTH = 12  # of 24 columns: two graphs side by side
HEIGHT = 6


@dataclass(frozen=True)
class Metric:
    """One line of a graph: a CloudWatch metric, its dimensions and statistic (`Sum`, `Average`, `p99`)."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str = "Sum"


class Dashboard(Construct):
    """A CloudWatch dashboard of graphs, two in a row, in the order they are given.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """

    def __init__(
        self, scope: Construct, id_: str, *, name: str, region: str, graphs: Mapping[str, Sequence[Metric]]
    ) -> None:
        super().__init__(scope, id_)
        self.resource = CloudwatchDashboard(
            self,
            "Dashboard",
            dashboard_name=name,
            dashboard_body=json.dumps(
                {
                    "widgets": [
                        {
                            "type": "metric",
                            "x": number % 2 * WIDTH,
                            "y": number // 2 * HEIGHT,
                            "width": WIDTH,
                            "height": HEIGHT,
                            "properties": {
                                "title": title,
                                "region": region,
                                "view": "timeSeries",
                                "period": 60,
                                "metrics": [_line(metric) for metric in metrics],
                            },
                        }
                        for number, (title, metrics) in enumerate(graphs.items())
                    ]
                }
            ),
        )


def _line(metric: Metric) -> list[object]:
    dimensions = [part for pair in metric.dimensions.items() for part in pair]
    return [metric.namespace, metric.name, *dimensions, {"stat": metric.statistic}]
