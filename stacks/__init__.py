"""The ready systems."""

from .object_tracker import ObjectTracker

SYSTEMS = (ObjectTracker,)

__all__ = ["SYSTEMS", "ObjectTracker"]
