"""A system in which everything that can deliver events does, to a function that writes down what came."""

from pathlib import Path
from typing import Any

from modules import Bucket, Key, LifecycleRule, PythonFunction, Queue, Rule, Schedule, Table, Topic  # first

# isort: split
from cdktf import App, TerraformOutput, TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider
from grants import Grants  # beside this file

CODE = Path(__file__).parent / "code" / "recorder"


class Connections(TerraformStack):
    """Bucket to queue, topic and EventBridge; queue, topic, rule, schedule and table to functions."""

    def __init__(self, scope: App, name: str) -> None:
        super().__init__(scope, name)
        AwsProvider(self, "Aws", region="us-east-1")
        self.key = Key(self, "Key", alias="alias/connections", description="Encrypts what is delivered")
        self.alarms = Topic(self, "Alarms", name="connections-alarms", key=self.key)
        self.seen = Table(self, "Seen", name="connections-seen", partition_key="id", alarm_topic=self.alarms)
        options: dict[str, Any] = {"key": self.key, "alarm_topic": self.alarms}

        bucket = Bucket(
            self,
            "Uploads",
            name="connections-uploads",
            emptied_on_destroy=True,
            lifecycle=[LifecycleRule("archive", prefix="queued/", transitions={"GLACIER": 30}, expire_after_days=90)],
        )
        work = Queue(self, "Work", name="connections-work", max_receives=1, **options)
        picked = Queue(self, "Picked", name="connections-picked", key=self.key)
        in_order = Queue(self, "InOrder", name="connections-in-order.fifo", fifo=True)
        news = Topic(self, "News", name="connections-news", **options)
        orders = Table(
            self,
            "Orders",
            name="connections-orders",
            partition_key="id",
            sort_key="at",
            attribute_types={"at": "number"},
        )
        uploaded = Rule(
            self, "Uploaded", name="connections-uploaded", pattern=bucket.event_pattern(prefix="ruled/"), **options
        )
        minutely = Schedule(self, "Minutely", name="connections-minutely", rate="1 minute", alarm_topic=self.alarms)

        bucket.on_object_created(work, prefix="queued/")
        bucket.on_object_created(work, prefix="monthly reports (é=1)/")
        bucket.on_object_removed(work, prefix="queued/")
        bucket.on_object_created(news, prefix="news/")
        bucket.send_events_to_eventbridge()
        work.on_messages(self.recorder("ByQueue"), max_concurrency=2)
        news.on_message(self.recorder("ByTopic"))
        news.on_message(picked, filter_policy={"kind": ["order"]}, raw=True)
        uploaded.on_event(self.recorder("ByRule"))
        uploaded.on_event(in_order)
        minutely.on_time(self.recorder("BySchedule"), input={"every": "minute"})
        orders.on_change(self.recorder("ByChange"), filters=[{"eventName": ["INSERT"]}])

        for name, value in {"Bucket": bucket.name, "Topic": news.arn, "Table": orders.name}.items():
            TerraformOutput(self, f"{name}Name", value=value)

    def recorder(self, id_: str) -> PythonFunction:
        function = PythonFunction(
            self,
            id_,
            name=f"connections-{id_.lower()}",
            packages=[CODE],
            timeout_seconds=3,
            environment={"TABLE_NAME": self.seen.name, "VIA": id_},
            alarm_topic=self.alarms,
        )
        self.seen.grant_put(function)
        return function


if __name__ == "__main__":
    app = App()
    Connections(app, "connections")
    Grants(app, "grants")
    app.synth()
