"""`decide` beside encoding the same ask: what a decision costs on top of writing it down."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from statistics import median
from time import process_time

from benches.rows import Row, row
from consentry.consent.model import (
    Ask,
    CameraFacts,
    Context,
    Grant,
    Hours,
    IncidentFacts,
    IncidentType,
    Kind,
    Permit,
    Purpose,
    Span,
    Use,
    Zone,
    hash_ask,
)
from consentry.consent.rules import decide
from consentry.kernel.access import Role
from consentry.kernel.geo import Point
from consentry.kernel.ids import AskId, CameraId, GrantId, IncidentId, PartyId, PersonId

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CALLS = 2_000
ROUNDS = 9
GOAL = 5.0
"""Canonical bytes and SHA-256 of the ask cost so many microseconds that this is about 100."""

Case = tuple[Ask, list[Grant], Context]


def rows() -> Iterator[Row]:
    """CPU time of one call, the median over rounds that alternate with the anchor."""
    mixed = cases()
    assert all(isinstance(decide(*case), Permit) for case in mixed)
    ours, anchor = [], []
    for _ in range(ROUNDS):
        ours.append(_micros(lambda case: decide(*case), mixed))
        anchor.append(_micros(lambda case: hash_ask(case[0], [case[0].camera_id]), mixed))
    yield row(
        "decide.call",
        median(ours),
        "us",
        "canonical bytes and SHA-256 of the same ask, us",
        median(anchor),
        goal=GOAL,
        higher_is_better=False,
    )


def _micros(call: Callable[[Case], object], mixed: list[Case]) -> float:
    start = process_time()
    for index in range(CALLS):
        call(mixed[index % len(mixed)])
    return (process_time() - start) / CALLS * 1e6


def cases() -> list[Case]:
    """Live by each of four kinds and a playback, each with the grants of a usual camera."""
    kinds = (Kind.ALWAYS, Kind.INCIDENT, Kind.SCHEDULE, Kind.ALWAYS)
    uses = (Use.LIVE, Use.LIVE, Use.LIVE, Use.PLAYBACK)
    return [_case(kind, use) for kind, use in zip(kinds, uses, strict=True)]


def _case(kind: Kind, use: Use) -> Case:
    camera_id, agency_id = CameraId("camera"), PartyId("agency")
    grant = Grant(
        id=GrantId("grant"),
        version=1,
        camera_id=camera_id,
        agencies=frozenset({agency_id}),
        kind=kind,
        uses=frozenset({Use.LIVE, Use.PLAYBACK, Use.CLIP}),
        purposes=frozenset({Purpose.FIRE_RESCUE, Purpose.LIFE_SAFETY}),
        not_before=NOW - 100 * HOUR,
        not_after=NOW + 1_000 * HOUR,
        max_session_s=1_800,
        incident_types=frozenset({IncidentType.FIRE} if kind is Kind.INCIDENT else ()),
        radius_m=500 if kind is Kind.INCIDENT else None,
        hours=(Hours(days=frozenset(range(7)), start_min=1_320, end_min=1_000),)
        if kind is Kind.SCHEDULE
        else (),
        tz="Europe/Vienna",
        hash="0" * 64,
        effective_at=NOW - 100 * HOUR,
    )
    ask = Ask(
        id=AskId("ask"),
        camera_id=camera_id,
        agency_id=agency_id,
        person_id=PersonId("person"),
        role=Role.OPERATOR,
        use=use,
        purpose=Purpose.FIRE_RESCUE,
        hash="1" * 64,
        incident_id=IncidentId("incident"),
        reason="smoke seen from the street",
        window=Span(start=NOW - HOUR / 2, end=NOW) if use is Use.PLAYBACK else None,
    )
    place = Point(48.2, 16.4)
    context = Context(
        now=NOW,
        clock_trusted=True,
        stopped=False,
        actor_suspended=False,
        stepped_up_at=NOW - HOUR,
        camera=CameraFacts(id=camera_id, owner_id=PartyId("owner"), place=place, private=True),
        incident=IncidentFacts(
            id=IncidentId("incident"),
            type=IncidentType.FIRE,
            place=Point(48.201, 16.401),
            opened_at=NOW - HOUR,
            shaped_at=NOW - HOUR,
        ),
        lawful_purposes=frozenset({Purpose.FIRE_RESCUE}),
        zones={
            "Europe/Vienna": Zone(
                transitions=((NOW - 600 * HOUR, 3_600),), known_until=NOW + 9_000 * HOUR
            )
        },
    )
    return ask, [grant], context
