import json

from constructs import Construct

from modules import Bucket, Dashboard, Key, Metric, PythonFunction, Table
from modules.rest_api import STAGE
from settings import Settings

from .system import FUNCTIONS, SystemStack

REQUESTS_PER_SECOND = 1000
PREFIX = "uploads/"  # prefix of objects that the function stores
PRESIGNED_PREFIX = "presigned/"  # prefix of objects from presigned uploads


class UploadApi(SystemStack):
    """Files of products, uploaded over HTTP: into a bucket that only the function uses, and a table of products.

    REST API --POST /upload--> function --> object, then product and idempotency record in one write
                                        --> or a presigned upload of a large file, as the function
    bucket --file arrived by a presigned upload--> function --> product: version, size, checksum
    """

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(scope, "upload-api", settings)
        bucket = Bucket(
            self,
            "Files",
            name=self.names.bucket("files", self.account_id),
            account_id=self.account_id,
            key=self._storage_key("Files", "s3") if settings.upload_encryption == "kms" else self.storage_key,
            cors_origins=settings.cors_origins,
            emptied_on_destroy=not self.protected,
            protected=self.protected,
        )
        table = Table(
            self,
            "Products",
            name=self.names.table("products"),
            partition_key="productId",
            sort_key="productName",
            key=self._storage_key("Products", "dynamodb"),
            expiry_attribute="expiresAt",
            alarm_topic=self.alarm_topic,
            protected=self.protected,
        )
        uploader = self.add_function(
            "Uploader",
            name=self.names.function("uploader"),
            package="upload_api",
            environment={"BUCKET_NAME": bucket.name, "TABLE_NAME": table.name, **self.cors_environment},
            memory_mb=512,
        )
        api = self.add_api(
            description="Takes files of products",
            rate_limit=REQUESTS_PER_SECOND,
            burst_limit=settings.upload_burst_limit,
            execution_log_level="INFO",
        )

        bucket.grant_write(uploader, prefix=PREFIX)
        bucket.grant_presigned_write(uploader, prefix=PRESIGNED_PREFIX)
        bucket.grant_read(uploader, prefix=PRESIGNED_PREFIX)
        bucket.restrict_objects_to(uploader)
        self.deliver(bucket, uploader, settings.upload_delivery, prefix=PRESIGNED_PREFIX)
        table.grant_get(uploader)
        table.grant_put(uploader)
        table.grant_query(uploader)
        table.grant_delete(uploader)
        schema = json.loads((FUNCTIONS / "upload_api" / "upload.schema.json").read_text())
        api.on_request(uploader, "POST", "/upload", body_schema=schema)
        self._add_dashboard(uploader, table)

        self.add_api_outputs(api, "/upload")
        self.add_outputs(
            BucketName=bucket.name,
            TableName=table.name,
            AlarmTopicArn=self.alarm_topic.arn,
            FunctionName=uploader.resource.function_name,
            FunctionArn=uploader.arn,
            LogGroupName=uploader.log_group.name,
            FailureQueueUrl=uploader.failures.url,
            AccessLogGroupName=api.log_group.name,
            DashboardName=self.names.dashboard("overview"),
        )

    def _storage_key(self, what: str, service: str) -> Key:
        return Key(
            self,
            f"{what}Key",
            alias=self.names.key_alias(what.lower()),
            description=f"Encrypts the {what.lower()} of {self.names.system} ({self.settings.environment})",
            account_id=self.account_id,
            only_through=service,
            protected=self.protected,
        )

    def _add_dashboard(self, uploader: PythonFunction, table: Table) -> None:
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
        route = {"ApiName": self.names.api("api"), "Stage": STAGE, "Resource": "/upload", "Method": "POST"}
        of_function = {"FunctionName": uploader.name}
        by_function = {"service": uploader.name}
        of_table = {"TableName": table.name}

        def lines(namespace: str, dimensions: dict[str, str], names: str, statistic: str = "Sum") -> list[Metric]:
            return [Metric(namespace, name, dimensions, statistic) for name in names.split()]

        Dashboard(
            self,
            "Dashboard",
            name=self.names.dashboard("overview"),
            region=self.region,
            graphs={
                "Requests": lines("AWS/ApiGateway", route, "Count"),
                "Refused and failed requests": lines("AWS/ApiGateway", route, "4XXError 5XXError"),
                "Latency (ms, 99 of 100 requests)": lines("AWS/ApiGateway", route, "Latency IntegrationLatency", "p99"),
                "Function": lines("AWS/Lambda", of_function, "Invocations Errors Throttles"),
                "Duration (ms)": [
                    Metric("AWS/Lambda", "Duration", of_function, statistic) for statistic in ("p50", "p99", "Maximum")
                ],
                "Presigned uploads": lines(
                    uploader.name, by_function, "UploadsArrived UploadsOfWrongSize UploadsExpired"
                ),
                "Table: throttled": lines("AWS/DynamoDB", of_table, "ReadThrottleEvents WriteThrottleEvents"),
            },
        )
