"""The sentences of causes, read from `texts.toml`: each once, by the code of its cause."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

UNKNOWN: Final = "{errors} with the code {code}. Please report this as a bug."
"""What is said of a code that has no sentence."""


@cache
def texts() -> Mapping[str, str]:
    """Return the sentences by code; words in braces are properties of `words.Words`."""
    file = resources.files(__package__).joinpath("texts.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))
