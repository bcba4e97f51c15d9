"""An entry's bytes: the quick way writes what the plain way writes, and reads back the same."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from consentry.audit import Actor, Entry, LoggedAct, Subject
from consentry.audit.body import BODY_BYTES_MAX, decode, document, encode
from consentry.kernel import canonical
from consentry.kernel.errors import InvalidError
from consentry.kernel.ids import EntryId

from .builders import an_entry

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
instants = st.integers(0, 2 * 10**17).map(lambda micros: EPOCH + timedelta(microseconds=micros))
keys = st.text(st.characters(max_codepoint=126), max_size=5)
values: Any = st.recursive(
    words | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)
entries = st.builds(
    Entry,
    id=words.map(EntryId),
    at=instants,
    act=st.sampled_from(LoggedAct),
    actor=st.builds(Actor, kind=words, id=words, role=words, agency=words, session=words),
    on=st.builds(Subject, kind=words, id=words, title=words, party=words),
    decision=words,
    reference=words,
    purpose=words,
    reason=words,
    changes=st.dictionaries(keys, words, max_size=3),
    ticket=st.dictionaries(keys, values, max_size=3),
)


@given(entries)
def test_both_ways_to_write_an_entry_agree(entry: Entry) -> None:
    body = encode(entry)
    assert body == canonical.encode(document(entry))
    assert decode(body) == replace(entry, at=entry.at.replace(microsecond=0))


def test_an_entry_reads_as_expected() -> None:
    entry = an_entry(id=EntryId("e"), ticket={"until": "x"}, changes={"grant": "ab"})
    assert encode(entry).decode() == (
        '{"act":"ask_permitted","actor":{"agency":"00000000-0000-7000-8000-00000000000a",'
        '"id":"mia","kind":"person","role":"operator"},"at":"2026-11-20T12:00:00Z",'
        '"changes":{"grant":"ab"},"decision":"permit","id":"e",'
        '"on":{"id":"00000000-0000-7000-8000-0000000000ca","kind":"camera",'
        '"party":"00000000-0000-7000-8000-00000000000c","title":"Harbour 12"},'
        '"purpose":"fire_rescue","reason":"smoke over the harbour","reference":"I-7",'
        '"ticket":{"until":"x"},"v":1}'
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"reason": "\ud800"},
        {"reason": "x" * BODY_BYTES_MAX},
        {"ticket": {"a": 1.5}},
        {"ticket": {"a": None}},
        {"ticket": {"ä": 1}},
        {"ticket": {"a": 2**53}},
    ],
)
def test_what_has_no_canonical_form_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidError, match="entry"):
        encode(an_entry(**changes))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[1]",
        encode(an_entry()).replace(b'"v":1', b'"v":2'),
        encode(an_entry()).replace(b'"v":1', b'"v":1,"w":1'),
        encode(an_entry()).replace(b'"v":1', b'"v": 1'),
        encode(an_entry()).replace(b"ask_permitted", b"ask_forgiven"),
        encode(an_entry()).replace(b'"kind":"person"', b'"kind":7'),
        encode(an_entry()).replace(b'"decision":"permit"', b'"decision":""'),
        encode(an_entry()).replace(b'"kind":"person"', b'"kine":"person"'),
        encode(an_entry()).replace(b'"kind":"person"', b'"kind":"person","rank":"1"'),
    ],
)
def test_what_is_no_entry_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="not"):
        decode(body)
