"""Whose keys count, and what has left the hub, as `trust.json` says it. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from .notes import LOG_KEY, WITNESS_KEY, VerifierKey

VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Whose word counts: the log's key, and so many of these witnesses."""

    log: VerifierKey
    witnesses: tuple[VerifierKey, ...] = ()
    quorum: int = 0

    def __post_init__(self) -> None:
        if self.log.kind != LOG_KEY or any(w.kind != WITNESS_KEY for w in self.witnesses):
            raise ValueError("the policy names a key of the wrong kind")
        if not 0 <= self.quorum <= len({w.name for w in self.witnesses}):
            raise ValueError("the quorum is larger than the number of witnesses")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """The notes are signed texts; empty until the first of its kind has left the hub."""

    policy: Policy
    newest: str = ""
    public: str = ""
    cosigned: str = ""

    def to_json(self) -> str:
        values = {
            "v": VERSION,
            "log": str(self.policy.log),
            "witnesses": [str(key) for key in self.policy.witnesses],
            "quorum": self.policy.quorum,
            "checkpoint": self.newest,
            "public": self.public,
            "cosigned": self.cosigned,
        }
        return json.dumps(values, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def parse(cls, text: str) -> "Trust":
        """Raises ValueError, in words, for anything that is not a trust file."""
        try:
            values = json.loads(text)
            if values["v"] != VERSION or not isinstance(values["quorum"], int):
                raise ValueError("another version")
            return cls._of(values)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a trust file: {error}") from error

    @classmethod
    def _of(cls, values: Mapping[str, Any]) -> "Trust":
        policy = Policy(
            log=VerifierKey.parse(values["log"]),
            witnesses=tuple(map(VerifierKey.parse, values["witnesses"])),
            quorum=values["quorum"],
        )
        newest, public, cosigned = (
            str(values.get(name, "")) for name in ("checkpoint", "public", "cosigned")
        )
        return cls(policy=policy, newest=newest, public=public, cosigned=cosigned)
