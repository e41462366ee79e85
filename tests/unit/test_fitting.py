"""A review is never larger than a message may be."""

from __future__ import annotations

from typing import Any

from worker.domain.messages.size_limit import LARGEST, truncated
from worker.domain.roster.canonical import canonical

SCHOOLS = [f"{number:024x}" for number in range(1800)]
LONG = "i" * 128


def review(
    *, suggestions: int = 0, rules: int = 4, items: int = 0, causes: int = 0, of: str = LONG
) -> dict[str, Any]:
    """Return a review of a large district, as far as its lists make it large."""
    at_half = {"all": [{"field": "school", "op": "one_of", "value": SCHOOLS[:900]}]}
    names = ", ".join(f'"Larkspur Memorial Elementary School {number}"' for number in range(900))
    return {
        "district_id": "d1",
        "findings": {
            "errors": items,
            "items": [{"id": f"{number}", "sections": [of] * 20} for number in range(items)],
        },
        "suggestions": [
            {"place": place, "filter": {"rules": [at_half] * rules}, "text": names * rules}
            for place in range(suggestions)
        ],
        "causes": [{"advice": "a" * 40_000, "place": place} for place in range(causes)],
    }


def size(told: dict[str, Any]) -> int:
    return len(canonical(told).encode())


def test_a_review_that_fits_is_told_whole() -> None:
    whole = review(suggestions=2, items=500, of="5" * 24)

    assert size(whole) < LARGEST
    assert truncated(whole) == whole


def test_suggestions_after_the_first_go_before_findings_do() -> None:
    whole = review(suggestions=5, items=500, of="5" * 24)

    told = truncated(whole)

    assert size(whole) > LARGEST
    assert size(told) <= LARGEST
    assert [one["place"] for one in told["suggestions"]] == [0, 1]
    assert told["findings"] == whole["findings"]


def test_findings_go_before_the_best_suggestion_does_and_are_still_counted() -> None:
    told = truncated(review(suggestions=5, items=500))

    assert size(told) <= LARGEST
    assert len(told["suggestions"]) == 1
    assert 250 < len(told["findings"]["items"]) < 500
    assert told["findings"]["errors"] == 500


def test_a_review_loses_no_more_than_it_must_to_fit_to_the_byte() -> None:
    def with_so_many(suggestions: int, items: int, causes: int) -> dict[str, Any]:
        findings = {"items": ["ii", "iii"][:items]}
        return {
            "suggestions": ["s", "ss", "sss"][:suggestions],
            "findings": findings,
            "causes": ["c", "cc"][:causes],
        }

    counts = [(3, 2, 2), (2, 2, 2), (1, 2, 2), (1, 1, 2), (1, 0, 2), (0, 0, 2), (0, 0, 1), (0, 0, 0)]
    smaller = [with_so_many(*each) for each in counts]

    for limit in range(size(smaller[-1]), size(smaller[0]) + 2):
        assert truncated(smaller[0], limit) == next(one for one in smaller if size(one) <= limit)
    assert truncated(smaller[0], 1) == smaller[-1], "nothing else can go"


def test_whatever_is_in_them_no_review_is_too_large() -> None:
    told = truncated(review(suggestions=5, rules=40, items=500, causes=60))

    assert size(told) <= LARGEST
    assert (told["suggestions"], told["findings"]["items"]) == ([], [])
    assert [one["place"] for one in told["causes"]] == list(range(len(told["causes"])))
    assert 20 <= len(told["causes"]) < 60
