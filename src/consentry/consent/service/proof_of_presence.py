"""Acts that a stolen session must not carry out: the person proves again that it is them."""

from datetime import datetime, timedelta
from typing import Final

from consentry.kernel.access import Principal
from consentry.kernel.errors import UnauthenticatedError

STEP_UP_LIFE: Final = timedelta(minutes=5)


def stepped_up(who: Principal, now: datetime) -> bool:
    at = who.stepped_up_at
    return at is not None and timedelta(0) <= now - at <= STEP_UP_LIFE


def require_step_up(who: Principal, now: datetime) -> None:
    if not stepped_up(who, now):
        raise UnauthenticatedError(
            "Prove again that it is you (POST /api/session/step-up), then repeat this.",
            slug="step_up_required",
        )
