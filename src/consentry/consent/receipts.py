"""A grant as a consent receipt in the shape of ISO/IEC TS 27560: processing, parties, events.

What the standard leaves open stands under `consentry`: the owner's seal and the place in the log,
so that the receipt can be checked without trusting whoever hands it out. Pure; canonical JSON.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from consentry.kernel.canonical import Json
from consentry.kernel.clock import to_text
from consentry.kernel.ids import PartyId

from .model import Grant, Hours, Kind, Pause, Purpose, Use
from .records import Held, Hub

SCHEMA: Final = "ISO/IEC TS 27560:2023"
PROFILE: Final = "urn:consentry:consent-receipt:v1"
LANGUAGE: Final = "en"
MINUTES: Final = 60
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

USE_WORDS: Final[Mapping[Use, str]] = {
    Use.LIVE: "watch the picture of now",
    Use.PLAYBACK: "play back what was recorded",
    Use.CLIP: "cut a clip of what was recorded",
    Use.EXPORT: "export what was recorded as evidence",
    Use.PTZ: "turn and zoom the camera",
    Use.AUDIO: "listen to the sound",
    Use.ALERTS: "be told what the camera's analysis noticed",
    Use.INDEX: "keep an index of objects seen",
    Use.SEARCH: "search that index for objects",
    Use.QUESTION: "have the camera answer yes or no",
    Use.PLATES: "compare number plates with a list",
    Use.PREVIEW: "take one still to paint masks on",
    Use.HOLD: "have footage kept, unseen",
}
PURPOSE_WORDS: Final[Mapping[Purpose, str]] = {
    Purpose.LIFE_SAFETY: "to protect life",
    Purpose.MISSING_PERSON: "to find a missing person",
    Purpose.FIRE_RESCUE: "for fire and rescue",
    Purpose.MEDICAL: "for a medical emergency",
    Purpose.DISASTER: "in a disaster",
    Purpose.CRIME_IN_PROGRESS: "against a crime that is going on",
    Purpose.INVESTIGATION: "to investigate a case",
    Purpose.TRAFFIC_SAFETY: "for the safety of traffic",
    Purpose.PUBLIC_EVENT_SAFETY: "for the safety of a public event",
    Purpose.TRAINING: "for training",
}
KIND_WORDS: Final[Mapping[Kind, str]] = {
    Kind.REGISTRY: "never live: the camera is only known to be there",
    Kind.ASK: "only after you answered yes to the very ask",
    Kind.OWNER_EMERGENCY: "only while you yourself share in an emergency",
    Kind.INCIDENT: "only during an open incident of the named types nearby",
    Kind.SCHEDULE: "during the named hours",
    Kind.ALWAYS: "at any time",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One version of a grant with what a receipt says beside it."""

    grant: Grant
    held: Held
    owner_id: PartyId
    owner_name: str
    agencies: Mapping[PartyId, str]
    state: str
    at: datetime


def consent_receipt(hub: Hub, issue: Issue) -> dict[str, Json]:
    """The receipt of one grant version. The same grant, state and instant give the same bytes."""
    grant = issue.grant
    return {
        "schema_version": SCHEMA,
        "profile": PROFILE,
        "receipt_id": f"{grant.id}/{grant.version}",
        "record_id": grant.hash,
        "pii_principal_id": issue.owner_id,
        "language": LANGUAGE,
        "privacy_notice": f"{hub.address}/api/trust",
        "pii_processing": {"purposes": [_purpose(hub, grant, each) for each in _sorted(grant)]},
        "party_identification": _parties(hub, issue),
        "events": _events(issue),
        "consentry": {
            "hub": hub.origin,
            "camera": grant.camera_id,
            "kind": grant.kind.value,
            "limits": limits(grant),
            "statement": grant.hash,
            "seq": issue.held.seq,
            "key": issue.held.key,
            "alg": issue.held.alg,
            "sig": issue.held.sig,
            "sealed": issue.held.bytes.decode(),
            "entry": issue.held.entry_id,
        },
    }


def limits(grant: Grant) -> dict[str, Json]:
    """Every limit that the grant names, in the words of the seal."""
    found: dict[str, Json] = {
        "not_before": to_text(grant.not_before),
        "not_after": to_text(grant.not_after),
        "max_session_s": grant.max_session_s,
        "uses": sorted(grant.uses),
        "incident_types": sorted(grant.incident_types),
        "hours": [hours_words(each) for each in grant.hours],
    }
    if grant.radius_m is not None:
        found["radius_m"] = grant.radius_m
    texts = {"tz": grant.tz, "masks": grant.masks, "agency_key": grant.agency_key}
    return found | {name: text for name, text in texts.items() if text}


def hours_words(hours: Hours) -> str:
    days = ",".join(_DAYS[day] for day in sorted(hours.days))
    return f"{days} {_clock(hours.start_min)}-{_clock(hours.end_min)}"


def _clock(minutes: int) -> str:
    return f"{minutes // MINUTES:02d}:{minutes % MINUTES:02d}"


def _sorted(grant: Grant) -> list[Purpose]:
    return sorted(grant.purposes)


def _purpose(hub: Hub, grant: Grant, purpose: Purpose) -> dict[str, Json]:
    return {
        "purpose": PURPOSE_WORDS[purpose],
        "purpose_type": purpose.value,
        "lawful_basis": "consent of the camera's owner to sharing; the agency records its own "
        "basis towards the people filmed apart",
        "services": [{"service": use.value, "words": USE_WORDS[use]} for use in sorted(grant.uses)],
        "pii_information": [
            {
                "pii_type": "video of the place that the camera sees",
                "pii_optional": True,
                "sensitive_pii_category": False,
                "special_pii_category": False,
            }
        ],
        "pii_controllers": sorted(grant.agencies),
        "collection_method": "the owner's camera, through the owner's edge",
        "processing_method": KIND_WORDS[grant.kind],
        "storage_locations": ["the owner's edge"],
        "retention_period": "as the owner's edge is set; nothing is stored by watching",
        "recipient_third_parties": [],
        "withdrawal_method": f"{hub.address}: stop, or a sealed `revoke`; at the box without the "
        "network",
        "privacy_rights": ["withdraw at any time", "see every access", "verify the log"],
    }


def _parties(hub: Hub, issue: Issue) -> list[Json]:
    agencies: list[Json] = [
        {"party_id": party_id, "party_name": name, "party_role": "pii_controller"}
        for party_id, name in sorted(issue.agencies.items())
    ]
    return [
        {
            "party_id": issue.owner_id,
            "party_name": issue.owner_name,
            "party_role": "pii_principal",
        },
        *agencies,
        {
            "party_id": hub.origin,
            "party_name": hub.name,
            "party_role": "pii_processor",
            "party_url": hub.address,
        },
    ]


def _events(issue: Issue) -> list[Json]:
    grant = issue.grant
    given: dict[str, Json] = {
        "event_time": to_text(issue.held.received_at),
        "event_type": "explicit",
        "event_state": "consent_given",
        "entity_id": issue.owner_id,
        "validity_duration": f"{to_text(grant.not_before)}/{to_text(grant.not_after)}",
    }
    events: list[Json] = [given]
    for state, at in (
        ("consent_superseded", grant.superseded_at),
        ("consent_withdrawn", grant.revoked_at),
    ):
        if at is not None:
            events.append(
                {
                    "event_time": to_text(at),
                    "event_type": "explicit",
                    "event_state": state,
                    "entity_id": issue.owner_id,
                }
            )
    now: dict[str, Json] = {
        "event_time": to_text(issue.at),
        "event_type": "status",
        "event_state": issue.state,
        "entity_id": issue.owner_id,
    }
    return [*events, now]


def state_of(grant: Grant, pauses: Iterable[Pause], now: datetime) -> str:
    """Where a grant stands in its life, in one word."""
    if grant.revoked_at is not None and grant.revoked_at <= now:
        return "revoked"
    if grant.superseded_at is not None and grant.superseded_at <= now:
        return "superseded"
    if now >= grant.not_after:
        return "expired"
    if now < grant.effective_at:
        return "cooling"
    if any(p.start <= now and (p.end is None or now < p.end) for p in pauses):
        return "suspended"
    return "active" if now >= grant.not_before else "pending"
