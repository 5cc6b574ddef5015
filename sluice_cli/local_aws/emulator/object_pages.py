"""Pages of a bucket's objects that read what they answer with, whatever the number of objects.

ministack 1.5.33 sorts all keys of a bucket for each page. Here they are kept sorted, and a page begins where the last
ended; of the keys that a delimiter groups, one is read.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from ministack.services import s3
from sortedcontainers import SortedDict

from completing import existing
from ranges import text_after

_plain_bucket = existing(s3, "_ensure_bucket")
existing(s3, "_collect_list_entries")


def _bucket(name: str) -> Any:
    bucket = _plain_bucket(name)
    if bucket is not None and not isinstance(bucket["objects"], SortedDict):
        bucket["objects"] = SortedDict(bucket["objects"])
    return bucket


def _page(
    objects: SortedDict, prefix: str, delimiter: str, most: int, after: str
) -> tuple[list[str], list[str], bool, str]:
    """Keys, common prefixes, whether there are more of them, and the last."""
    entries = _entries(objects, prefix, delimiter, after)
    page = list(islice(entries, most))
    more = next(entries, None) is not None
    keys = [entry for entry, is_group in page if not is_group]
    groups = [entry for entry, is_group in page if is_group]
    return keys, groups, more, page[-1][0] if page else ""


def _entries(objects: SortedDict, prefix: str, delimiter: str, after: str) -> Iterator[tuple[str, bool]]:
    """The keys with the prefix and behind `after`, or in their place the common prefix of those with the delimiter."""
    position: str | None = max(prefix, after)
    while position is not None:
        key = next(objects.irange(position), None)
        if key is None or not key.startswith(prefix):
            return
        end = key.find(delimiter, len(prefix)) if delimiter else -1
        entry = key if end < 0 else key[: end + len(delimiter)]
        # Behind this key, or behind all with the common prefix.
        position = f"{key}\0" if end < 0 else text_after(entry)
        if entry > after:
            yield entry, end >= 0


s3._ensure_bucket = _bucket
s3._collect_list_entries = _page
