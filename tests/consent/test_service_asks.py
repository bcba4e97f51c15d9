"""Asking: each camera is answered apart, each answer leaves an entry, and the bounds hold."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from consentry.consent.bodies import AnswerTerms, PauseNow, Resumption, Revocation
from consentry.consent.model import (
    ApprovalKind,
    Kind,
    Obligation,
    ProtectedKind,
    Purpose,
    Reason,
    Span,
    Use,
)
from consentry.consent.records import AnswerWord, AskState
from consentry.consent.service import Outcome, PlaceDraft
from consentry.infra.db import Database
from consentry.kernel.access import Principal
from consentry.kernel.errors import (
    ConflictError,
    DeniedError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
)
from consentry.kernel.geo import Circle
from consentry.kernel.ids import AskId
from tests.consent.hub import (
    ADMIN,
    AGENCY,
    CAMERA,
    CAMERAS,
    GRANT,
    HOUSE,
    OPERATOR,
    OTHERS_INCIDENT,
    OWNER,
    PLACE,
    RIVAL_SUPERVISOR,
    SECOND_SUPERVISOR,
    SUPERVISOR,
    World,
    a_camera,
    an_incident,
    draft,
    grant_terms,
    sealed,
)
from tests.kit import HOUR, MINUTE, NOON
from tests.kit.chance import VirtualClock

WINDOW = Span(start=NOON + 10 * MINUTE, end=NOON + 40 * MINUTE)


@pytest.fixture
def world(sqlite: Database, clock: VirtualClock) -> World:
    return World(sqlite, clock)


def ask(world: World, who: Principal = OPERATOR, **changes: Any) -> Outcome:
    return world.consents.write_now(lambda c: c.asks.ask(who, draft(**changes)))


def renew(world: World, ask_id: AskId, who: Principal = OPERATOR) -> Outcome:
    return world.consents.write_now(lambda c: c.asks.renew(who, ask_id))


def reason_of(outcome: Outcome) -> Reason | None:
    return outcome.decided[0].line.reason


def test_a_grant_opens_and_the_permit_exists_once_in_the_entry(world: World) -> None:
    world.ready()
    outcome = ask(world)
    assert outcome.ask.state is AskState.PERMITTED
    decided = outcome.decided[0]
    assert decided.line.until == NOON + timedelta(seconds=1800)
    assert world.last.act == "ask_permitted"
    assert world.last.id == decided.entry_id
    assert world.last.on.party == HOUSE
    assert world.last.ticket == decided.ticket
    assert decided.ticket["reference"] == {
        "ask": outcome.ask.id,
        "ask_hash": outcome.ask.hash,
        "incident": an_incident().id,
        "reason": "Smoke seen over the roof.",
    }


def test_without_a_grant_the_ask_is_refused_and_logged(world: World) -> None:
    world.base()
    outcome = ask(world)
    assert outcome.ask.state is AskState.REFUSED
    assert reason_of(outcome) is Reason.NO_GRANT
    assert (world.last.act, world.last.decision) == ("ask_refused", "no_grant")
    assert not world.last.ticket


def test_each_camera_of_an_ask_is_answered_apart(world: World) -> None:
    world.ready()
    world.base(CAMERAS[:2])
    outcome = ask(world, camera_ids=CAMERAS[:2])
    assert [each.line.reason for each in outcome.decided] == [None, Reason.NO_GRANT]
    assert world.entries.acts[-2:] == ["ask_permitted", "ask_refused"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"camera_ids": []}, "camera_ids"),
        ({"camera_ids": [CAMERA] * 2}, "camera_ids"),
        ({"camera_ids": [*CAMERAS, *CAMERAS[:3]]}, "camera_ids"),
        ({"use": Use.PREVIEW}, "use"),
        ({"use": Use.CLIP, "window": Span(start=NOON, end=NOON)}, "window.until"),
        ({"use": Use.CLIP, "window": Span(start=NOON - timedelta(days=32), end=NOON)}, "window"),
    ],
)
def test_a_malformed_ask_names_the_field(world: World, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidError) as caught:
        ask(world, **changes)
    assert caught.value.faults[0].field == field
    assert world.entries.held == []


def test_another_agencys_incident_is_not_there(world: World) -> None:
    world.ready()
    with pytest.raises(NotFoundError):
        ask(world, incident_id=OTHERS_INCIDENT)


def test_a_suspended_person_asks_in_vain(world: World) -> None:
    world.ready()
    assert OPERATOR.person_id is not None
    world.people.suspended.add(OPERATOR.person_id)
    assert reason_of(ask(world)) is Reason.ACTOR_SUSPENDED


def test_a_camera_without_any_edge_opens_for_nobody(world: World) -> None:
    world.ready()
    world.cameras.edgeless.add(CAMERA)
    outcome = ask(world)
    assert reason_of(outcome) is Reason.UNKNOWN_FIELD
    assert world.last.act == "ask_refused"


def test_promises_of_a_former_owner_bind_nobody(world: World) -> None:
    world.ready()
    world.cameras.held[CAMERA] = a_camera(owner_id=AGENCY, private=False)
    assert reason_of(ask(world)) is Reason.NO_GRANT


def test_a_pause_or_revocation_closes_at_the_next_renewal(world: World) -> None:
    grant = world.ready()
    opened = ask(world)
    world.put(sealed(PauseNow(), seq=2, prev=grant.hash))
    assert reason_of(renew(world, opened.ask.id)) is Reason.PAUSED
    pause_hash = sealed(PauseNow(), seq=2, prev=grant.hash).hash
    world.clock.advance(MINUTE)
    world.put(sealed(Resumption(), seq=3, prev=pause_hash, at=world.clock.now()))
    assert renew(world, opened.ask.id).ask.state is AskState.PERMITTED
    world.put(sealed(Revocation(grant_id=GRANT), seq=9, prev=grant.hash))
    assert reason_of(renew(world, opened.ask.id)) is Reason.REVOKED


def test_renewals_never_pass_the_session_cap(world: World) -> None:
    world.ready()
    opened = ask(world)
    world.clock.advance(timedelta(seconds=1799))
    again = renew(world, opened.ask.id)
    assert again.decided[0].line.until == NOON + timedelta(seconds=1800)
    assert again.decided[0].ticket["id"] != opened.decided[0].ticket["id"]
    world.clock.advance(timedelta(seconds=1))
    assert reason_of(renew(world, opened.ask.id)) is Reason.OUTSIDE_GRANT_TIME


def test_only_whoever_asked_renews(world: World) -> None:
    world.ready()
    opened = ask(world)
    with pytest.raises(DeniedError):
        renew(world, opened.ask.id, who=replace(OPERATOR, person_id=SUPERVISOR.person_id))
    with pytest.raises(NotFoundError):
        renew(world, opened.ask.id, who=RIVAL_SUPERVISOR)


def test_the_eleventh_camera_of_others_needs_a_second_person(world: World) -> None:
    world.pin()
    world.base(CAMERAS)
    for camera in CAMERAS:
        world.put(sealed(grant_terms(), camera_id=camera), camera=camera)
    first = ask(world, camera_ids=CAMERAS[:6])
    second = ask(world, camera_ids=CAMERAS[6:12])
    assert first.ask.state is AskState.PERMITTED
    states = [each.line.state for each in second.decided]
    assert states == [AskState.PERMITTED] * 4 + [AskState.NEEDS_SECOND_PERSON] * 2
    world.clock.advance(timedelta(minutes=31))
    assert ask(world, camera_ids=[CAMERAS[12]]).ask.state is AskState.PERMITTED


class TestSecondPerson:
    def waiting(self, world: World) -> Outcome:
        """An ask at a clinic, for which one person is not enough."""
        world.ready()
        place = PlaceDraft(kind=ProtectedKind.CLINIC, name="Clinic", area=Circle(PLACE, 50))
        world.consents.write_now(lambda c: c.safeguards.add_place(ADMIN, place))
        outcome = ask(world)
        assert outcome.ask.state is AskState.NEEDS_SECOND_PERSON
        assert world.last.act == "ask_waiting"
        return outcome

    def approve(self, world: World, outcome: Outcome, who: Principal, hash_: str = "") -> None:
        ask_hash = hash_ or outcome.ask.hash
        world.consents.write_now(
            lambda c: c.oversight.approve(who, outcome.ask.id, ask_hash, "Seen with her.")
        )

    def test_an_approval_opens_the_ask_for_whoever_made_it(self, world: World) -> None:
        waiting = self.waiting(world)
        self.approve(world, waiting, SUPERVISOR)
        assert world.last.act == "ask_approved"
        opened = renew(world, waiting.ask.id)
        assert opened.ask.state is AskState.PERMITTED
        assert opened.decided[0].ticket["approvals"] != []

    def test_an_approval_ends_after_an_hour(self, world: World) -> None:
        waiting = self.waiting(world)
        self.approve(world, waiting, SUPERVISOR)
        world.clock.advance(HOUR)
        assert reason_of(renew(world, waiting.ask.id)) is Reason.NEEDS_SECOND_PERSON

    def test_nobody_approves_their_own_ask(self, world: World) -> None:
        waiting = self.waiting(world)
        with pytest.raises(DeniedError):
            self.approve(world, waiting, OPERATOR)

    def test_an_approval_needs_a_fresh_step_up_and_the_very_ask(self, world: World) -> None:
        waiting = self.waiting(world)
        with pytest.raises(UnauthenticatedError):
            self.approve(world, waiting, replace(SUPERVISOR, stepped_up_at=NOON - HOUR))
        with pytest.raises(ConflictError):
            self.approve(world, waiting, SUPERVISOR, hash_="0" * 64)
        with pytest.raises(NotFoundError):
            self.approve(world, waiting, RIVAL_SUPERVISOR)
        assert world.last.act == "ask_waiting"

    def test_broken_glass_opens_for_an_hour_and_must_be_reviewed(self, world: World) -> None:
        waiting = self.waiting(world)

        def unit(consent: Any) -> Outcome:
            consent.oversight.break_glass(
                OPERATOR, waiting.ask.id, waiting.ask.hash, "A child is inside."
            )
            return renewed(consent)

        def renewed(consent: Any) -> Outcome:
            outcome: Outcome = consent.asks.renew(OPERATOR, waiting.ask.id)
            return outcome

        opened = world.consents.write_now(unit)
        assert opened.ask.state is AskState.PERMITTED
        assert Obligation.POST_REVIEW_24H in opened.decided[0].obligations
        assert opened.ask.review_due_at == NOON + timedelta(hours=24)
        assert "break_glass" in world.entries.acts
        world.clock.advance(timedelta(hours=25))
        late = replace(SUPERVISOR, stepped_up_at=world.clock.now())
        world.consents.write_now(
            lambda c: c.oversight.review(late, waiting.ask.id, "It was right.")
        )
        assert (world.last.act, world.last.decision) == ("ask_reviewed", "late")
        with pytest.raises(ConflictError):
            renew(world, waiting.ask.id)

    def test_broken_glass_never_replaces_the_owner(self, world: World) -> None:
        world.base()
        outcome = ask(world)
        with pytest.raises(ConflictError):
            world.consents.write_now(
                lambda c: c.oversight.break_glass(
                    OPERATOR, outcome.ask.id, outcome.ask.hash, "Now!"
                )
            )

    def test_a_delay_hides_who_and_why_but_not_that_it_happened(self, world: World) -> None:
        waiting = self.waiting(world)
        self.approve(world, waiting, SUPERVISOR)
        world.consents.write_now(
            lambda c: c.oversight.delay_notice(
                SECOND_SUPERVISOR, waiting.ask.id, waiting.ask.hash, "Search still on.", 72
            )
        )
        assert world.last.decision == ApprovalKind.DELAYED_NOTICE.value
        renew(world, waiting.ask.id)
        newest = world.consents.read_now(lambda c: c.accounts.accesses(OWNER, None, 1))[0]
        assert newest.hidden_until == NOON + timedelta(hours=72)
        with pytest.raises(ConflictError):
            world.consents.read_now(lambda c: c.accounts.entry_for_receipt(OWNER, newest.entry_id))
        world.clock.advance(timedelta(hours=73))
        shown = world.consents.read_now(lambda c: c.accounts.accesses(OWNER, None, 1))[0]
        assert shown.hidden_until is None


class TestOwnersAnswer:
    def waiting(self, world: World) -> Outcome:
        world.ready(kind=Kind.ASK)
        world.clock.advance(HOUR)
        outcome = ask(world, use=Use.PLAYBACK, window=WINDOW)
        assert outcome.ask.state is AskState.NEEDS_OWNER
        return outcome

    def answer(self, world: World, outcome: Outcome, window: Span) -> Any:
        state = world.consents.read_now(lambda c: c.owner.state(OWNER, CAMERA))
        assert state is not None
        terms = AnswerTerms(
            ask_id=outcome.ask.id,
            agency_id=AGENCY,
            use=Use.PLAYBACK,
            purpose=Purpose.LIFE_SAFETY,
            window=window,
            not_after=NOON + 3 * HOUR,
        )
        now = world.clock.now()
        return world.put(sealed(terms, seq=state.seq + 1, prev=state.head, at=now))

    def test_a_sealed_yes_opens_exactly_the_window(self, world: World) -> None:
        waiting = self.waiting(world)
        pairs = world.consents.read_now(lambda c: c.accounts.waiting(OWNER, None, 5))
        assert [(one.id, line.camera_id) for one, line in pairs] == [(waiting.ask.id, CAMERA)]
        self.answer(world, waiting, WINDOW)
        opened = renew(world, waiting.ask.id)
        assert opened.ask.state is AskState.PERMITTED
        kept = world.consents.read_now(lambda c: c.asks.find(OPERATOR, waiting.ask.id))
        assert kept.lines[0].answer is AnswerWord.YES

    def test_a_smaller_window_is_a_part(self, world: World) -> None:
        waiting = self.waiting(world)
        self.answer(world, waiting, Span(start=NOON + 10 * MINUTE, end=NOON + 20 * MINUTE))
        kept = world.consents.read_now(lambda c: c.asks.find(OPERATOR, waiting.ask.id))
        assert kept.lines[0].answer is AnswerWord.PART

    def test_a_wider_window_than_asked_is_refused(self, world: World) -> None:
        waiting = self.waiting(world)
        refused = self.answer(world, waiting, Span(start=NOON, end=NOON + HOUR))
        assert refused.rejection.field == "body.until"
        assert world.last.act == "statement_refused"

    def test_a_no_needs_no_key_and_stays_a_no(self, world: World) -> None:
        waiting = self.waiting(world)
        world.consents.write_now(lambda c: c.accounts.decline(OWNER, waiting.ask.id, CAMERA))
        assert (world.last.act, world.last.decision) == ("ask_refused", "owner_declined")
        before = len(world.entries.held)
        again = renew(world, waiting.ask.id)
        assert again.ask.state is AskState.REFUSED
        assert len(world.entries.held) == before

    def test_an_ask_that_nobody_answers_lapses(self, world: World) -> None:
        waiting = self.waiting(world)
        world.clock.advance(timedelta(hours=24))
        assert world.consents.write_now(lambda c: c.asks.lapse_waiting()) == 1
        assert world.last.act == "ask_lapsed"
        kept = world.consents.read_now(lambda c: c.asks.find(OPERATOR, waiting.ask.id))
        assert kept.state is AskState.LAPSED
        assert world.consents.write_now(lambda c: c.asks.lapse_waiting()) == 0


class TestStopAll:
    def test_a_stop_refuses_every_ask_until_another_supervisor_resumes(self, world: World) -> None:
        world.ready()
        world.consents.write_now(lambda c: c.safeguards.stop_all(SUPERVISOR, "Misuse suspected."))
        assert world.last.act == "stopped_all"
        assert reason_of(ask(world)) is Reason.STOPPED
        with pytest.raises(DeniedError):
            world.consents.write_now(lambda c: c.safeguards.resume_all(SUPERVISOR, "Fine."))
        world.consents.write_now(lambda c: c.safeguards.resume_all(SECOND_SUPERVISOR, "Cleared."))
        assert world.last.act == "resumed_all"
        assert ask(world).ask.state is AskState.PERMITTED

    def test_another_agency_is_not_stopped(self, world: World) -> None:
        world.ready()
        world.consents.write_now(lambda c: c.safeguards.stop_all(RIVAL_SUPERVISOR, "Ours."))
        assert ask(world).ask.state is AskState.PERMITTED
