"""Notes as the C2SP texts have them, to the byte, and everything that is not one."""

import base64

import pytest

from consentry.audit.merkle import EMPTY_ROOT
from consentry.audit.notes import (
    WITNESS_KEY,
    Checkpoint,
    Note,
    VerifierKey,
    cosign,
    opened,
    parse_signatures,
    sign,
    verifier,
    witnesses,
)

from .builders import ORIGIN
from .keys import LOG_PRIVATE, OTHER_PRIVATE, WITNESS_PRIVATE

KEY = verifier(ORIGIN, LOG_PRIVATE)
CHECKPOINT = Checkpoint(ORIGIN, 0, EMPTY_ROOT)
NOTE = sign(CHECKPOINT, LOG_PRIVATE)
WITNESS = verifier("witness.example/w1", WITNESS_PRIVATE, WITNESS_KEY)

# The example of the Go package golang.org/x/mod/sumdb/note.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"  # noqa: E501 as published
)


def test_a_checkpoint_reads_as_it_was_written() -> None:
    assert str(NOTE) == (
        "consentry.test/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n"
        f"\u2014 consentry.test/log {base64.b64encode(NOTE.signatures[0].key_id + NOTE.signatures[0].value).decode()}\n"  # noqa: E501 one line of the form
    )
    assert Note.parse(str(NOTE)) == NOTE
    assert opened(NOTE, KEY) == CHECKPOINT


def test_the_published_example_of_another_implementation_holds() -> None:
    key = VerifierKey.parse(GO_KEY)
    assert str(key) == GO_KEY
    note = Note.parse(GO_NOTE)
    assert note.signatures[0].key_id == key.id
    with pytest.raises(ValueError, match="three lines"):  # signed by that key, but no checkpoint
        opened(note, key)


def test_another_key_or_text_does_not_open_it() -> None:
    with pytest.raises(ValueError, match="missing"):
        opened(NOTE, verifier(ORIGIN, OTHER_PRIVATE))
    with pytest.raises(ValueError, match="does not hold"):
        opened(Note(NOTE.text.replace("\n0\n", "\n1\n"), NOTE.signatures), KEY)


def test_a_log_cannot_speak_for_another() -> None:
    foreign = sign(Checkpoint("other.test/log", 0, EMPTY_ROOT), OTHER_PRIVATE)
    stolen = Note(foreign.text, sign(CHECKPOINT, LOG_PRIVATE).signatures)
    with pytest.raises(ValueError, match="does not hold"):
        opened(stolen, KEY)


def test_unknown_signatures_are_passed_over() -> None:
    more = parse_signatures("\u2014 ünknown.example/x AAAAAAAA\n")
    assert opened(NOTE.joined(more), KEY) == CHECKPOINT


def test_a_cosignature_names_the_second_at_which_it_was_given() -> None:
    signed = NOTE.joined([cosign(NOTE.text, WITNESS.name, WITNESS_PRIVATE, 1_700_000_000)])
    assert witnesses(Note.parse(str(signed)), [WITNESS]) == {"witness.example/w1": 1_700_000_000}
    assert witnesses(signed, [verifier(WITNESS.name, OTHER_PRIVATE, WITNESS_KEY)]) == {}
    later = Note(signed.text.replace("\n0\n", "\n7\n"), signed.signatures)
    assert witnesses(later, [WITNESS]) == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\n\u2014 name\n",
        "text\n\n- name AAAAAAAA\n",
        "text\n\n\u2014 name AAAA\n",
        "text\n\n\u2014 na+me AAAAAAAA\n",
        "text\n\n\u2014 name AAAAAAA=x\n",
        "text\n\n\u2014 name AAAAAAAA",
        "te\tx\n\n\u2014 name AAAAAAAA\n",
        "text\n\n" + "\u2014 name AAAAAAAA\n" * 17,
        "x" * 20_000 + "\n\n\u2014 name AAAAAAAA\n",
    ],
)
def test_what_is_not_a_note_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"note|base64"):
        Note.parse(text)


ROOT = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


@pytest.mark.parametrize(
    "text",
    [
        f"o\n1\n{ROOT}",
        f"o\n1\n{ROOT}\nmore\n",
        f"o\n01\n{ROOT}\n",
        f"o\n-1\n{ROOT}\n",
        f"o\n+1\n{ROOT}\n",
        f"o\n{2**53}\n{ROOT}\n",
        f"o\n1\n{ROOT[:-1]}\n",
        "o\n1\nAAAA\n",
        f"o o\n1\n{ROOT}\n",
        f"\n1\n{ROOT}\n",
        f"o\n1\n{ROOT.replace('U=', 'V=')}\n",
    ],
)
def test_what_is_not_a_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"checkpoint|base64"):
        Checkpoint.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000+AAAA",
        GO_KEY.replace("c74f", "c74e"),
        "a b" + GO_KEY,
        GO_KEY + "=",
    ],
)
def test_what_is_not_a_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"verifier key|base64"):
        VerifierKey.parse(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "ä", "x" * 201])
def test_a_key_needs_a_plain_name(name: str) -> None:
    with pytest.raises(ValueError, match="name a key"):
        verifier(name, LOG_PRIVATE)
