"""A filter that puts students into another class is saved by a person who saw how many, and ticked it."""

from __future__ import annotations

import asyncio
from typing import Final

from worker.console.console import Console
from worker.domain.preflight.turnover import Confirmation, FilterEffect
from worker.domain.roster.section_filter import SectionFilter
from worker.operations.trial.service import filter_effect
from worker.runtime.errors import FilterUnconfirmed, TrialTooLong

FIGURES_SECONDS: Final = 40.0
"""For the figures: where they take longer the filter is saved without, and its guards ask later."""


class Unconfirmed(FilterUnconfirmed):
    """Carries the figures to the form that asks."""

    def __init__(self, effect: FilterEffect) -> None:
        super().__init__(
            f"{effect.text} with this filter. To confirm, tick the box below and save again. The first "
            "commit "
            "with this filter then needs no approval for these students"
        )
        self.effect = effect


async def confirmed_moves(
    console: Console, district_id: str, section_filter: SectionFilter, ticked: str
) -> Confirmation | None:
    """Return what a person confirms, by the figures that were `ticked`; else raises `Unconfirmed`."""
    try:
        async with asyncio.timeout(FIGURES_SECONDS):
            effect = await filter_effect(console.trials, district_id, section_filter)
    except (TimeoutError, TrialTooLong):
        return None
    if effect is None or not effect.needs_confirmation:
        return None
    if not effect.was_shown_by(ticked):
        raise Unconfirmed(effect)
    return effect.moves
