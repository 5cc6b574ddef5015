"""What the demo shows of each system, on real input."""

from collections.abc import Callable

from checks.tours import file_metadata, invocation_log, object_tracker, sensor_pipeline, upload_api
from checks.tours.result import Result
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.terraform.deployment import Target

TOURS: dict[str, Callable[[LocalAws, Target], Result]] = {
    "object-tracker": object_tracker.tour,
    "upload-api": upload_api.tour,
    "file-metadata": file_metadata.tour,
    "invocation-log": invocation_log.tour,
    "sensor-pipeline": sensor_pipeline.tour,
}

__all__ = ["TOURS", "Result"]
