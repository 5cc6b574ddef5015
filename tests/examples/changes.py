"""For each example a change that harms it, and what the review has to say of it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class DangerousChange:
    """Texts that are replaced, by file; and the dangers, each with the type of the changed resource."""

    texts: Mapping[str, Mapping[str, str]]
    dangers: tuple[tuple[str, str], ...]


DANGEROUS_CHANGES = {
    "image-thumbnails": DangerousChange(
        {
            "image_thumbnails/stack.py": {
                'partition_key="pictureKey"': 'partition_key="picture"',
                "pictures.on_object_created(arrivals)": 'pictures.on_object_created(arrivals, suffix=".jpg")',
            }
        },
        (("aws_dynamodb_table", "Data is lost"), ("aws_s3_bucket_notification", "Events stop")),
    ),
    "nightly-report": DangerousChange(
        {"nightly_report/stack.py": {'name=f"nightly-report-{account_id}"': 'name=f"nightly-{account_id}"'}},
        (("aws_s3_bucket", "Data is lost"),),
    ),
    "orders": DangerousChange(
        {"orders/stack.py": {'partition_key="customerId"': 'partition_key="customer"'}},
        (("aws_dynamodb_table", "Data is lost"),),
    ),
    "webhook-ingest": DangerousChange(
        {"webhook_ingest/stack.py": {'"/webhooks/{sender}"': '"/hooks/{sender}"'}},
        (("aws_api_gateway_method", "Callers lose something"),),
    ),
}
