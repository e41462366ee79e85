"""The table of mistakes, in parts by what changes."""

from __future__ import annotations

from typing import Final

from tests.mistakes.mistake import Mistake
from tests.mistakes.table import sections

MISTAKES: Final[list[Mistake]] = [*sections.TABLE]
