"""examples/image-thumbnails with the AWS CDK: `python image_thumbnails.py FUNCTIONS`.

`FUNCTIONS/resize` has to hold Pillow for arm64 beside the code (`pip install --platform manylinux2014_aarch64 --target
...`): the CDK's own bundling of Python libraries needs Docker.
"""

import sys
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_notifications as notifications
from aws_cdk import aws_sqs as sqs
from constructs import Construct
from operations import OperatedStack

KEPT_DAYS = 90


class ImageThumbnails(OperatedStack):
    def __init__(self, scope: Construct, id_: str, *, functions: Path) -> None:
        super().__init__(scope, id_, notifies=False)
        pictures = self.bucket(
            "Pictures",
            versioned=True,
            lifecycle_rules=[s3.LifecycleRule(noncurrent_version_expiration=Duration.days(90))],
        )
        thumbnails = self.bucket("Thumbnails", lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(KEPT_DAYS))])
        table = self.table("Table", "pictureKey", time_to_live_attribute="expiresAt")
        table.add_global_secondary_index(
            index_name="by-status",
            partition_key=dynamodb.Attribute(name="status", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="processedAt", type=dynamodb.AttributeType.STRING),
        )
        timeout = Duration.seconds(60)
        resize = self.function(
            "Resize",
            code=str(functions / "resize"),
            handler="handler.handle",
            architecture=lambda_.Architecture.ARM_64,
            memory_size=1024,
            timeout=timeout,
            environment={
                "THUMBNAIL_BUCKET_NAME": thumbnails.bucket_name,
                "TABLE_NAME": table.table_name,
                "KEPT_DAYS": str(KEPT_DAYS),
            },
        )
        pictures.grant_read(resize)
        thumbnails.grant_put(resize)
        table.grant_write_data(resize)

        arrivals = self.queue(
            "Arrivals",
            visibility_timeout=Duration.seconds(6 * timeout.to_seconds()),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.failure_queue("DeadLetters"), max_receive_count=5),
        )
        pictures.add_event_notification(s3.EventType.OBJECT_CREATED, notifications.SqsDestination(arrivals))
        resize.add_event_source(
            sources.SqsEventSource(arrivals, batch_size=5, max_concurrency=10, report_batch_item_failures=True)
        )
        for name, value in {
            "PictureBucketName": pictures.bucket_name,
            "ThumbnailBucketName": thumbnails.bucket_name,
            "TableName": table.table_name,
            "QueueUrl": arrivals.queue_url,
        }.items():
            cdk.CfnOutput(self, name, value=value)

    def bucket(self, id_: str, *, lifecycle_rules: list[s3.LifecycleRule], versioned: bool = False) -> s3.Bucket:
        return s3.Bucket(
            self,
            id_,
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            versioned=versioned,
            lifecycle_rules=[
                s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(7)),
                *lifecycle_rules,
            ],
            removal_policy=RemovalPolicy.DESTROY,
        )


if __name__ == "__main__":
    app = cdk.App()
    ImageThumbnails(app, "image-thumbnails", functions=Path(sys.argv[1]))
    app.synth()
