"""What an owner is about to promise, in plain words, before they seal it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from consentry.kernel.clock import to_text

from .bodies import (
    AnswerTerms,
    Body,
    Delegation,
    GrantTerms,
    PauseNow,
    PreviewNow,
    Resumption,
    Revocation,
    Rotation,
    Sharing,
)
from .masks import Masks
from .receipts import KIND_WORDS, PURPOSE_WORDS, USE_WORDS, hours_words

Names = Mapping[str, str]


def in_words(body: Body, names: Names) -> list[str]:
    """Line by line, every limit that is there and every one that is not."""
    return _WORDS[type(body)](body, names)


def _grant(terms: GrantTerms, names: Names) -> list[str]:
    who = ", ".join(sorted(names.get(each, each) for each in terms.agencies))
    lines = [
        f"You promise {who}:",
        f"  they may   {', '.join(USE_WORDS[use] for use in sorted(terms.uses))}",
        f"  why        {', '.join(PURPOSE_WORDS[each] for each in sorted(terms.purposes))}",
        f"  when       {KIND_WORDS[terms.kind]}",
        f"  from       {to_text(terms.not_before)}",
        f"  until      {to_text(terms.not_after)}, then it ends by itself",
        f"  at a time  {terms.max_session_s} seconds at most",
        f"  incidents  {', '.join(sorted(terms.incident_types)) or 'of any type'}",
        f"  within     {_radius(terms)}",
        f"  hours      {_hours(terms)}",
        f"  masks      {terms.masks or 'none: the whole picture is seen'}",
    ]
    return [*lines, f"  grant      {terms.id}, version {terms.version}"]


def _answer(terms: AnswerTerms, names: Names) -> list[str]:
    window = terms.window
    return [
        f"Say yes to {names.get(terms.agency_id, terms.agency_id)}:",
        f"  they may   {USE_WORDS[terms.use]} {PURPOSE_WORDS[terms.purpose]}",
        f"  footage    {to_text(window.start)} to {to_text(window.end)}, nothing else",
        f"  until      {to_text(terms.not_after)}",
    ]


def _radius(terms: GrantTerms) -> str:
    return "any distance" if terms.radius_m is None else f"{terms.radius_m} metres of the camera"


def _hours(terms: GrantTerms) -> str:
    if not terms.hours:
        return "any"
    return f"{'; '.join(hours_words(each) for each in terms.hours)} ({terms.tz})"


def _revoke(body: Revocation, _names: Names) -> list[str]:
    return [f"Withdraw {body.grant_id or 'every grant of this camera'}, for good."]


def _delegate(body: Delegation, _names: Names) -> list[str]:
    acts = ", ".join(sorted(body.acts)) or "nothing any more"
    return [f"Let {body.name} do: {acts}, until {to_text(body.not_after)}."]


def _share(body: Sharing, _names: Names) -> list[str]:
    return [f"Share this camera for your own emergency until {to_text(body.until)}."]


def _masks(body: Masks, _names: Names) -> list[str]:
    return [f"Hide {len(body.polygons)} parts of the picture from everyone."]


def _rotate(body: Rotation, _names: Names) -> list[str]:
    return [f"Seal with another key from now on: {body.key}."]


def _plain(words: str) -> Callable[[Any, Names], list[str]]:
    return lambda _body, _names: [words]


_WORDS: Final[Mapping[type, Callable[[Any, Names], list[str]]]] = {
    GrantTerms: _grant,
    Revocation: _revoke,
    PauseNow: _plain("Stop sharing this camera at once."),
    Resumption: _plain("End the stop: what you granted before holds again."),
    Sharing: _share,
    AnswerTerms: _answer,
    PreviewNow: _plain("Let one still be taken within ten minutes, for your own page alone."),
    Masks: _masks,
    Delegation: _delegate,
    Rotation: _rotate,
}
