"""The closed lists of consent and its bounds: nothing, a policy pack included, passes these."""

from datetime import timedelta
from enum import StrEnum
from typing import Final

GRANT_LIFE_MAX: Final = timedelta(days=366)
"""One year, a leap day included."""
SESSION_S_MAX: Final = 86_400
RADIUS_M_MAX: Final = 50_000
HOURS_MAX: Final = 21
AGENCIES_MAX: Final = 64
WINDOW_MAX: Final = timedelta(days=31)
"""No edge keeps footage for longer."""
HOLD_LIFE: Final = timedelta(days=14)
PREVIEW_LIFE: Final = timedelta(minutes=10)
APPROVAL_LIFE: Final = timedelta(hours=1)
BREAK_GLASS_LIFE: Final = timedelta(hours=1)
NOTICE_DELAY_MAX: Final = timedelta(hours=72)
"""For each approval of a delay; in all, `NOTICE_DELAY_TOTAL_MAX` from the first."""
NOTICE_DELAY_TOTAL_MAX: Final = timedelta(days=14)
SHARE_NOW_FREE: Final = timedelta(minutes=60)
SHARE_NOW_MAX: Final = timedelta(hours=24)
COOLING: Final = timedelta(hours=24)
"""The default; the edge's own setting, never the hub's."""
OPENED_FREE: Final = 10
"""So many distinct cameras of other owners open to one incident before a second person is due."""
OPENED_SPAN: Final = timedelta(minutes=30)
MISMATCH_M: Final = 2_000
"""A camera further than this from the incident that the ask names is not at its place."""
MISMATCH_LEAD: Final = timedelta(hours=2)
"""Footage from longer before the incident than this is not of its time."""
LIVE_FOOTAGE_BACK: Final = timedelta(minutes=1)
"""No cache of the picture of now reaches further back, so a live permit need not either."""
STEP_UP_LIFE: Final = timedelta(hours=8)
STEP_UP_LIFE_EXPORT: Final = timedelta(minutes=5)


class Use(StrEnum):
    LIVE = "live"
    PLAYBACK = "playback"
    CLIP = "clip"
    EXPORT = "export"
    PTZ = "ptz"
    AUDIO = "audio"
    ALERTS = "alerts"
    INDEX = "index"
    SEARCH = "search"
    QUESTION = "question"
    PLATES = "plates"
    PREVIEW = "preview"
    HOLD = "hold"


LIVE_USES: Final = frozenset({Use.LIVE, Use.PTZ, Use.AUDIO, Use.ALERTS, Use.INDEX, Use.PLATES})
"""What works on the picture of now."""
RECORDED_USES: Final = frozenset({Use.PLAYBACK, Use.CLIP, Use.EXPORT, Use.SEARCH, Use.QUESTION})
"""What works on a window of captured time. `hold` names a window too, but shows nothing."""
OFF_BY_DEFAULT: Final = frozenset({Use.AUDIO, Use.PLATES})


class Purpose(StrEnum):
    LIFE_SAFETY = "life_safety"
    MISSING_PERSON = "missing_person"
    FIRE_RESCUE = "fire_rescue"
    MEDICAL = "medical"
    DISASTER = "disaster"
    CRIME_IN_PROGRESS = "crime_in_progress"
    INVESTIGATION = "investigation"
    TRAFFIC_SAFETY = "traffic_safety"
    PUBLIC_EVENT_SAFETY = "public_event_safety"
    TRAINING = "training"


class IncidentType(StrEnum):
    FIRE = "fire"
    MEDICAL = "medical"
    MISSING_PERSON = "missing_person"
    DISASTER = "disaster"
    TRAFFIC_COLLISION = "traffic_collision"
    VIOLENT_CRIME = "violent_crime"
    BURGLARY_IN_PROGRESS = "burglary_in_progress"
    THEFT = "theft"
    DISORDER = "disorder"
    PUBLIC_EVENT = "public_event"
    INFRASTRUCTURE = "infrastructure"
    OTHER = "other"


class Kind(StrEnum):
    """What opens a grant for the picture of now. Not a ladder."""

    REGISTRY = "registry"
    ASK = "ask"
    OWNER_EMERGENCY = "owner_emergency"
    INCIDENT = "incident"
    SCHEDULE = "schedule"
    ALWAYS = "always"


class ProtectedKind(StrEnum):
    CLINIC = "clinic"
    SHELTER = "shelter"
    WORSHIP = "worship"
    SCHOOL = "school"
    UNION = "union"
    POLITICAL_EVENT = "political_event"
    ASSEMBLY = "assembly"


class ApprovalKind(StrEnum):
    SECOND_PERSON = "second_person"
    BREAK_GLASS = "break_glass"
    DELAYED_NOTICE = "delayed_notice"


class Obligation(StrEnum):
    """What whoever holds a permit must do. `until` is a field of the permit itself."""

    AUDIT = "audit"
    NOTIFY_OWNER = "notify_owner"
    WATERMARK = "watermark"
    UNTIL = "until"
    MASK = "mask"
    NO_EXPORT = "no_export"
    POST_REVIEW_24H = "post_review_24h"
    NOTIFY_OVERSIGHT = "notify_oversight"


class SecondPersonCause(StrEnum):
    MANY_CAMERAS = "many_cameras"
    PROTECTED = "protected"
    OWN_INCIDENT = "own_incident"
    MISMATCH = "mismatch"
    POLICY = "policy"


class Cap(StrEnum):
    """Which bound ends a permit first."""

    GRANT = "grant"
    SESSION = "session"
    HOURS = "hours"
    TRANSITION = "transition"
    SHARE = "share"
    ANSWER = "answer"
    PREVIEW = "preview"
    APPROVAL = "approval"
    POLICY = "policy"
