"""Makes thumbnails of the pictures that arrive in a bucket. A repeated event changes nothing."""

from dataclasses import dataclass
from typing import Any

from sluice_functions import environment, sqs
from sluice_functions.observability import instrumented, logger
from sluice_functions.s3_events import S3Object
from sluice_functions.s3_objects import is_folder_marker

from . import thumbnails
from .store import Store


@dataclass(frozen=True)
class Environment:
    thumbnail_bucket_name: str
    table_name: str
    kept_days: str


ENVIRONMENT = environment.read(Environment)
STORE = Store(ENVIRONMENT.thumbnail_bucket_name, ENVIRONMENT.table_name, int(ENVIRONMENT.kept_days))


@instrumented
def handle(event: dict[str, Any], context: object) -> Any:
    """Failed messages are reported: SQS delivers them again, and finally moves them to the dead letters."""
    return sqs.for_each_object(event, process)


def process(picture: S3Object) -> None:
    if is_folder_marker(picture):
        return
    try:
        # The size is known from the event: what is too large is not downloaded.
        if (picture.size or 0) > thumbnails.LARGEST_FILE:
            raise thumbnails.NotAPicture(f"the file is larger than {thumbnails.LARGEST_FILE} bytes")
        made = thumbnails.make(STORE.read(picture))
    except thumbnails.NotAPicture as error:
        # Not a failure: a retry would refuse the same bytes again.
        new = STORE.put_row(picture, "rejected", {"reason": str(error)})
    else:
        # The object is written first, so that no row names a missing thumbnail.
        key = STORE.put_thumbnail(picture, made.content)
        size = {"format": made.format, "width": made.width, "height": made.height}
        new = STORE.put_row(picture, "ready", {"thumbnailKey": key, **size})
    logger.info("picture processed" if new else "picture processed before", extra={"picture": picture.key})
