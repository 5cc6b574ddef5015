"""The stack: its resources, their permissions and connections, and its outputs."""

from pathlib import Path

from sluice import Bucket, Index, LifecycleRule, PythonFunction, Queue, StateBackend, Table  # first

# isort: split
from cdktf import TerraformOutput, TerraformStack
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

FUNCTIONS = Path(__file__).parent.parent / "functions"
TAGS = {"Project": "image-thumbnails", "ManagedBy": "cdktf"}
KEPT_DAYS = 90


class ImageThumbnailsStack(TerraformStack):
    """Each picture that arrives in a bucket gets a thumbnail in another, and a row about both in a table.

    bucket of pictures --object created--> queue --> function --> bucket of thumbnails, table
    """

    def __init__(self, scope: Construct, id_: str, *, region: str, state_bucket: str | None = None) -> None:
        super().__init__(scope, id_)
        if state_bucket:
            StateBackend(self, bucket=state_bucket, state_key=f"{id_}/terraform.tfstate", region=region)
        AwsProvider(self, "Aws", region=region, default_tags=[{"tags": TAGS}])
        account_id = DataAwsCallerIdentity(self, "Account").account_id

        pictures = Bucket(self, "Pictures", name=f"image-thumbnails-pictures-{account_id}", emptied_on_destroy=True)
        thumbnails = Bucket(
            self,
            "Thumbnails",
            name=f"image-thumbnails-small-{account_id}",
            versioned=False,  # thumbnails can be made again
            lifecycle=[LifecycleRule("expire", expire_after_days=KEPT_DAYS)],
            emptied_on_destroy=True,
        )
        table = Table(
            self,
            "Table",
            name="image-thumbnails",
            partition_key="pictureKey",
            indexes=[Index("by-status", partition_key="status", sort_key="processedAt")],
            expiry_attribute="expiresAt",
        )
        # In front of the function: many pictures at once wait here, and are not throttled.
        arrivals = Queue(self, "Arrivals", name="image-thumbnails-arrivals")
        resize = PythonFunction(
            self,
            "Resize",
            name="image-thumbnails-resize",
            packages=[FUNCTIONS / "resize"],
            installed=["sluice-functions"],
            dependencies=FUNCTIONS / "requirements.txt",
            architecture="arm64",
            memory_mb=1024,
            timeout_seconds=60,
            environment={
                "THUMBNAIL_BUCKET_NAME": thumbnails.name,
                "TABLE_NAME": table.name,
                "KEPT_DAYS": str(KEPT_DAYS),
            },
        )
        pictures.grant_read(resize)
        pictures.grant_list(resize)  # distinguishes a deleted picture (404) from one that may not be read (403)
        thumbnails.grant_write(resize)
        table.grant_put(resize)
        pictures.on_object_created(arrivals)
        arrivals.on_messages(resize, batch_size=5, max_concurrency=10)

        TerraformOutput(self, "PictureBucketName", value=pictures.name)
        TerraformOutput(self, "ThumbnailBucketName", value=thumbnails.name)
        TerraformOutput(self, "TableName", value=table.name)
        TerraformOutput(self, "QueueUrl", value=arrivals.url)
