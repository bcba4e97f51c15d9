"""Write `docs/reference/problems.md`: the stable type of every problem, and what to do about it."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from consentry.consent import WORDS, Reason
from consentry.infra.web.problems import STATUS, STATUS_OF_CODE, TITLES, TYPE_PREFIX

ROOT: Final = Path(__file__).parents[1]
TARGET: Final = ROOT / "docs" / "reference" / "problems.md"
STATUS_OF_ERROR: Final = {kind.__name__: status for kind, status in STATUS.items()}
FROM_THE_FRAMEWORK: Final = (400, 404, 405)
STATEMENTS: Final = {
    f"statement_{reason.value}": WORDS[reason]
    for reason in (Reason.REPLAYED, Reason.REVOKED, Reason.SUPERSEDED, Reason.WRONG_EDGE)
}
"""A sealed statement that does not fit where it was put; named after the reason of consent."""
REFUSED_STATUS: Final = {"party_needed": 422}
"""A refused sign-in is 401, but for this one, which is a field to fill in."""

CODES: Final = {
    "already_set_up": "The hub has its first agency. Sign in instead.",
    "ask_closed": "The ask has lapsed or was reviewed. Ask anew.",
    "ask_differs": "What was approved is not the ask as it stands. Read it again, send its hash.",
    "ask_not_decided": "The ask is still waiting, so there is nothing to review yet.",
    "ask_not_waiting": "The ask waits for no answer or second person.",
    "bad_seal": "The seal does not hold over these bytes. Seal what is sent, with the pinned key.",
    "closed_too_long": "An incident is reopened within 15 minutes. Open a new one.",
    "conflict": "This contradicts what is stored. Read the thing again.",
    "denied": "Your role, scope or kind of caller does not include this act.",
    "error": "Something that has no better name.",
    "exhausted": "A bound is reached. `retry-after` says when to try again, where that helps.",
    "foreign_origin": "A page of another site sent this. Only our own pages may write.",
    "idempotency_answer_lost": "It was done, but its answer was not kept. Read, do not repeat.",
    "idempotency_in_progress": "The first request with this key is under way. Wait and repeat.",
    "idempotency_key_reused": "This key came with another request. Take a new key.",
    "import_ended": "The import has ended, so it cannot be stopped. It may be undone.",
    "incident_closed": "A closed incident is only noted in.",
    "incident_open": "It is open, so it cannot be reopened.",
    "index_stale": "The map may be out of date, so it shows nothing. Try again in a moment.",
    "internal": "Our fault. It has been written to the log of the process.",
    "invalid": "A field is wrong: `faults` names each, with the limit that it passed.",
    "key_pinned": "Your first key is pinned. Seal a `rotate` with it to bring in another.",
    "key_taken": "This key belongs to another edge or owner. Make a key of its own.",
    "log_late": "The log did not take or publish the entry in time. Try again.",
    "login_taken": "Somebody has this login name.",
    "method_not_allowed": "This address takes other methods; `allow` names them.",
    "no_origin": "A write by cookie names the origin of our page.",
    "not_a_draft": "Only drafts are declined. Remove a camera of your own instead.",
    "not_a_member": "The account has no active role for that party.",
    "not_canonical": "The bytes are not in the one canonical form.",
    "not_found": "There is no such thing, or it is not yours: the same answer.",
    "not_set_up": "The hub waits to be set up with the code that it printed.",
    "not_stopped": "Viewing is not stopped, so there is nothing to lift.",
    "not_undoable": "Nothing of this import is left to undo, or it is still running.",
    "not_yours": "Only whoever asked can do this.",
    "notice_delayed": "The receipt is lawfully delayed; that there was an access shows at once.",
    "other_person": "Somebody else is signed in by now. Load the page again.",
    "own_ask": "Nobody approves or reviews an ask of their own.",
    "party_needed": "You act for several parties: say for which one.",
    "policy_out_of_order": "Policy versions follow each other. Read the one in force.",
    "reauthenticate": "The session was begun elsewhere and has ended. Sign in again.",
    "reference_taken": "Another camera stands under this source and reference.",
    "retained": "Entries are kept for the retention time before they can be erased.",
    "schema_newer": "A newer version has changed the database. Start that version.",
    "second_person_required": "Another person than the one who began it must do this.",
    "slow_down": "Too many wrong tries. Wait for `retry-after`.",
    "source_reference_reused": "This dispatch reference came before with other content.",
    "step_up_required": "Prove again that it is you: `POST /api/session/step-up`.",
    "the_request_could_not_be_read": "The request is not HTTP or JSON that can be read.",
    "too_large": "The body passes the limit that `faults` names.",
    "too_many_codes": "Too many one-time codes are waiting. Let some run out.",
    "totp_enrolled": "The account has a second factor. Have it reset by an administrator.",
    "totp_enrolment_required": "Staff need a second factor: `POST /api/sign-in/totp` first.",
    "totp_required": "Send the code of the second factor too.",
    "unauthenticated": "Nobody is signed in, or the proof has ended.",
    "unavailable": "Not now. Try again in a moment.",
    "unknown_host": "The request names a host that this hub does not go by.",
    "unknown_field": "Part of the sealed statement is not understood. `faults` names it.",
    "version_changed": "It was changed meanwhile. Read it again, then repeat if it makes sense.",
    "wrong_code": "The one-time code is wrong, used up or too old.",
    "wrong_credentials": "The login name or the password is wrong.",
    "wrong_key": "The challenge was not answered by a key that is known here.",
    "wrong_totp": "The code of the second factor is wrong or was used.",
    **STATEMENTS,
}
HEAD: Final = f"""# Problems

Generated from the source by `python -m tools.problems`. Every failed request answers with
`application/problem+json` (RFC 9457). Its `type` is `{TYPE_PREFIX}` and one of these words, which
stay as they are; `detail` is for people and may be reworded. Refusals by consent are not problems
but answers: see the reasons there.

| Type | Status | What to do |
| :-- | :-- | :-- |
"""


def in_source() -> dict[str, set[int]]:
    """Every code that the source can answer with, and the statuses it comes with."""
    found: dict[str, set[int]] = {"error": {500}, "unknown_field": {422}}
    found |= {code: {409} for code in STATEMENTS}
    for status in FROM_THE_FRAMEWORK:
        found.setdefault(TITLES[status].lower().replace(" ", "_"), set()).add(status)
    for path in sorted((ROOT / "src").rglob("*.py")):
        for code, status in _codes(ast.parse(path.read_text())):
            found.setdefault(code, set()).add(STATUS_OF_CODE.get(code, status))
    return found


def _codes(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name in STATUS_OF_ERROR:
            status = STATUS_OF_ERROR[node.name]
            yield from ((code, status) for code in _assigned(node))
        elif isinstance(node, ast.Call):
            yield from _called(node)


def _assigned(node: ast.ClassDef) -> Iterator[str]:
    for line in node.body:
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "slug":
            yield str(ast.literal_eval(line.value))


def _called(node: ast.Call) -> Iterator[tuple[str, int]]:
    name = ast.unparse(node.func).removesuffix(".of")
    named = {one.arg: one.value for one in node.keywords if isinstance(one.value, ast.Constant)}
    if name in STATUS_OF_ERROR and "slug" in named:
        yield str(ast.literal_eval(named["slug"])), STATUS_OF_ERROR[name]
    elif name == "Refused" and "code" in named:
        code = str(ast.literal_eval(named["code"]))
        yield code, REFUSED_STATUS.get(code, 401)
    elif name in ("problem", "problems.problem") and all(
        isinstance(one, ast.Constant) for one in node.args[:2]
    ):
        status, code = (ast.literal_eval(one) for one in node.args[:2])
        yield code, status


def page() -> str:
    rows = sorted(in_source().items())
    return HEAD + "".join(
        f"| `{code}` | {', '.join(map(str, sorted(statuses)))} | {CODES[code]} |\n"
        for code, statuses in rows
    )


if __name__ == "__main__":
    TARGET.write_text(page())
    sys.exit(0)
