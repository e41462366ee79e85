"""The section filter in the console: suggestions adopted; rules written without JavaScript, tried, saved."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest

from tests.support.builders.records import DISTRICT, record_id
from tests.support.builders.suggestions import suggestion
from tests.support.fixtures.console_orders import Browser
from tests.support.fixtures.people import NORTH, Feed, evaluate, fed_once, homeroom
from tests.support.fixtures.store import StoreUnderTest
from worker.console.filter_forms import FilterDraft, draft_from, draft_of
from worker.domain.roster.section_filter import KEEP_ALL, SectionFilter

EVERYBODY = [*range(1, 33)]
HOMEROOMS = {"rules": [{"all": [{"field": "name", "op": "contains", "value": "homeroom"}]}]}
CHESS = {"rules": [{"all": [{"field": "name", "op": "is", "value": "Chess - Quillfeather"}]}]}


def keeping(document: dict[str, Any]) -> SectionFilter:
    return SectionFilter.model_validate(document, strict=False)


def editor(*rules: tuple[str, str, str], version: int = 0, **fields: str) -> list[tuple[str, str]]:
    """Return the editor's form with these rules of one condition each."""
    told = [
        (f"rule-{number}-0-{name}", text)
        for number, rule in enumerate(rules)
        for name, text in zip(("field", "op", "value"), rule, strict=True)
    ]
    return [("version", f"{version}"), ("strategy", "union"), *told, *fields.items()]


def form_of(text: str) -> list[tuple[str, str]]:
    """Return what a browser would send of the editor that it shows, no button pressed."""
    form = text[text.index('<form class="editor"') : text.index("</form>", text.index('class="editor"'))]
    sent = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    sent += re.findall(r'<input id="[^"]+" name="([^"]+)"[^>]*value="([^"]*)"', form)
    sent += re.findall(r'<input type="(?:radio|checkbox)" name="([^"]+)" value="([^"]*)" checked', form)
    sent += re.findall(r'<textarea name="([^"]+)"[^>]*>\n([^<]*)</textarea>', form)
    for name, options in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        sent += [(name, value) for value in re.findall(r'value="([^"]+)" selected', options)]
    return [(name, html.unescape(value)) for name, value in sent]


@pytest.fixture
async def club(store: StoreUnderTest) -> Feed:
    """A club for everybody beside the homerooms, so that the district stands in review."""
    return await fed_once(store, a_club_comes)


async def a_club_comes(feed: Feed) -> None:
    await feed.send(("sections", homeroom(702, NORTH, EVERYBODY, name="Chess - Quillfeather")))
    assert await evaluate(feed.store) == ["review"]


async def in_force(store: StoreUnderTest) -> SectionFilter:
    return (await store.districts.current_filter(DISTRICT)).section_filter


# The page


@pytest.mark.usefixtures("club")
async def test_what_a_later_search_found_is_shown_one_rule_per_line(
    browser: Browser, store: StoreUnderTest
) -> None:
    two = suggestion('Match all sections where grade is one of "9", "10"', cut_short=True)
    named = suggestion() | {"sharing_rules": False, "filter": None, "text": None}
    await store.districts.keep_search(DISTRICT, [two, named])

    text = html.unescape(await browser.of("filter"))

    assert 'Match all sections where grade is "9"\nMatch all sections where grade is "10"<' in text
    assert "9 of 10 students in exactly one class" in text
    assert "1 student would still have no class. The district can set this up as sharing rules" in text
    assert "The search ran out of time, so there may be better suggestions." in text
    assert text.count("<article") == 1


async def test_a_search_for_an_earlier_filter_is_no_longer_shown(
    browser: Browser, store: StoreUnderTest, feed: Feed
) -> None:
    await store.districts.keep_search(DISTRICT, [suggestion()])
    before = await browser.of("filter")
    await store.districts.set_filter(DISTRICT, keeping(HOMEROOMS), "vic")
    await evaluate(feed.store)

    assert "<article" in before
    assert "<article" not in await browser.of("filter")


@pytest.mark.usefixtures("club")
async def test_a_suggestion_that_clever_cannot_do_says_why(browser: Browser, store: StoreUnderTest) -> None:
    ours = suggestion(
        sharing_rules=False,
        filter={"current_term_only": True},
        leftovers=[{"school": None, "grade": "9", "none": 1, "several": 0}],
        leftover_groups=1,
    )
    await store.districts.keep_search(DISTRICT, [ours])

    text = html.unescape(await browser.of("filter"))

    assert (
        "This does not work as sharing rules in Clever, because it keeps only sections of current terms. "
        "Our own section filter can do it." in text
    )
    assert "No school, grade 9: 1 student in no class" in text


@pytest.mark.usefixtures("club")
async def test_a_suggestion_is_adopted_in_one_click(browser: Browser, store: StoreUnderTest) -> None:
    text = await browser.of("filter")
    assert "32 of 32 students in exactly one class" in text
    assert 'Match all sections where name contains "homeroom"' in text

    fields = {name: browser.hidden(name) for name in ("filter", "version")}
    reason = re.search(r'name="reason"[^>]*value="([^"]+)"', text)
    assert reason is not None
    await browser.of("filter/adopt", {**fields, "reason": reason[1]})

    assert (browser.status, browser.address) == (303, f"/districts/{DISTRICT}/filter?done=filter-set")
    assert await in_force(store) == keeping(HOMEROOMS)
    (noted,) = await store.rows("SELECT actor, detail FROM audit WHERE action = 'filter.set'")
    assert noted["actor"] == "local"
    assert noted["detail"]["reason"] == "Suggested: 32 of 32 students in exactly one class"
    assert await evaluate(store) == ["commit"]


@pytest.mark.usefixtures("club")
async def test_a_suggestion_does_not_replace_a_newer_filter(browser: Browser, store: StoreUnderTest) -> None:
    await browser.of("filter")
    fields = {"filter": browser.hidden("filter"), "version": browser.hidden("version"), "reason": "yes"}
    await store.districts.set_filter(DISTRICT, keeping(CHESS), "ada", "mine")

    text = await browser.of("filter/adopt", fields)

    assert browser.status == 409
    assert "ada saved filter version 1" in text.lower()
    assert await in_force(store) == keeping(CHESS)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"filter": json.dumps(HOMEROOMS), "reason": " "}, "expected a reason"),
        ({"filter": "{", "reason": "x"}, "expected JSON"),
        ({"filter": '{"rule": []}', "reason": "x"}, "unknown key"),
    ],
)
@pytest.mark.usefixtures("club")
async def test_what_cannot_be_adopted_is_refused_in_words(
    browser: Browser, store: StoreUnderTest, fields: dict[str, str], told: str
) -> None:
    text = await browser.of("filter/adopt", {**fields, "version": "0"})

    assert browser.status == 422
    assert told.lower() in text.lower()
    assert await in_force(store) == KEEP_ALL


@pytest.mark.usefixtures("feed")
async def test_suggestions_are_looked_for_on_demand(browser: Browser) -> None:
    assert "No suggestions yet" in await browser.of("filter")
    text = await browser.of("filter/suggest", {})

    assert browser.status == 200
    assert "32 of 32 students in exactly one class" in text


@pytest.mark.usefixtures("club")
async def test_the_history_tells_who_set_what_and_why(browser: Browser, store: StoreUnderTest) -> None:
    await store.districts.set_filter(DISTRICT, keeping(CHESS), "ada", "try clubs")
    await store.districts.set_filter(DISTRICT, keeping(HOMEROOMS), "bob", "no, homerooms")
    await evaluate(store)

    text = await browser.of("filter")

    assert "Current filter: version 2" in text
    assert "bob" in text
    assert re.search(r'Version 1, set by ada on <time datetime="[^"]+">[\d: -]+ UTC</time>: try clubs', text)
    assert 'name is "Chess - Quillfeather"' in text
    (looked,) = await store.rows("SELECT actor, district_id FROM audit WHERE action = 'lookup.filter'")
    assert (looked["actor"], looked["district_id"]) == ("local", DISTRICT)


# The editor


@pytest.mark.usefixtures("club")
async def test_a_filter_is_written_with_buttons_alone(browser: Browser, store: StoreUnderTest) -> None:
    await browser.of("filter/edit")
    assert "No rules yet" in browser.text
    assert "Grades in this district: 3." in browser.text

    text = await browser.of("filter/edit", [*form_of(browser.page), ("do", "add-rule")])
    filled = [(n, "homeroom" if n == "rule-0-0-value" else v) for n, v in form_of(browser.page)]
    text = await browser.of("filter/edit", [*filled, ("do", "add-condition-0")])
    assert dict(form_of(browser.page))["rule-0-0-value"] == "homeroom"
    assert dict(form_of(browser.page))["rule-0-1-value"] == ""
    text = await browser.of("filter/edit", [*form_of(browser.page), ("do", "remove-condition-0-1")])
    assert "rule-0-1-value" not in dict(form_of(browser.page))
    assert "Every student has exactly one class" in text
    filled = [(n, "only homerooms count" if n == "reason" else v) for n, v in form_of(browser.page)]
    await browser.of("filter/edit", [*filled, ("do", "save")])

    assert (browser.status, browser.address) == (303, f"/districts/{DISTRICT}/filter?done=filter-set")
    assert await in_force(store) == keeping(HOMEROOMS)


@pytest.mark.usefixtures("club")
async def test_while_one_types_the_count_comes_back_alone(browser: Browser) -> None:
    text = await browser.of("filter/coverage", editor(("name", "contains", "HOME room")))
    assert "Every student has exactly one class" in text
    assert "<html" not in text

    text = await browser.of("filter/coverage", editor(("school", "is", NORTH), ("name", "is", "")))
    assert "Conditions without a value are not counted yet" in text
    assert re.search(r"32</dd>|20 of 32|12 of 32", text)

    text = await browser.of("filter/coverage", editor(("name", "like", "x")))
    assert "Rule 1, condition 1, op: expected one of" in text


@pytest.mark.usefixtures("club")
async def test_a_filter_that_leaves_students_asks_first(browser: Browser, store: StoreUnderTest) -> None:
    form = editor(("name", "is", "nobody's section"), reason="a test", do="save")

    text = await browser.of("filter/edit", form)
    assert browser.status == 422
    assert "32 of 32 students would not have exactly one class" in text
    assert dict(form_of(browser.page))["rule-0-0-value"] == "nobody's section"
    assert dict(form_of(browser.page))["reason"] == "a test"
    assert await in_force(store) == KEEP_ALL

    await browser.of("filter/edit", [*form, ("sure", "yes")])
    assert browser.status == 303
    assert (await store.districts.current_filter(DISTRICT)).version == 1


@pytest.mark.parametrize(
    ("rule", "reason", "told"),
    [
        (("name", "contains", "homeroom"), "", "expected a reason"),
        (("name", "contains", "  "), "x", "rule 1, condition 1, value: expected text that is not blank"),
        (("name", "one_of", ""), "x", "rule 1, condition 1, value: expected at least 1 entry"),
        (("colour", "is", "x"), "x", "rule 1, condition 1, field: expected one of"),
        (("name", "is", "y" * 1001), "x", "expected text of at most 1000 characters"),
    ],
)
@pytest.mark.usefixtures("club")
async def test_what_cannot_be_saved_is_refused_and_kept(
    browser: Browser, store: StoreUnderTest, rule: tuple[str, str, str], reason: str, told: str
) -> None:
    text = await browser.of("filter/edit", editor(rule, reason=reason, do="save"))

    assert browser.status == 422
    assert told in text.lower()
    assert dict(form_of(browser.page))["rule-0-0-value"].strip() == rule[2].strip()
    assert await in_force(store) == KEEP_ALL


@pytest.mark.usefixtures("club")
async def test_a_filter_set_meanwhile_is_shown_first(browser: Browser, store: StoreUnderTest) -> None:
    form = editor(("name", "contains", "homeroom"), reason="mine", do="save")
    await store.districts.set_filter(DISTRICT, keeping(CHESS), "ada", "hers")

    text = await browser.of("filter/edit", form)
    assert browser.status == 409
    assert "ada saved filter version 1" in text.lower()
    assert 'name is "Chess - Quillfeather"' in text
    assert dict(form_of(browser.page))["rule-0-0-value"] == "homeroom"
    assert await in_force(store) == keeping(CHESS)

    await browser.of("filter/edit", [*form_of(browser.page), ("do", "save")])
    assert browser.status == 303
    assert await in_force(store) == keeping(HOMEROOMS)


@pytest.mark.usefixtures("club")
async def test_a_full_trial_tells_the_changes_and_makes_none(browser: Browser, store: StoreUnderTest) -> None:
    text = await browser.of("filter/edit", editor(("name", "contains", "homeroom"), do="trial"))
    assert (browser.status, "No errors: the preflight would pass" in text) == (200, True)

    text = await browser.of("filter/edit", editor(("name", "contains", "chess"), do="trial"))
    assert "No errors: the preflight would pass" in text
    assert "32 of 32 students change class" in text
    assert re.search(r"class</th><td[^>]*>1</td><td[^>]*>2<", text)

    text = await browser.of("filter/edit", editor(("name", "contains", "x"), ("name", "is", ""), do="trial"))
    assert (browser.status, "Rule 2, condition 1, value" in text) == (422, True)
    assert await in_force(store) == KEEP_ALL


@pytest.mark.usefixtures("club")
async def test_a_section_is_tried_without_its_name_in_a_url(browser: Browser, store: StoreUnderTest) -> None:
    rule = {"rule_field": "name", "rule_op": "is", "rule_value": "Chess - Quillfeather"}

    text = await browser.of("filter/edit", rule)

    assert dict(form_of(browser.page))["rule-0-0-value"] == "Chess - Quillfeather"
    assert "Every student has exactly one class" in text
    assert "Quillfeather" not in str(browser.client.session.cookie_jar)
    assert not re.search(r'(?:href|action)="[^"]*Quillfeather', text)
    assert len(await store.rows("SELECT 1 FROM audit WHERE action = 'lookup.filter'")) == 1


@pytest.mark.usefixtures("club")
async def test_an_earlier_filter_is_opened_in_the_editor(browser: Browser) -> None:
    everything = {
        "scope": {"grades": ["3", "4"], "schools": [record_id(999), NORTH]},
        "strategy": "first_match",
        "current_term_only": True,
        "rules": [{"all": [{"field": "name", "op": "one_of", "value": ["A", "B"]}]}],
    }

    await browser.of("filter/edit", {"filter": json.dumps(everything)})

    schools = tuple(value for name, value in form_of(browser.page) if name == "school")
    assert draft_from(dict(form_of(browser.page)), schools).to_filter() == keeping(everything)
    await browser.of("filter/edit", {"filter": '{"rules": 3}'})
    assert (browser.status, "cannot be opened" in browser.text) == (422, True)


# Drafts


def rule_values(draft: FilterDraft) -> list[list[str]]:
    return [[one.value for one in rule] for rule in draft.rules]


def test_rules_are_added_moved_and_removed() -> None:
    draft = draft_of(KEEP_ALL, 3).with_rule("name", "is", "a").with_rule("period", "is", "b")

    assert rule_values(draft.pressed("down-0")) == [["b"], ["a"]]
    assert rule_values(draft.pressed("up-1")) == [["b"], ["a"]]
    assert rule_values(draft.pressed("remove-rule-0")) == [["b"]]
    assert rule_values(draft.pressed("remove-condition-1-0")) == [["a"]]
    assert rule_values(draft.pressed("add-condition-1")) == [["a"], ["b", ""]]
    assert rule_values(draft.pressed("add-rule")) == [["a"], ["b"], [""]]


@pytest.mark.parametrize(
    "button", ["up-0", "down-1", "remove-rule-9", "count", "", "add-condition-9", "up-x"]
)
def test_a_button_that_means_nothing_changes_nothing(button: str) -> None:
    draft = draft_of(KEEP_ALL, 3).with_rule("name", "is", "a").with_rule("period", "is", "b")

    assert draft.pressed(button) == draft


def test_no_form_grows_without_end() -> None:
    draft = draft_of(KEEP_ALL, 0)
    for _ in range(100):
        draft = draft.pressed("add-rule").pressed("add-condition-0")

    assert (len(draft.rules), len(draft.rules[0])) == (60, 20)


@pytest.mark.usefixtures("club")
async def test_an_unknown_scope_is_told_typed_and_in_force(browser: Browser, store: StoreUnderTest) -> None:
    told = "which no shared student or school has"
    form = editor(("name", "contains", "homeroom"), do="count", grades="3, K")

    typed = html.unescape(await browser.of("filter/edit", form))
    await store.districts.set_filter(DISTRICT, keeping({"scope": {"grades": ["3", "K"]}, **HOMEROOMS}), "ada")
    await evaluate(store)
    shown = html.unescape(await browser.of("filter"))
    listed = await browser.of("findings?code=filter.scope_matches_nothing")

    assert f"the scope names the grade 'K', {told}" in typed
    assert f"the scope names the grade 'K', {told}" in shown
    assert (typed.count(told), shown.count(told)) == (1, 1)
    assert "<code>grades</code>: K" in listed


async def chess_is_confirmed(browser: Browser, store: StoreUnderTest) -> None:
    """Check that the club's filter is in force and that its first commit needs nobody's approval."""
    assert browser.status == 303
    assert await in_force(store) == keeping(CHESS)
    assert await evaluate(store) == ["commit"]
    assert (await store.districts.show(DISTRICT))["status"] == "rostered"


@pytest.mark.usefixtures("club")
async def test_a_moving_filter_is_saved_with_figures_ticked(browser: Browser, store: StoreUnderTest) -> None:
    form = editor(("name", "is", "Chess - Quillfeather"), reason="clubs now", do="save")

    text = await browser.of("filter/edit", form)
    assert browser.status == 409
    assert "32 of 32 students change class" in text
    assert await in_force(store) == KEEP_ALL
    await browser.of("filter/edit", [*form, ("confirmed", "31-0")])
    assert browser.status == 409

    await browser.of("filter/edit", [*form, ("confirmed", browser.hidden("confirmed"))])
    await chess_is_confirmed(browser, store)


@pytest.mark.usefixtures("club")
async def test_a_moving_suggestion_needs_its_figures_ticked(browser: Browser, store: StoreUnderTest) -> None:
    form = {"filter": json.dumps(CHESS), "version": "0", "reason": "clubs now"}

    text = await browser.of("filter/adopt", form)
    assert (browser.status, "32 of 32 students change class" in text) == (409, True)
    assert await in_force(store) == KEEP_ALL

    ticked = {name: browser.hidden(name) for name in ("filter", "version", "confirmed")}
    await browser.of("filter/adopt", form | ticked)
    await chess_is_confirmed(browser, store)


@pytest.mark.usefixtures("club")
async def test_a_held_filter_shows_its_changes_on_its_plan(browser: Browser, store: StoreUnderTest) -> None:
    await store.districts.set_filter(DISTRICT, keeping(CHESS), "ada")
    await evaluate(store)

    text = await browser.of("plan")
    assert "district.class_change" in text
    assert "32 of 32 change class" in text
    await browser.of("plan/approve", {"plan": browser.hidden("plan"), "reason": "clubs now"})

    assert browser.status == 303
    assert await evaluate(store) == ["commit"]
