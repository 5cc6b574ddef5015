"""What the demo shows of each system, on real input."""

from collections.abc import Callable

from ..deployment import Target
from ..local_aws import LocalAws
from . import file_metadata, invocation_log, object_tracker, sensor_pipeline, upload_api
from .result import Result

TOURS: dict[str, Callable[[LocalAws, Target], Result]] = {
    "object-tracker": object_tracker.tour,
    "upload-api": upload_api.tour,
    "file-metadata": file_metadata.tour,
    "invocation-log": invocation_log.tour,
    "sensor-pipeline": sensor_pipeline.tour,
}

__all__ = ["TOURS", "Result"]
