"""Texts that nothing can keep: PostgreSQL takes no NUL, and UTF-8 has no lone surrogates."""

from __future__ import annotations

import re
from typing import Any, Final

_IMPOSSIBLE: Final = re.compile("[\x00\ud800-\udfff]")


def can_be_kept(value: Any) -> bool:
    """Whether a text can be stored and sent; of any other JSON, whether each text in it can."""
    match value:
        case str():
            return _IMPOSSIBLE.search(value) is None
        case list():
            return all(map(can_be_kept, value))
        case dict():
            return all(can_be_kept(name) and can_be_kept(one) for name, one in value.items())
    return True
