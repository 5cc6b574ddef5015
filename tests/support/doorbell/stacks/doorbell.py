from constructs import Construct

from modules import Bucket
from settings import Settings
from stacks.system import SystemStack


class Doorbell(SystemStack):
    """Every object that arrives becomes a row.

    bucket --object created--> function --> table row
    """

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(scope, "doorbell", settings)
        bucket = Bucket(
            self,
            "Visitors",
            name=self.names.bucket("visitors", self.account_id),
            account_id=self.account_id,
            key=self.storage_key,
            emptied_on_destroy=True,
        )
        table = self.add_table("Rings", name=self.names.table("rings"), partition_key="objectKey", sort_key="sequencer")
        ringer = self.add_function(
            "Ringer", name=self.names.function("ringer"), package="doorbell", environment={"TABLE_NAME": table.name}
        )
        table.grant_put(ringer)
        bucket.on_object_created(ringer)
        self.add_outputs(
            BucketName=bucket.name,
            TableName=table.name,
            FunctionArn=ringer.arn,
            FunctionName=ringer.name,
            LogGroupName=ringer.log_group.name,
            FailureQueueUrl=ringer.failures.url,
            AlarmTopicArn=self.alarm_topic.arn,
        )
