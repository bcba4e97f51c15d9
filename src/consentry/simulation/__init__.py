"""Port Halden, the fictional city: for the demo, tests and load."""

from .city import City
from .columns import CameraColumns, camera_columns
from .world import Call, HealthChanged, World

__all__ = ["Call", "CameraColumns", "City", "HealthChanged", "World", "camera_columns"]
