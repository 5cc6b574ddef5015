from constructs import Construct

from modules import Bucket, accept
from settings import Settings

from .system import SystemStack


class InvocationLog(SystemStack):
    """Every invocation that an object's creation causes becomes a row of a log.

    bucket --object created--> function --> table row

    Names of bucket, table and function are the ones its users know. The log is destroyed with the stack, rows and
    objects included, in protected environments too.
    """

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(scope, "invocation-log", settings, default_region="us-west-2", protected=False)
        bucket = Bucket(
            self,
            "Trigger",
            name=self.names.fixed.bucket("lambda-trigger-bucket", self.account_id),
            account_id=self.account_id,
            key=self.storage_key,
            versioned=False,
            emptied_on_destroy=True,
        )
        accept(bucket.resource, {"CKV_AWS_21": "its objects only trigger; what they caused is in the table"})
        table = self.add_table(
            "Invocations",
            name=self.names.fixed.table("lambda-invocation-logs"),
            partition_key="requestId",
            sort_key="timestamp",
        )
        processor = self.add_function(
            "Processor",
            name=self.names.fixed.function("s3-processor"),
            package="invocation_log",
            environment={"DYNAMODB_TABLE_NAME": table.name},
            memory_mb=128,
        )

        table.grant_put(processor)
        self.deliver(bucket, processor, settings.invocation_log_delivery)

        self.add_outputs(
            BucketName=bucket.name,
            DynamoDBTableName=table.name,
            LambdaFunctionName=processor.resource.function_name,
            FunctionArn=processor.arn,
            LogGroupName=processor.log_group.name,
            FailureQueueUrl=processor.failures.url,
            AlarmTopicArn=self.alarm_topic.arn,
        )
