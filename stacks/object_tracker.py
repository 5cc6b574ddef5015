from constructs import Construct

from modules import Bucket
from settings import Settings

from .system import SystemStack


class ObjectTracker(SystemStack):
    """Every object that arrives in a bucket becomes a row and a notification; HTTP asks and records.

    bucket --object created--> function --> table row, then notification
    REST API --GET, POST /objects--> function
    """

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(scope, "object-tracker", settings)
        bucket = Bucket(
            self,
            "Objects",
            name=self.names.bucket("objects", self.account_id),
            account_id=self.account_id,
            key=self.storage_key,
            emptied_on_destroy=not settings.protected,
            protected=settings.protected,
        )
        table = self.add_table(
            "Records", name=self.names.table("records"), partition_key="objectKey", sort_key="uploadTime"
        )
        notifications = self.add_topic("Notifications", "notifications")
        recorder = self.add_function(
            "Recorder",
            name=self.names.function("recorder"),
            package="object_tracker",
            environment={
                "BUCKET_NAME": bucket.name,
                "TABLE_NAME": table.name,
                "TOPIC_ARN": notifications.arn,
                **self.cors_environment,
                **({"NOTIFICATIONS": "digests"} if settings.tracker_notifications == "digests" else {}),
            },
        )
        api = self.add_api(description="Asks for and records tracked objects")

        bucket.grant_read(recorder)
        table.grant_put(recorder)
        table.grant_query(recorder)
        notifications.grant_publish(recorder)
        self.deliver(bucket, recorder, settings.tracker_delivery)
        api.on_request(recorder, "GET", "/objects")
        api.on_request(recorder, "POST", "/objects")

        self.add_api_outputs(api, "/objects")
        self.add_outputs(
            BucketName=bucket.name,
            TableName=table.name,
            TopicArn=notifications.arn,
            AlarmTopicArn=self.alarm_topic.arn,
            FunctionName=recorder.resource.function_name,
            FunctionArn=recorder.arn,
            LogGroupName=recorder.log_group.name,
            FailureQueueUrl=recorder.failures.url,
            NotificationEmail=settings.notification_email
            or "none: set NOTIFICATION_EMAIL and deploy again to subscribe an address",
        )
