"""Six words that a person compares: what an owner's side and an edge each know of all the keys.

The words are made of syllables, not taken from a list: sixteen consonants, four vowels, sixteen
consonants, two vowels are the eleven bits of one word. A hub may vary its own keys to look for a
collision, on both sides at once; the slow derivation makes each try dear.
"""

from dataclasses import dataclass
from hashlib import pbkdf2_hmac
from typing import Final

from consentry.kernel.canonical import encode

WORDS: Final = 6
ROUNDS: Final = 600_000
_BITS: Final = 11
_CONSONANTS: Final = "bdfghjklmnprstvz"
_VOWELS: Final = "aeio"
_LAST_VOWELS: Final = "au"
_SALT: Final = b"consentry/words/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """The keys, in hex, and the origin that an edge and an owner must agree on."""

    origin: str
    owner_key: str
    edge_key: str
    log_key: str
    ticket_key: str


def six_words(pinned: Pinned) -> str:
    """The words over one set of keys, in small letters, with single spaces."""
    data = encode(
        {
            "origin": pinned.origin,
            "owner": pinned.owner_key,
            "edge": pinned.edge_key,
            "log": pinned.log_key,
            "ticket": pinned.ticket_key,
        }
    )
    digest = pbkdf2_hmac("sha256", data, _SALT, ROUNDS)
    number = int.from_bytes(digest, "big") >> (len(digest) * 8 - WORDS * _BITS)
    return " ".join(word(number >> (_BITS * place)) for place in reversed(range(WORDS)))


def word(number: int) -> str:
    """The word of a number's lowest eleven bits."""
    return (
        _CONSONANTS[number >> 7 & 15]
        + _VOWELS[number >> 5 & 3]
        + _CONSONANTS[number >> 1 & 15]
        + _LAST_VOWELS[number & 1]
    )


def same_words(typed: str, words: str) -> bool:
    """As a person types them: any case, any space between."""
    return typed.lower().split() == words.split()
