"""How channels are called where addresses must not be: by their kind and a digest."""

from __future__ import annotations

import hashlib
from typing import Final

DIGITS: Final = 8


def channel_name(kind: str, address: str) -> str:
    """Return the name of a channel in logs and tables; the address, which may be a secret, is not in it."""
    return f"{kind}-{hashlib.sha256(address.encode()).hexdigest()[:DIGITS]}"
