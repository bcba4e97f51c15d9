"""What `decide` must answer, worked out another way: by flat tables and cut time.

It shares the nouns with the rules and no rule. Footage is found by cutting time at every instant
where anything could change and asking of each piece whether the picture of then was open.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import asin, cos, radians, sin, sqrt

from consentry.consent.model import (
    Approval,
    Ask,
    Cap,
    Context,
    Decision,
    Grant,
    Permit,
    Reason,
    Span,
)

MIN = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LIVE = {"live", "ptz", "audio", "alerts", "index", "plates"}
RECORDED = {"playback", "clip", "export", "search", "question"}
MAY_ASK = {
    "operator": LIVE | RECORDED - {"export"} | {"hold"},
    "responder": {"live", "playback", "hold"},
    "investigator": RECORDED | {"hold"},
    "owner": {"preview"},
}
SAFETY = [
    "life_safety",
    "missing_person",
    "fire_rescue",
    "medical",
    "disaster",
    "public_event_safety",
]
ANY = (
    "fire medical missing_person disaster traffic_collision violent_crime burglary_in_progress "
    "theft disorder public_event infrastructure other"
)
FITS = {
    "life_safety": ANY,
    "investigation": ANY,
    "missing_person": "missing_person",
    "fire_rescue": "fire disaster traffic_collision infrastructure",
    "medical": "medical fire disaster traffic_collision violent_crime public_event",
    "disaster": "disaster fire infrastructure",
    "crime_in_progress": "violent_crime burglary_in_progress theft disorder",
    "traffic_safety": "traffic_collision infrastructure public_event",
    "public_event_safety": "public_event disorder",
    "training": "other",
}


@dataclass
class Answer:
    """What a permit or a refusal comes to, in plain values."""

    reason: str = ""
    grant: str = ""
    version: int = 0
    until: datetime | None = None
    cap: str = ""
    footage: tuple[tuple[datetime, datetime], ...] = ()
    duties: frozenset[str] = frozenset()
    causes: frozenset[str] = frozenset()
    masks: str = ""
    hold_until: datetime | None = None
    notice_at: datetime | None = None
    statement: str = ""


def plain(decision: Decision) -> Answer:
    """A decision in the oracle's own terms."""
    if not isinstance(decision, Permit):
        causes = frozenset(c.value for c in decision.causes)
        return Answer(reason=decision.reason.value, causes=causes)
    grant = decision.grant
    return Answer(
        grant=grant.id if grant else "",
        version=grant.version if grant else 0,
        until=decision.until,
        cap=decision.cap.value,
        footage=tuple((s.start, s.end) for s in decision.footage),
        duties=frozenset(o.value for o in decision.obligations),
        causes=frozenset(c.value for c in decision.causes),
        masks=decision.masks,
        hold_until=decision.hold_until,
        notice_at=decision.notice_at,
        statement=decision.statement,
    )


def metres(a: object, b: object) -> float:
    la, lb = radians(a.lat), radians(b.lat)  # type: ignore[attr-defined]  # points, by duck
    do = radians(b.lon - a.lon)  # type: ignore[attr-defined]
    h = sin((lb - la) / 2) ** 2 + cos(la) * cos(lb) * sin(do / 2) ** 2
    return 2 * 6_371_008.8 * asin(min(1, sqrt(h)))


def inside(span: Span, at: datetime) -> bool:
    return span.start <= at < span.end


def sharing(c: Context, at: datetime) -> bool:
    return any(inside(s.span, at) for s in c.shares)


def paused(c: Context, at: datetime) -> bool:
    return any(p.start <= at and not (p.end and p.end <= at) for p in c.pauses)


def answering(a: Ask, c: Context) -> list[object]:
    wanted = (a.id, a.agency_id, a.use, a.purpose)
    return [
        s
        for s in c.answers
        if (s.ask_id, s.agency_id, s.use, s.purpose) == wanted and s.at <= c.now < s.not_after
    ]


def local(g: Grant, c: Context, at: datetime) -> datetime | None:
    zone = c.zones.get(g.tz)
    if zone is None or at >= zone.known_until:
        return None
    past = [offset for since, offset in zone.transitions if since <= at]
    return at + timedelta(seconds=past[-1]) if past else None


def hours_left(g: Grant, c: Context, at: datetime) -> timedelta | None:
    """How long the hours last from here, by looking at today's and yesterday's stretches."""
    here = local(g, c, at)
    if here is None:
        return None
    left = []
    for h in g.hours:
        long = (h.end_min - h.start_min) * MIN if h.end_min > h.start_min else None
        long = long or (h.end_min + 1440 - h.start_min) * MIN
        for back in (0, 1):
            midnight = here.replace(hour=0, minute=0, second=0, microsecond=0) - back * DAY
            begun = midnight + h.start_min * MIN
            if midnight.weekday() in h.days and begun <= here < begun + long:
                left.append(begun + long - here)
    return max(left) if left else None


def fits_incident(g: Grant, c: Context) -> bool:
    i, cam = c.incident, c.camera
    if i is None or cam is None:
        return False
    if g.kind == "incident" and (not g.incident_types or g.radius_m is None):
        return False
    if g.incident_types and i.type not in g.incident_types:
        return False
    return g.radius_m is None or metres(i.place, cam.place) <= g.radius_m


def dead_at(g: Grant) -> datetime:
    ends = [g.not_after, g.not_before + 366 * DAY, g.superseded_at, g.revoked_at]
    return min(e for e in ends if e)


def born_at(g: Grant) -> datetime:
    return max(g.not_before, g.effective_at)


def open_then(g: Grant, use: str, a: Ask, c: Context, at: datetime) -> bool:
    """Whether the picture of that instant was open by this version, pauses aside."""
    share = sharing(c, at)
    hours_bound = bool(g.hours) or g.kind == "schedule"
    incident_bound = bool(g.incident_types) or g.radius_m is not None or g.kind == "incident"
    i = c.incident
    in_incident = bool(
        i and fits_incident(g, c) and i.shaped_at <= at and not (i.closed_at and i.closed_at <= at)
    )
    said = any(
        inside(s.window, at) and s.at <= at < s.not_after  # type: ignore[attr-defined]
        for s in answering(a, c)
    )
    needs = [
        use in g.uses,
        a.purpose in g.purposes,
        a.agency_id in g.agencies,
        born_at(g) <= at < dead_at(g),
        share or not (c.camera is None or c.camera.home_interior),
        not hours_bound or hours_left(g, c, at) is not None or (g.kind == "schedule" and share),
        not incident_bound or in_incident or (g.kind == "incident" and share),
        g.kind != "owner_emergency" or share,
        g.kind != "ask" or said,
        g.kind != "registry",
    ]
    return all(needs)


def cuts(grants: Iterable[Grant], c: Context, low: datetime, high: datetime) -> list[datetime]:  # noqa: C901 one flat table
    """Every instant in the span at which anything could change."""
    found = {low}
    for g in grants:
        found |= {born_at(g), dead_at(g)}
        zone = c.zones.get(g.tz)
        if zone is not None:
            found |= {since for since, _ in zone.transitions} | {zone.known_until}
            for _, offset in zone.transitions:
                day = (low + timedelta(seconds=offset)).replace(hour=0, minute=0, second=0) - DAY
                while day <= high + 2 * DAY:
                    for h in g.hours:
                        for minute in (h.start_min, h.end_min):
                            found.add(day + minute * MIN - timedelta(seconds=offset))
                    day += DAY
    for s in c.shares:
        found |= {s.span.start, s.span.end}
    for a in c.answers:
        found |= {a.window.start, a.window.end, a.at, a.not_after}
    for p in c.pauses:
        found |= {p.start, p.end or high}
    if c.incident:
        found |= {c.incident.shaped_at, c.incident.closed_at or high}
    return sorted(t for t in found if low <= t < high)


def pieces(
    marks: list[datetime], high: datetime, keep: list[bool]
) -> tuple[tuple[datetime, datetime], ...]:
    out: list[tuple[datetime, datetime]] = []
    for start, end, kept in zip(marks, [*marks[1:], high], keep, strict=True):
        if kept and out and out[-1][1] == start:
            out[-1] = (out[-1][0], end)
        elif kept:
            out.append((start, end))
    return tuple(out)


def broad(a: Ask, c: Context) -> str:
    cam, i, w, pack = c.camera, c.incident, a.window, c.policy
    preview = a.use == "preview"
    recorded = a.use in RECORDED or a.use == "hold"
    step = 5 * MIN if a.use == "export" else 8 * HOUR
    if a.role == "investigator" or not a.incident_id:
        reference = bool(a.case_reference)
    else:
        reference = recorded or i is None or i.closed_at is None
    assembly = any(p == "assembly" for p in protected(a, c))
    spent = c.now - c.opened_at if c.opened_at else timedelta(0)
    table = [
        (c.stopped, "stopped"),
        (c.actor_suspended, "actor_suspended"),
        (
            a.use not in MAY_ASK.get(a.role, set())
            or (a.role == "responder" and not (i and a.person_id in i.assigned)),
            "role_missing",
        ),
        (
            c.stepped_up_at is None or c.stepped_up_at > c.now or c.now - c.stepped_up_at >= step,
            "reauthenticate",
        ),
        (not preview and not reference, "no_reference"),
        (not preview and a.purpose not in c.lawful_purposes, "no_lawful_basis"),
        (
            (assembly and a.purpose not in SAFETY)
            or (
                pack is not None
                and (
                    a.use in pack.uses_forbidden
                    or a.purpose in pack.purposes_forbidden
                    or (
                        pack.session_s_max is not None
                        and spent >= timedelta(seconds=pack.session_s_max)
                    )
                )
            ),
            "policy_forbids",
        ),
        (
            cam is None
            or cam.id != a.camera_id
            or bool(a.incident_id) != (i is not None)
            or (i is not None and i.id != a.incident_id)
            or recorded != (w is not None)
            or (w is not None and not w.start < w.end)
            or (w is not None and w.end - w.start > 31 * DAY)
            or (w is not None and w.start >= c.now)
            or (c.opened_at is not None and c.opened_at > c.now),
            "unknown_field",
        ),
        (not c.clock_trusted, "clock_untrusted"),
        (paused(c, c.now), "paused"),
    ]
    return next((reason for true, reason in table if true), "")


def protected(a: Ask, c: Context) -> list[str]:
    if c.camera is None:
        return []
    shown = []
    for p in c.camera.protections:
        if p.span is None:
            shown.append(p.kind.value)
        elif a.window is None:
            shown += [p.kind.value] if inside(p.span, c.now) else []
        elif max(p.span.start, a.window.start) < min(p.span.end, a.window.end):
            shown.append(p.kind.value)
    return shown


def causes(a: Ask, c: Context) -> set[str]:  # noqa: C901 one flat table
    cam, i = c.camera, c.incident
    assert cam is not None
    out = set()
    if c.policy and a.use in c.policy.second_person_uses:
        out.add("policy")
    if protected(a, c):
        out.add("protected")
    at = c.opened_at or c.now
    if cam.owner_id != a.agency_id:
        seen = {cam.id}
        for o in c.openings:
            if o.owner_id != a.agency_id and o.at <= at and at - o.at < 30 * MIN:
                seen.add(o.camera_id)
        if len(seen) > 10:
            out.add("many_cameras")
    if i is not None:
        if cam.private and a.person_id in i.shaped_by:
            out.add("own_incident")
        early = a.window is not None and i.opened_at - a.window.start > 2 * HOUR
        if i.type not in FITS[a.purpose].split() or metres(cam.place, i.place) > 2000 or early:
            out.add("mismatch")
    return out


def approved(a: Ask, c: Context) -> tuple[datetime | None, bool]:
    def end(p: Approval) -> datetime:
        return min(p.ends_at, p.at + HOUR)

    good = [
        p for p in c.approvals if p.stepped_up and p.ask_hash == a.hash and p.at <= c.now < end(p)
    ]
    seconds = [end(p) for p in good if p.kind == "second_person" and p.person_id != a.person_id]
    glass = [
        end(p)
        for p in good
        if p.kind == "break_glass" and p.person_id == a.person_id and p.reason.strip()
    ]
    if seconds:
        return max(seconds), False
    return (max(glass), True) if glass else (None, False)


def delayed(a: Ask, c: Context) -> datetime | None:
    kept = [
        p
        for p in c.approvals
        if p.kind == "delayed_notice"
        and p.stepped_up
        and p.ask_hash == a.hash
        and p.person_id != a.person_id
        and p.at <= c.now
    ]
    if not kept:
        return None
    end = max(min(p.ends_at, p.at + 72 * HOUR) for p in kept)
    end = min(end, min(p.at for p in kept) + 14 * DAY)
    return end if c.now < end else None


def narrow(a: Ask, g: Grant, c: Context) -> str:
    share = sharing(c, c.now)
    live = a.use in LIVE
    hours_bound = bool(g.hours) or g.kind == "schedule"
    incident_bound = bool(g.incident_types) or g.radius_m is not None or g.kind == "incident"
    begun = c.opened_at or c.now
    answered = any(inside(s.window, c.now) for s in answering(a, c))  # type: ignore[attr-defined]
    interior = c.camera is not None and c.camera.home_interior
    table = [
        (g.revoked_at is not None and g.revoked_at <= c.now, "revoked"),
        (c.now < g.not_before or c.now >= dead_at(g), "outside_grant_time"),
        (c.now - begun >= timedelta(seconds=min(g.max_session_s, 86400)), "outside_grant_time"),
        (g.effective_at > c.now, "cooling_off"),
        (a.use not in g.uses, "use_not_granted"),
        (live and g.kind == "registry", "use_not_granted"),
        (a.use == "ptz" and bool(c.masks or g.masks), "use_not_granted"),
        (a.purpose not in g.purposes, "purpose_not_consented"),
        (live and interior and not share, "home_interior"),
        (live and hours_bound and g.tz not in c.zones, "unknown_field"),
        (
            live
            and hours_bound
            and hours_left(g, c, c.now) is None
            and not (g.kind == "schedule" and share),
            "outside_hours",
        ),
        (
            (live or a.use == "hold")
            and incident_bound
            and not fits_incident(g, c)
            and not (g.kind == "incident" and share),
            "incident_not_covered",
        ),
        (live and g.kind == "owner_emergency" and not share, "owner_has_not_shared"),
        (live and g.kind == "ask" and not answered, "owner_has_not_answered"),
    ]
    return next((reason for true, reason in table if true), "")


def recorded(
    a: Ask, g: Grant, line: list[Grant], c: Context
) -> tuple[str, tuple[tuple[datetime, datetime], ...], list[object]]:
    assert a.window is not None
    first = min(born_at(v) for v in line if born_at(v) < dead_at(v))
    low = max(a.window.start, g.not_before, first)
    high = min(a.window.end, c.now)
    if low >= high:
        return "before_grant", (), []
    marks = cuts(line, c, low, high)
    named = [] if a.use == "hold" else answering(a, c)
    named = [s for s in named if s.window.start < high and low < s.window.end]  # type: ignore[attr-defined]
    shown = [
        a.use == "hold"
        or any(open_then(v, "live", a, c, t) for v in line)
        or any(inside(s.window, t) for s in named)  # type: ignore[attr-defined]
        for t in marks
    ]
    if not any(shown):
        return "owner_has_not_answered", (), []
    free = [s and not paused(c, t) for s, t in zip(shown, marks, strict=True)]
    return ("" if any(free) else "paused"), pieces(marks, high, free), named


def live_since(a: Ask, line: list[Grant], c: Context) -> datetime:
    low = c.now - MIN
    marks = cuts(line, c, low, c.now + timedelta(microseconds=1))
    since = c.now
    for t in reversed(marks):
        if paused(c, t) or not any(open_then(v, a.use, a, c, t) for v in line):
            break
        since = t
    return since


def caps(
    a: Ask, g: Grant, c: Context, named: list[object]
) -> tuple[list[tuple[datetime, str]], str]:
    begun = c.opened_at or c.now
    out = [(dead_at(g), "grant")]
    out.append((begun + timedelta(seconds=min(g.max_session_s, 86400)), "session"))
    if c.policy is not None and c.policy.session_s_max is not None:
        out.append((begun + timedelta(seconds=c.policy.session_s_max), "policy"))
    if a.use not in LIVE:
        out += [(s.not_after, "answer") for s in named]  # type: ignore[attr-defined]
        return out, max((s.hash for s in named), default="")  # type: ignore[attr-defined]
    statement = ""
    left = hours_left(g, c, c.now) if g.hours else None
    if left is not None:
        zone = c.zones[g.tz]
        later = [t for t, _ in zone.transitions if t > c.now]
        out += [(c.now + left, "hours"), (min([*later, zone.known_until]), "transition")]
    running = [s for s in c.shares if inside(s.span, c.now)]
    leaning = (
        (c.camera is not None and c.camera.home_interior)
        or g.kind == "owner_emergency"
        or (g.kind == "schedule" and left is None)
        or (g.kind == "incident" and not fits_incident(g, c))
    )
    if running and leaning:
        share = max(running, key=lambda s: (s.span.end, s.hash))
        out.append((share.span.end, "share"))
        statement = share.hash
    if g.kind == "ask":
        ends = [
            (min(s.window.end, s.not_after), s.hash)  # type: ignore[attr-defined]
            for s in answering(a, c)
            if inside(s.window, c.now)  # type: ignore[attr-defined]
        ]
        out.append((max(ends)[0], "answer"))
        statement = max(ends)[1]
    return out, statement


def expected(a: Ask, grants: list[Grant], c: Context) -> Answer:  # noqa: C901, PLR0911 one flat table
    first = broad(a, c)
    if first:
        return Answer(reason=first)
    base = {"audit", "notify_owner", "watermark", "until"}
    previews = [p for p in c.previews if inside(p.span, c.now)]
    if a.use == "preview":
        assert c.camera is not None
        if not previews:
            return Answer(reason="no_grant")
        if c.camera.owner_id != a.agency_id:
            return Answer(reason="preview_only")
        one = max(previews, key=lambda p: (p.span.end, p.hash))
        return Answer(
            until=one.span.end,
            cap="preview",
            footage=((c.now, one.span.end),),
            duties=frozenset(base | {"no_export"}),
            statement=one.hash,
        )
    mine = [g for g in grants if g.camera_id == a.camera_id and a.agency_id in g.agencies]
    reasons, ways = [], []
    for g in mine:
        if g.superseded_at is not None and g.superseded_at <= c.now:
            continue
        reason = narrow(a, g, c)
        line = [v for v in mine if v.id == g.id]
        footage: tuple[tuple[datetime, datetime], ...] = ()
        named: list[object] = []
        if not reason and a.window is not None:
            reason, footage, named = recorded(a, g, line, c)
        if reason:
            reasons.append(reason)
        else:
            ways.append((g, line, footage, named))
    if not ways:
        order = [r.value for r in Reason]
        nothing = "preview_only" if previews else "no_grant"
        return Answer(reason=max(reasons, key=order.index) if reasons else nothing)
    needed = causes(a, c)
    until, broken = approved(a, c) if needed else (None, False)
    if needed and until is None:
        return Answer(reason="needs_second_person", causes=frozenset(needed))
    return best(a, c, ways, needed, until, broken, base)


def best(  # noqa: PLR0917 the parts of one answer
    a: Ask,
    c: Context,
    ways: list[tuple[Grant, list[Grant], tuple[tuple[datetime, datetime], ...], list[object]]],
    needed: set[str],
    backed: datetime | None,
    broken: bool,
    base: set[str],
) -> Answer:
    ranked = []
    for g, line, footage, named in ways:
        bounds, statement = caps(a, g, c, named)
        if backed is not None:
            bounds.append((backed, "approval"))
        ranked.append(
            (min(bounds)[0], g.version, g.id, g.hash, g, line, footage, bounds, statement)
        )
    until, _, _, _, g, line, footage, bounds, statement = max(ranked, key=lambda r: r[:4])
    if a.use in LIVE:
        since = live_since(a, line, c)
        start = max(since, c.masks_since) if c.masks_since else since
        stop = min(until, dead_at(g))
        footage = ((start, stop),) if start < dead_at(g) else ()
    footage = tuple((s, min(e, until)) for s, e in footage)
    masks = c.masks or g.masks
    duties = set(base)
    if masks:
        duties.add("mask")
    if "export" not in g.uses:
        duties.add("no_export")
    if broken:
        duties |= {"post_review_24h", "notify_oversight"}
    if "assembly" in protected(a, c):
        duties.add("notify_oversight")
    return Answer(
        grant=g.id,
        version=g.version,
        until=until,
        cap=min(bounds)[1],
        footage=footage,
        duties=frozenset(duties),
        causes=frozenset(needed),
        masks=masks,
        hold_until=c.now + 14 * DAY if a.use == "hold" else None,
        notice_at=delayed(a, c),
        statement=statement,
    )


CAPS = [c.value for c in Cap]
