"""Logs and metrics, set up in one call. Never a secret, a place or a face in either."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECRET_WORDS: Final = (
    "password",
    "secret",
    "token",
    "cookie",
    "authorization",
    "totp",
    "code",
    "private",
    "salt",
    "seed",
)
PLACE_WORDS: Final = ("lat", "lon", "point", "position", "address")
REMOVED: Final = "[removed]"


def set_up_logging(*, json_lines: bool) -> None:
    """One event a line, to standard error: standard output belongs to what a command answers."""
    renderer: Any = (
        structlog.processors.JSONRenderer() if json_lines else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            remove_secrets,
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def remove_secrets(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Blank whatever is named like a secret or a place, at any depth."""
    for key, value in event.items():
        if _is_private(key):
            event[key] = REMOVED
        elif isinstance(value, MutableMapping):
            event[key] = remove_secrets(_logger, _method, dict(value))
    return event


def _is_private(key: str) -> bool:
    words = key.lower().split("_")
    return any(word in words or key.lower() == word for word in SECRET_WORDS + PLACE_WORDS)


class Metrics:
    """The hub's figures. Names end in their unit (Prometheus naming)."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "consentry_requests_total",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.request_seconds = Histogram(
            "consentry_request_seconds",
            "Time from a request to its answer.",
            ["method", "route"],
            registry=self.registry,
        )
        self.log_size = Gauge(
            "consentry_log_entries", "Entries that the log has integrated.", registry=self.registry
        )
        self.index_cameras = Gauge(
            "consentry_index_cameras", "Cameras held in the search index.", registry=self.registry
        )
