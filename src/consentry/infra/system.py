"""The real clock and real chance, for `app` to hand out. Nothing else reads either."""

import secrets
import time
from datetime import UTC, datetime

from consentry.kernel.ids import new_id


class SystemClock:
    """Implements `kernel.clock.Clock`."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 the one place that may

    def monotonic(self) -> float:
        return time.monotonic()


def randomness(size: int) -> bytes:
    return secrets.token_bytes(size)


def fresh_id() -> str:
    return new_id(SystemClock().now(), randomness(10))
