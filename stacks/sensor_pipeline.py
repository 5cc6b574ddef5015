from constructs import Construct

from modules import Bucket
from settings import Settings

from .system import SystemStack

PREFIX = "readings/"


class SensorPipeline(SystemStack):
    """Readings of sensors arrive as objects: valid ones become rows, invalid ones are kept, breaches are notified.

    bucket --object created under readings/--> function --> row of each reading
                                                        --> notification of a reading beyond its threshold
                                                        --> reject, with its reason, of an invalid reading
    """

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(scope, "sensor-pipeline", settings)
        bucket = Bucket(
            self,
            "Landing",
            name=self.names.bucket("landing", self.account_id),
            account_id=self.account_id,
            key=self.storage_key,
            emptied_on_destroy=not settings.protected,
            protected=settings.protected,
        )
        readings = self.add_table(
            "Readings", name=self.names.table("readings"), partition_key="deviceId", sort_key="readingTime"
        )
        rejects = self.add_table(
            "Rejects",
            name=self.names.table("rejects"),
            partition_key="objectKey",
            sort_key="place",
            expiry_attribute="expiresAt",
        )
        breaches = self.add_topic("Breaches", "breaches")
        episodes = (
            self.add_table(
                "Episodes", name=self.names.table("episodes"), partition_key="deviceId", sort_key="sensorType"
            )
            if settings.sensor_notifications == "episodes"
            else None
        )
        ingester = self.add_function(
            "Ingester",
            name=self.names.function("ingester"),
            package="sensor_pipeline",
            environment={
                "TABLE_NAME": readings.name,
                "REJECTS_TABLE_NAME": rejects.name,
                "TOPIC_ARN": breaches.arn,
                "SENSOR_THRESHOLDS": settings.sensor_thresholds,
                "SENSOR_FORMAT": settings.sensor_format,
                "SENSOR_FIELD_NAMES": settings.sensor_field_names,
                "SENSOR_EARLIEST_TIMESTAMP": settings.sensor_earliest_timestamp,
                "SENSOR_REJECTS_DAYS": str(settings.sensor_rejects_days),
                "SENSOR_NOTIFICATIONS": settings.sensor_notifications,
                **(
                    {
                        "EPISODES_TABLE_NAME": episodes.name,
                        "SENSOR_HYSTERESIS": settings.sensor_hysteresis,
                        "SENSOR_LONGEST_SILENCE_SECONDS": str(settings.sensor_longest_silence_seconds),
                    }
                    if episodes
                    else {}
                ),
            },
            # One whole CPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html. Reading 10 MB of
            # JSON is bound by it, so that the same work costs the same in a fraction of the time.
            memory_mb=1769,
        )

        bucket.grant_read(ingester, prefix=PREFIX)
        readings.grant_put(ingester)
        rejects.grant_put(ingester)
        if episodes:
            episodes.grant_get(ingester)
            episodes.grant_put(ingester)
        breaches.grant_publish(ingester)
        self.deliver(bucket, ingester, settings.sensor_delivery, prefix=PREFIX)

        self.add_outputs(
            BucketName=bucket.name,
            Prefix=PREFIX,
            TableName=readings.name,
            RejectsTableName=rejects.name,
            TopicArn=breaches.arn,
            AlarmTopicArn=self.alarm_topic.arn,
            SensorThresholds=settings.sensor_thresholds,
            SensorNotifications=settings.sensor_notifications,
            FunctionName=ingester.resource.function_name,
            FunctionArn=ingester.arn,
            LogGroupName=ingester.log_group.name,
            FailureQueueUrl=ingester.failures.url,
            NotificationEmail=settings.notification_email
            or "none: set NOTIFICATION_EMAIL and deploy again to subscribe an address",
        )
