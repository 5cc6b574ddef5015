"""The ready systems."""

from collections.abc import Callable

from constructs import Construct

from settings import Settings

from .api_gateway_account import ApiGatewayAccount
from .file_metadata import FileMetadata
from .invocation_log import InvocationLog
from .object_tracker import ObjectTracker
from .sensor_pipeline import SensorPipeline
from .system import System
from .upload_api import UploadApi

SYSTEMS: tuple[Callable[[Construct, Settings], System], ...] = (
    ObjectTracker,
    UploadApi,
    FileMetadata,
    InvocationLog,
    SensorPipeline,
)

__all__ = [
    "SYSTEMS",
    "ApiGatewayAccount",
    "FileMetadata",
    "InvocationLog",
    "ObjectTracker",
    "SensorPipeline",
    "System",
    "UploadApi",
    "add_systems",
]


def add_systems(app: Construct, settings: Settings) -> None:
    """Every system as a stack of its own: they share no resource, so each can be destroyed alone."""
    systems = [system(app, settings) for system in SYSTEMS]
    if settings.api_logging_role == "managed":
        account = ApiGatewayAccount(app, settings)
        for system in systems:
            system.add_dependency(account)
