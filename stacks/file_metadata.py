from constructs import Construct

from modules import Bucket, Capacity, Index, Table
from settings import Settings

from .system import SystemStack

BY_CONTENT_TYPE = "by-content-type"
BY_DAY = "by-day"


class FileMetadata(SystemStack):
    """What every uploaded object is - name, size, type by header and by content - becomes a row to query.

    pages on the allowed origins, people --presigned PUT--> bucket --object created--> function --> table row

    The table answers for one object's versions, its indexes for objects of a content type and of a day, by upload time
    each. A key's writes share one partition of 1000 writes a second, an index key's too: a day can take no more, unless
    `METADATA_INDEX_SHARDS` spreads it over several keys.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
    """

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(scope, "file-metadata", settings)
        bucket = Bucket(
            self,
            "Uploads",
            name=settings.metadata_bucket_name or self.names.bucket("uploads", self.account_id),
            account_id=self.account_id,
            key=self.storage_key,
            cors_origins=settings.cors_origins,
            emptied_on_destroy=not settings.protected,
            protected=settings.protected,
        )
        table = Table(
            self,
            "Metadata",
            name=settings.metadata_table_name or self.names.table("metadata"),
            partition_key="objectKey",
            sort_key="uploadTime",
            key=self.storage_key,
            indexes=[Index(BY_CONTENT_TYPE, "contentType", "uploadTime"), Index(BY_DAY, "uploadDay", "uploadTime")],
            capacity=Capacity(
                settings.metadata_read_capacity, settings.metadata_write_capacity, settings.metadata_autoscale_to
            ),
            alarm_topic=self.alarm_topic,
            protected=settings.protected,
        )
        shards = {"INDEX_SHARDS": str(settings.metadata_index_shards)} if settings.metadata_index_shards > 1 else {}
        extractor = self.add_function(
            "Extractor",
            name=self.names.function("extractor"),
            package="file_metadata",
            environment={"TABLE_NAME": table.name, **shards},
        )

        bucket.grant_read(extractor)
        table.grant_put(extractor)
        self.deliver(bucket, extractor, settings.metadata_delivery)

        self.add_outputs(
            BucketName=bucket.name,
            CorsOrigins=", ".join(settings.cors_origins)
            or "none: set CORS_ORIGINS and deploy again to admit web pages",
            TableName=table.name,
            ContentTypeIndexName=BY_CONTENT_TYPE,
            DayIndexName=BY_DAY,
            AlarmTopicArn=self.alarm_topic.arn,
            FunctionName=extractor.resource.function_name,
            FunctionArn=extractor.arn,
            LogGroupName=extractor.log_group.name,
            FailureQueueUrl=extractor.failures.url,
        )
