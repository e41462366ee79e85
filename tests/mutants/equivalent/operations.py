"""Mutants of statements (operations) that change nothing that matters; each with the reason."""

from __future__ import annotations

from typing import Final

EQUIVALENT: Final[dict[str, str]] = {}
