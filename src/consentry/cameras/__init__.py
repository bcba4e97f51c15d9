"""The registry of cameras, and the circle that finds them."""

from .index import CameraIndex
from .model import Camera, Details, Filter, Health, Kind, Origin, Setting, State
from .refreshing import IndexRefresher
from .service import Registry

__all__ = [
    "Camera",
    "CameraIndex",
    "Details",
    "Filter",
    "Health",
    "IndexRefresher",
    "Kind",
    "Origin",
    "Registry",
    "Setting",
    "State",
]
