"""Runs function code in this process, against resources on the local AWS."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_aws.topic_listener import TopicListener
from sluice_cli.project import Project
from sluice_cli.target import local_aws_of
from tests.support.bare_aws import BareAws, bare_aws
from tests.support.bare_tables import table, versioned_bucket
from tests.support.commands import project_without_stacks
from tests.support.faults import Proxy, proxy
from tests.support.functions import LambdaContext, loaded
from tests.support.sensor_function import PipelineInProcess
from tests.support.uploads import Uploads
from tests.support.watched_function import Watched


@pytest.fixture(scope="module")
def aws(local_aws: LocalAws) -> Iterator[BareAws]:
    """Makes resources on the local AWS without Terraform."""
    with bare_aws(local_aws) as made:
        yield made


@pytest.fixture(scope="module")
def watched(aws: BareAws) -> Watched:
    """A function whose events and failures a test can read."""
    return Watched(aws, "watched")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project without stacks, and its local AWS, running."""
    project = project_without_stacks(tmp_path)
    local = local_aws_of(project)
    local.start()
    yield project
    local.stop()


@dataclass(frozen=True)
class Tracker:
    """The object tracker's function, its bucket, table and topic, and a proxy in front of all three."""

    handler: Any
    variables: dict[str, str]
    proxy: Proxy
    listener: TopicListener
    s3: Any
    dynamodb: Any

    @property
    def bucket(self) -> str:
        return self.variables["BUCKET_NAME"]

    @property
    def table(self) -> str:
        return self.variables["TABLE_NAME"]

    def upload(self, key: str, content: bytes = b"content", **options: Any) -> str:
        """Upload an object. Returns its version id."""
        return str(self.s3.put_object(Bucket=self.bucket, Key=key, Body=content, **options)["VersionId"])

    def handle(self, event: Any) -> Any:
        return self.handler.handle(event, LambdaContext())

    def rows(self, key: str) -> list[dict[str, Any]]:
        found = self.dynamodb.query(
            TableName=self.table,
            KeyConditionExpression="objectKey = :key",
            ExpressionAttributeValues={":key": {"S": key}},
            ConsistentRead=True,
        )
        return [{name: next(iter(typed.values())) for name, typed in item.items()} for item in found["Items"]]

    def notifications(self, key: str) -> list[dict[str, Any]]:
        heard = [json.loads(text) for text in self.listener.heard()]
        return [one for one in heard if one["objectKey"] == key]


LONGEST_SECONDS = 600  # on a loaded machine, where a test of a second takes a minute


@pytest.fixture(autouse=True)
def soon() -> Iterator[None]:
    """A deadline: a test that would wait forever fails instead."""

    def fail(*_: Any) -> None:
        raise TimeoutError(f"not done after {LONGEST_SECONDS} s")

    signal.signal(signal.SIGALRM, fail)
    signal.alarm(LONGEST_SECONDS)
    yield
    signal.alarm(0)


@pytest.fixture(scope="module")
def loaded_tracker(local_aws: LocalAws) -> Iterator[Tracker]:
    with new_tracker(local_aws) as made:
        yield made


@contextmanager
def new_tracker(local_aws: LocalAws, **further: str) -> Iterator[Tracker]:
    """The object tracker's function with a bucket, a table and a topic of its own, and further variables."""
    name = f"test-tracker-{uuid4().hex[:8]}"
    s3, dynamodb, sns = map(local_aws.client, ("s3", "dynamodb", "sns"))
    versioned_bucket(s3, name)
    table(dynamodb, name, "objectKey", "uploadTime")
    topic = sns.create_topic(Name=name)["TopicArn"]
    with proxy(local_aws) as made:
        variables = {
            **local_aws.environment(),
            **{f"AWS_ENDPOINT_URL_{service}": made.url for service in ("S3", "DYNAMODB", "SNS")},
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "BUCKET_NAME": name,
            "TABLE_NAME": name,
            "TOPIC_ARN": topic,
            **further,
        }
        with loaded("object_tracker", variables) as handler:
            yield Tracker(handler, variables, made, TopicListener(local_aws, topic), s3, dynamodb)


@pytest.fixture
def tracker(loaded_tracker: Tracker) -> Iterator[Tracker]:
    loaded_tracker.proxy.requests.clear()
    yield loaded_tracker
    loaded_tracker.proxy.fault = lambda request: None


@pytest.fixture
def pipeline(loaded_pipeline: PipelineInProcess) -> Iterator[PipelineInProcess]:
    """The function that the test file's `loaded_pipeline` runs, without requests and faults of earlier tests."""
    loaded_pipeline.proxy.requests.clear()
    yield loaded_pipeline
    loaded_pipeline.proxy.fault = lambda request: None


@pytest.fixture
def device() -> str:
    """A device used by this test only."""
    return f"device-{uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def loaded_uploads(local_aws: LocalAws) -> Iterator[Uploads]:
    name = f"test-uploads-{uuid4().hex[:8]}"
    s3, dynamodb = map(local_aws.client, ("s3", "dynamodb"))
    versioned_bucket(s3, name)
    table(dynamodb, name, "productId", "productName")
    with proxy(local_aws) as made:
        variables = {
            **local_aws.environment(),
            **{f"AWS_ENDPOINT_URL_{service}": made.url for service in ("S3", "DYNAMODB")},
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "BUCKET_NAME": name,
            "TABLE_NAME": name,
        }
        with loaded("upload_api", variables) as handler:
            yield Uploads(handler, name, made, local_aws)


@pytest.fixture
def uploads(loaded_uploads: Uploads) -> Iterator[Uploads]:
    loaded_uploads.proxy.requests.clear()
    yield loaded_uploads
    loaded_uploads.proxy.fault = lambda request: None
