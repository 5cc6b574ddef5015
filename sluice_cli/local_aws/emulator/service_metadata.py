"""The protocol of a service, from the beginning of its model: ministack 1.5.33 imports botocore and parses whole models
for the content types of answers, which takes as long as half of the local AWS's start.
"""

import gzip
import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ministack.core import responses

from completing import existing

LONGEST = 8192  # characters up to the end of the metadata
KEY = '"metadata":'

_plain_model = existing(responses, "_service_model")


class ServiceModel:
    """botocore's, parsed for what is not in the metadata only."""

    def __init__(self, service: str, metadata: dict[str, Any]) -> None:
        self._service, self.metadata = service, metadata

    def __getattr__(self, name: str) -> Any:
        return getattr(_plain_model(self._service), name)


@cache
def _model(service: str) -> Any:
    metadata = metadata_of(responses._BOTOCORE_NAME.get(service, service))
    return ServiceModel(service, metadata) if metadata else _plain_model(service)


def metadata_of(name: str) -> dict[str, Any]:
    """Empty for a service that botocore does not know, or a model that begins otherwise."""
    (folder,) = find_spec("botocore").submodule_search_locations  # type: ignore[union-attr,misc]
    models = sorted(Path(folder, "data", name).glob("*/service-2.json*"))
    if not models:
        return {}
    opened = gzip.open if models[-1].suffix == ".gz" else open
    with opened(models[-1], "rt", encoding="utf-8") as file:
        found = file.read(LONGEST).partition(KEY)[2].lstrip()
    try:
        return dict(json.JSONDecoder().raw_decode(found)[0])
    except ValueError:
        return {}


responses._service_model = _model
