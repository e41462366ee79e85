"""The mutants that no test needs to notice, each with the reason: it changes nothing that matters."""

from __future__ import annotations

from typing import Final

EQUIVALENT: Final[dict[str, str]] = {}
"""Reasons by the name of a mutant, as `make mutants` prints it."""
