"""Passwords: hashed with Argon2id, compared in a thread, a few at a time."""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

Result = TypeVar("Result")
NICE: Final = 10
"""How far a thread of passwords, and those it begins, stand behind the one that answers everybody."""
AT_A_TIME: Final = 2
"""Each takes 64 MiB and some processor while it lasts: a storm of log-ins must not take the machine."""


class Passwords:
    """Hashes passwords, and compares them with hashes; by the library's own parameters, as is recommended."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="passwords", initializer=_give_way)
        self._decoy: str | None = None

    async def hash(self, password: str) -> str:
        """Return what may be stored of a password."""
        return await self._in_thread(self._hasher.hash, password)

    async def fits(self, password: str, password_hash: str | None) -> bool:
        """Whether the password is the hashed one; without a hash it takes as long, and is not.

        So nobody learns by the clock which names there are.
        """
        if self._decoy is None:
            self._decoy = await self.hash(secrets.token_urlsafe())
        fits = await self._in_thread(self._compare, password_hash or self._decoy, password)
        return fits and password_hash is not None

    async def _in_thread(self, work: Callable[..., Result], *arguments: str) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than the present ones."""
        return self._hasher.check_needs_rehash(password_hash)

    def _compare(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False


def _give_way() -> None:
    with suppress(OSError, AttributeError):  # no such thing on this system
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
