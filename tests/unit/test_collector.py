"""The collector of cycles works seldom as long as anybody asks for it."""

from __future__ import annotations

import gc

import pytest

from worker.runtime.collector import SELDOM, seldom


def test_it_works_seldom_until_the_last_who_asks_has_ended() -> None:
    usual = gc.get_threshold()
    first, second = seldom(), seldom()

    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert gc.get_threshold() == SELDOM
    second.__exit__(None, None, None)

    assert gc.get_threshold() == usual != SELDOM


def test_it_works_as_before_after_an_error() -> None:
    usual = gc.get_threshold()

    with pytest.raises(ValueError, match="an evaluation"), seldom():
        raise ValueError("an evaluation")

    assert gc.get_threshold() == usual
