"""Makes thumbnails of the pictures that arrive in a bucket. An event that comes again changes nothing."""

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
    """Messages that fail are reported, come again, and go to the queue's dead letters in the end."""
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
        # No failure: the same bytes would be refused again.
        new = STORE.put_row(picture, "rejected", {"reason": str(error)})
    else:
        # The object first: a row never names a thumbnail that is not there.
        key = STORE.put_thumbnail(picture, made.content)
        size = {"format": made.format, "width": made.width, "height": made.height}
        new = STORE.put_row(picture, "ready", {"thumbnailKey": key, **size})
    logger.info("picture processed" if new else "picture processed before", extra={"picture": picture.key})
