"""The sensor pipeline's function in the test's process, against a bucket, tables and a topic of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from settings import Settings
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_aws.topic_listener import TopicListener
from tests.support.faults import ProxiedRequest, Proxy, proxy
from tests.support.functions import LambdaContext, loaded
from tests.support.s3_events import created, event
from tests.support.sensor_pipeline import Sensors, sensor_variables


@dataclass(frozen=True)
class PipelineInProcess(Sensors):
    """With its function in this process, and a proxy between the two."""

    handler: Any
    variables: dict[str, str]
    proxy: Proxy

    def handle(self, event: Any) -> Any:
        return self.handler.handle(event, LambdaContext())

    def ingest(self, key: str, content: Any) -> Any:
        """Upload and handle the event; gives the event."""
        arrived = event(created(self.bucket, key, self.upload(key, content)))
        assert self.handle(arrived) == {"processed": 1}
        return arrived

    def requests(self, operation: str) -> list[ProxiedRequest]:
        return [one for one in self.proxy.requests if one.headers.get("X-Amz-Target", "").endswith(operation)]


def create_table(local: LocalAws, name: str, partition_key: str, sort_key: str) -> str:
    local.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": partition_key, "KeyType": "HASH"},
            {"AttributeName": sort_key, "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in (partition_key, sort_key)],
    )
    return name


@contextmanager
def running_pipeline(local_aws: LocalAws, settings: Settings) -> Iterator[PipelineInProcess]:
    name = f"test-sensors-{uuid4().hex[:8]}"
    s3 = local_aws.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    topic = local_aws.client("sns").create_topic(Name=name)["TopicArn"]
    with proxy(local_aws) as made:
        variables = {
            **local_aws.environment(),
            **{f"AWS_ENDPOINT_URL_{service}": made.url for service in ("S3", "DYNAMODB", "SNS")},
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "TABLE_NAME": create_table(local_aws, name, "deviceId", "readingTime"),
            "REJECTS_TABLE_NAME": create_table(local_aws, f"{name}-rejects", "objectKey", "place"),
            "TOPIC_ARN": topic,
            **sensor_variables(settings),
            "EPISODES_TABLE_NAME": create_table(local_aws, f"{name}-episodes", "deviceId", "sensorType"),
        }
        with loaded("sensor_pipeline", variables) as handler:
            yield PipelineInProcess(
                local=local_aws,
                bucket=name,
                table=name,
                rejects_table=f"{name}-rejects",
                listener=TopicListener(local_aws, topic),
                handler=handler,
                variables=variables,
                proxy=made,
            )
