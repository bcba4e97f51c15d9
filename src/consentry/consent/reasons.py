"""Why an ask is refused, from the broadest cause to the narrowest, and how to say it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """Closed, and in order. What the edge adds stands last: the hub never gives those."""

    STOPPED = "stopped"
    ACTOR_SUSPENDED = "actor_suspended"
    ROLE_MISSING = "role_missing"
    REAUTHENTICATE = "reauthenticate"
    NO_REFERENCE = "no_reference"
    NO_LAWFUL_BASIS = "no_lawful_basis"
    POLICY_FORBIDS = "policy_forbids"
    UNKNOWN_FIELD = "unknown_field"
    CLOCK_UNTRUSTED = "clock_untrusted"
    PAUSED = "paused"
    NO_GRANT = "no_grant"
    PREVIEW_ONLY = "preview_only"
    REVOKED = "revoked"
    OUTSIDE_GRANT_TIME = "outside_grant_time"
    COOLING_OFF = "cooling_off"
    USE_NOT_GRANTED = "use_not_granted"
    PURPOSE_NOT_CONSENTED = "purpose_not_consented"
    HOME_INTERIOR = "home_interior"
    OUTSIDE_HOURS = "outside_hours"
    INCIDENT_NOT_COVERED = "incident_not_covered"
    OWNER_HAS_NOT_SHARED = "owner_has_not_shared"
    OWNER_HAS_NOT_ANSWERED = "owner_has_not_answered"
    BEFORE_GRANT = "before_grant"
    NEEDS_SECOND_PERSON = "needs_second_person"

    BAD_SEAL = "bad_seal"
    SUPERSEDED = "superseded"
    REPLAYED = "replayed"
    WRONG_EDGE = "wrong_edge"
    NOT_IN_LOG = "not_in_log"
    LOG_FORKED = "log_forked"
    LOG_UNWITNESSED = "log_unwitnessed"
    LEASE_LAPSED = "lease_lapsed"


EDGE_REASONS: Final = frozenset(
    {
        Reason.BAD_SEAL,
        Reason.SUPERSEDED,
        Reason.REPLAYED,
        Reason.WRONG_EDGE,
        Reason.NOT_IN_LOG,
        Reason.LOG_FORKED,
        Reason.LOG_UNWITNESSED,
        Reason.LEASE_LAPSED,
    }
)
HUB_REASONS: Final = frozenset(Reason) - EDGE_REASONS

WORDS: Final[Mapping[Reason, str]] = {
    Reason.STOPPED: "All viewing is stopped for your agency. Ask a supervisor to resume it.",
    Reason.ACTOR_SUSPENDED: "Your account is suspended. Speak to your agency's administrator.",
    Reason.ROLE_MISSING: "Your role does not include this use of a camera. "
    "Ask a colleague whose role does, or have your role changed.",
    Reason.REAUTHENTICATE: "Your sign-in is too old for this. Confirm who you are and ask again.",
    Reason.NO_REFERENCE: "The ask names no open incident and no case. Name one and ask again.",
    Reason.NO_LAWFUL_BASIS: "Your agency has recorded no lawful basis for this camera and purpose. "
    "Have your administrator record it first.",
    Reason.POLICY_FORBIDS: "Your agency's policy forbids this. "
    "Choose a use, purpose or time that it allows.",
    Reason.UNKNOWN_FIELD: "Part of the ask or of what it rests on is not understood, "
    "so the answer is no. Check the ask; if it is right, report this.",
    Reason.CLOCK_UNTRUSTED: "The clock that decides cannot be trusted just now. "
    "Have the clock checked, then ask again.",
    Reason.PAUSED: "The owner has paused sharing. Wait until the owner resumes it.",
    Reason.NO_GRANT: "The owner has not shared this camera with your agency. "
    "Ask the owner for a grant.",
    Reason.PREVIEW_ONLY: "This camera is open only to its owner, to paint masks. "
    "Wait for the owner's grant.",
    Reason.REVOKED: "The owner has withdrawn this grant. Only a new grant can open the camera.",
    Reason.OUTSIDE_GRANT_TIME: "Now lies outside the time the owner allows, "
    "for the grant as a whole or for one session. Ask anew within that time.",
    Reason.COOLING_OFF: "The owner's wider grant is still cooling off. "
    "Wait until it ends, or have the owner confirm it at the box.",
    Reason.USE_NOT_GRANTED: "The owner's grant does not include this use. "
    "Ask for a use that it includes.",
    Reason.PURPOSE_NOT_CONSENTED: "The owner did not consent to this purpose. "
    "Ask only for a purpose that the grant names.",
    Reason.HOME_INTERIOR: "This camera shows the inside of a home: it opens only in the owner's "
    "own emergency. Wait for the owner to share.",
    Reason.OUTSIDE_HOURS: "It is outside the hours that the owner allows. "
    "Ask again within them, or ask the owner.",
    Reason.INCIDENT_NOT_COVERED: "The grant does not cover this incident's type, place or state. "
    "Check the incident, or use a camera that is nearer.",
    Reason.OWNER_HAS_NOT_SHARED: "This camera opens only while its owner shares it. "
    "Call the owner and ask them to share now.",
    Reason.OWNER_HAS_NOT_ANSWERED: "The owner has not said yes to this ask. "
    "Wait for the answer; the owner has been told.",
    Reason.BEFORE_GRANT: "What you ask for was captured before the owner's grant began. "
    "Ask for a later time; nothing opens the earlier one.",
    Reason.NEEDS_SECOND_PERSON: "This ask needs a second person's approval. "
    "Have a supervisor approve it; if a life depends on it, break the glass.",
    Reason.BAD_SEAL: "A signature is missing, wrong or of another key. "
    "Send what the pinned key has sealed.",
    Reason.SUPERSEDED: "The camera holds newer statements than this rests on. "
    "Fetch them from the camera and decide anew.",
    Reason.REPLAYED: "This was presented before. Ask for a new ticket.",
    Reason.WRONG_EDGE: "This was made for another edge or another camera. "
    "Send it to the edge that it names.",
    Reason.NOT_IN_LOG: "The log does not hold this decision. "
    "Write the entry, then send the ticket with its proof.",
    Reason.LOG_FORKED: "The log does not continue the one this edge knows. "
    "Nothing opens until the owner has checked it.",
    Reason.LOG_UNWITNESSED: "Too few witnesses have signed the log of late. "
    "Wait for the next signed checkpoint.",
    Reason.LEASE_LAPSED: "The lease ran out before it was renewed. Open the view again.",
}
"""What the person refused is told: the cause, then the next step."""
