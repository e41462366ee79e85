"""A district is asked for the first suggestion of its latest review or search, or for nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.builders.suggestions import AT_EIGHT, AT_NINE, AT_TEN, HOMEROOM, search_at, suggestion
from worker.domain.review.suggestion_texts import StudentsPlaced
from worker.onboarding.district_store import RulesAsked
from worker.onboarding.rules_request import NoSharingRules, NoSuggestions, rules_to_request

Json = dict[str, Any]
OURS = suggestion("ours", sharing_rules=False, filter={"current_term_only": True})


def details(review: Json | None = None, search: Json | None = None) -> Json:
    return {"district_id": "larkspur", "review": review, "search": search}


def reviewed(*suggestions: Json) -> Json:
    return {"decided_at": AT_NINE, "suggestions": list(suggestions)}


def test_the_first_suggestion_is_asked_for_with_the_students_it_places() -> None:
    two = suggestion(f'{HOMEROOM}; and match all sections where grade is one of "9", "10"')

    assert rules_to_request(details(reviewed(two, suggestion("another")))) == RulesAsked(
        (HOMEROOM, 'Match all sections where grade is "9"', 'Match all sections where grade is "10"'),
        StudentsPlaced(exactly_one=9, none=1, several=0),
    )


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (details(reviewed(suggestion("review")), search_at(AT_EIGHT, suggestion("search"))), "review"),
        (details(reviewed(suggestion("review")), search_at(AT_TEN, suggestion("search"))), "search"),
        (details(None, search_at(AT_EIGHT, suggestion("search"))), "search"),
    ],
)
def test_of_a_review_and_a_search_the_later_one_counts(found: Json, text: str) -> None:
    assert rules_to_request(found).rules == (text,)


def test_a_first_suggestion_that_clever_cannot_say_is_refused_though_the_second_could_be_shared() -> None:
    with pytest.raises(NoSharingRules) as refused:
        rules_to_request(details(reviewed(OURS, suggestion())))

    assert str(refused.value) == (
        "the first suggestion does not work as sharing rules in Clever, because it keeps only sections of "
        "current terms. Our own section filter can do it"
    )


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (details(), "the district is not in review"),
        ({"district_id": "larkspur"}, "the district is not in review"),
        (details(reviewed()), "no suitable section filter was found"),
        (details(reviewed(suggestion()), search_at(AT_TEN)), "no suitable section filter was found"),
    ],
)
def test_without_a_suggestion_nothing_is_asked_for(found: Json, why: str) -> None:
    with pytest.raises(NoSuggestions, match=f"no sharing rules to request, because {why}$"):
        rules_to_request(found)
