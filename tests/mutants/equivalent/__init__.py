"""The mutants that no test needs to notice, each with the reason: it changes nothing that matters."""

from __future__ import annotations

from typing import Final

from tests.mutants.equivalent import (
    causes,
    defaults,
    domain,
    evaluation,
    guards,
    ingest,
    onboarding,
    operations,
    poll,
    program,
)

EQUIVALENT: Final[dict[str, str]] = {
    name: reason
    for part in (program, causes, defaults, domain, evaluation, guards, ingest, onboarding, operations, poll)
    for name, reason in part.EQUIVALENT.items()
}
"""Reasons by the name of a mutant, as `make mutants` prints it."""
