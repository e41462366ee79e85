"""Passwords: hashed with Argon2id, compared in a thread, a few at a time."""

from __future__ import annotations

import asyncio
import secrets
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_A_TIME: Final = 2
"""Each takes 64 MiB and some processor while it lasts: a storm of log-ins must not take the machine."""


class Passwords:
    """Hashes and compares with the library's own parameters, which follow the recommendations."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = asyncio.Semaphore(AT_A_TIME)
        self._decoy: str | None = None

    async def hash(self, password: str) -> str:
        """Return what may be stored of a password."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def fits(self, password: str, password_hash: str | None) -> bool:
        """Whether the password is the hashed one; without a hash it takes as long, and is not.

        So nobody learns by the clock which names there are.
        """
        if self._decoy is None:
            self._decoy = await self.hash(secrets.token_urlsafe())
        async with self._turns:
            fits = await asyncio.to_thread(self._compare, password_hash or self._decoy, password)
        return fits and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than the present ones."""
        return self._hasher.check_needs_rehash(password_hash)

    def _compare(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False
