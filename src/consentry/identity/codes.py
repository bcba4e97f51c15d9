"""One-time codes: typed once, five tries, each wrong one with a longer wait."""

from dataclasses import replace

from consentry.kernel.errors import ConflictError

from . import proofs
from .guesses import Slowing, key_of
from .model import CodeKind, OneTimeCode
from .ports import Means, Stores
from .rules import ADDRESS, CODE, CODE_TRIES_MAX

DRAWS_MAX = 8


class OneTimeCodes:
    def __init__(self, stores: Stores, means: Means) -> None:
        self._codes = stores.codes
        self._means = means
        self._slowing = Slowing(stores.guesses, means.clock)

    def make(self, blank: OneTimeCode) -> str:
        """Store a code with a fresh handle and secret; the text exists here and nowhere else."""
        self._codes.sweep(self._means.clock.now())
        for _ in range(DRAWS_MAX):
            text = proofs.new_code(self._means.randomness(proofs.CODE_LENGTH))
            handle, secret_hash = proofs.split_code(text)
            if self._codes.get(handle) is None:
                self._codes.put(replace(blank, handle=handle, secret_hash=secret_hash))
                return text
        raise ConflictError("Too many codes are waiting. Try again.", slug="too_many_codes")

    def check(self, kind: CodeKind, typed: str, address: str) -> OneTimeCode | None:
        """The code that was typed, or None. A wrong try is counted; the fifth ends the code.

        Raises ExhaustedError to make a guesser wait.
        """
        self._slowing.take(key_of("address", address), ADDRESS)
        handle, secret_hash = proofs.split_code(typed)
        # There is one set-up code at a time, so whatever is typed is a try at it.
        code = self._codes.newest(kind) if kind is CodeKind.SET_UP else self._codes.get(handle)
        if code is None or code.kind is not kind or self._means.clock.now() >= code.expires_at:
            return None
        self._slowing.take(key_of("code", code.handle), CODE)
        right = proofs.same(code.handle + code.secret_hash, handle + secret_hash)
        if not right:
            self._count(code)
            return None
        self._slowing.give_back(key_of("address", address))
        self._slowing.give_back(key_of("code", code.handle))
        return code

    def take(self, code: OneTimeCode) -> bool:
        """Use it up. False where another was quicker."""
        self._slowing.forgive(key_of("code", code.handle))
        return self._codes.take(code.handle)

    def _count(self, code: OneTimeCode) -> None:
        if code.tries + 1 >= CODE_TRIES_MAX:
            self.take(code)
        else:
            self._codes.put(replace(code, tries=code.tries + 1))
