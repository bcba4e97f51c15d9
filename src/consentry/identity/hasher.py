"""Passwords under argon2id: dear to guess, and never more than two at a time.

Hashing runs on two threads of its own, outside every transaction; whoever comes while the waiting
room is full is told to come back.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from consentry.kernel.errors import ExhaustedError

MEMORY_KIB: Final = 64 * 1024
PASSES: Final = 3
AT_ONCE_MAX: Final = 2
WAITING_MAX: Final = 32

T = TypeVar("T")


class Hasher:
    """`memory_kib` and `passes` are smaller in tests alone."""

    def __init__(self, *, memory_kib: int = MEMORY_KIB, passes: int = PASSES) -> None:
        self._argon2 = PasswordHasher(
            time_cost=passes, memory_cost=memory_kib, parallelism=1, type=Type.ID
        )
        self._threads = ThreadPoolExecutor(AT_ONCE_MAX, "hash")
        self._inside = 0
        # Checked for names that nobody has, so that they cost the same as a wrong password.
        self._nobody = f"$argon2id$v=19$m={memory_kib},t={passes},p=1${'A' * 22}${'A' * 43}"

    async def hash(self, password: str) -> str:
        return await self._wait(lambda: self._argon2.hash(password))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password is the stored one. None stands for nobody: same cost, never true."""
        matches = await self._wait(lambda: self._matches(stored or self._nobody, password))
        return matches and stored is not None

    def hash_now(self, password: str) -> str:
        """For commands and generators, which may wait: one hash can serve many accounts."""
        return self._argon2.hash(password)

    def close(self) -> None:
        self._threads.shutdown()

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._argon2.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _wait(self, work: Callable[[], T]) -> T:
        if self._inside >= AT_ONCE_MAX + WAITING_MAX:
            raise ExhaustedError("Too many people are signing in at once.", retry_after_s=2)
        self._inside += 1
        try:
            return await asyncio.wrap_future(self._threads.submit(work))
        finally:
            self._inside -= 1
