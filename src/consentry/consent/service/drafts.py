"""An ask as it comes in, and what is wrong with it before any decision looks at it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from consentry.consent.asking import WINDOWED
from consentry.consent.model import WINDOW_MAX, Purpose, Span, Use
from consentry.kernel.access import Role
from consentry.kernel.errors import InvalidError
from consentry.kernel.ids import CameraId, IncidentId

CAMERAS_MAX: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class AskDraft:
    """An ask as it comes in. `role` says in which of their roles the person asks."""

    camera_ids: Sequence[CameraId]
    use: Use
    purpose: Purpose
    reason: str
    role: Role | None = None
    incident_id: IncidentId | None = None
    case_reference: str = ""
    window: Span | None = None


def check_draft(draft: AskDraft) -> None:
    """Raise InvalidError for what no decision needs to look at."""
    count = len(draft.camera_ids)
    if not 1 <= count <= CAMERAS_MAX:
        raise InvalidError.of(
            "camera_ids", "has the wrong number of cameras", f"1 to {CAMERAS_MAX}"
        )
    if len(set(draft.camera_ids)) != count:
        raise InvalidError.of("camera_ids", "names a camera twice")
    if draft.use is Use.PREVIEW:
        raise InvalidError.of("use", "is for the owner's own page")
    _check_window(draft)


def _check_window(draft: AskDraft) -> None:
    """A recorded use and `hold` name a window of captured time; what works on now names none."""
    window = draft.window
    windowed = ", ".join(sorted(WINDOWED))
    if window is None and draft.use in WINDOWED:
        raise InvalidError.of("window", f"is missing: {draft.use} needs one", f"for {windowed}")
    if window is not None and draft.use not in WINDOWED:
        raise InvalidError.of(
            "window", f"does not go with {draft.use}: leave it out", f"only for {windowed}"
        )
    if window is not None and window.end <= window.start:
        raise InvalidError.of("window.until", "is not after window.from", "later than window.from")
    if window is not None and window.end - window.start > WINDOW_MAX:
        raise InvalidError.of("window", "is too long", f"{WINDOW_MAX.days} days")
