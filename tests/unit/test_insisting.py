"""What became of a mail is told to the store again while that is away."""

from __future__ import annotations

import pytest

from worker.mail import send as mail_module
from worker.mail.send import insist
from worker.runtime.errors import StoreRefused, StoreUnavailable


class Monotonic:
    """A monotonic clock, and a sleep that puts it forward."""

    def __init__(self, step: float = 0.0) -> None:
        self.now, self.step = 1000.0, step

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += self.step


@pytest.mark.parametrize(("step", "tries"), [(15.0, 2), (14.9, 3), (5.0, 4)])
async def test_the_store_is_told_again_while_it_is_away_for_no_longer_than_a_process_has_to_end(
    monkeypatch: pytest.MonkeyPatch, step: float, tries: int
) -> None:
    clock, said = Monotonic(step), list[int]()
    monkeypatch.setattr(mail_module, "time", clock)
    monkeypatch.setattr(mail_module, "asyncio", clock)

    async def say() -> None:
        said.append(1)
        assert len(said) < 10, "it must not go on for ever"
        raise StoreUnavailable("away")

    with pytest.raises(StoreUnavailable):
        await insist(say)

    assert len(said) == tries


async def test_the_store_is_told_once_if_it_listens_or_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_module, "asyncio", Monotonic())
    answers: list[str | Exception] = [StoreUnavailable("away"), "told"]

    async def say() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert await insist(say) == "told"
    answers.append(StoreRefused("a value"))
    with pytest.raises(StoreRefused):
        await insist(say)
    assert answers == []
