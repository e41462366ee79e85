"""Mutants of the rules that change nothing that matters; each with the reason."""

from __future__ import annotations

from typing import Final

EQUIVALENT: Final[dict[str, str]] = {
    "worker/domain/roster/versions.py::_written: at = datetime.fromisoformat(text) if text[:4].isdecimal() "
    "else parsedate_to_datetime(text) => at = datetime.fromisoformat(text) if text[:(3)].isdecimal() else "
    "parsedate_to_datetime(text)": "a year has four digits and a day two: no time begins with three",
    "worker/domain/roster/terms.py::_in_grace: end = max((term.end for term in dated if term.end is not None "
    "and term.end < today), default=None) => end = max((term.end for term in dated if term.end is not None "
    "and term.end <= today), default=None)": "a term that ends today still runs, so that there is no gap",
    "worker/domain/roster/staging.py::_applies: return event.modified > current.modified => return "
    "event.modified >= current.modified": "the two times differ there",
    'worker/domain/roster/records.py::Student.value: if value.__class__ is str and "!" <= value < "\\x7f": # '
    'as nearly all are: see `is_blank` => if value.__class__ is str and "!" < value < "\\x7f": # as nearly '
    "all are: see `is_blank`": "it only spares a look: the slower answer is the same",
    "worker/domain/roster/canonical.py::_is_plain: return all(map(_is_plain, [one for one in values if "
    "one.__class__ not in _PLAIN])) => return all(map(_is_plain, [one for one in values if (True or "
    "(one.__class__ not in _PLAIN))]))": "it only spares a call for each plain value",
    "worker/domain/review/causes/labels.py::_label: if text and not is_blank(text) and _is_public(text, "
    "vocabulary): => if ((not is_blank(text)) and (_is_public(text, vocabulary))):": (
        "no text is blank as well; the condition says that there is one"
    ),
    "worker/domain/review/kept_suggestions.py::is_wanted: return count * 100 > tally.students * FEW_PERCENT "
    "=> return count * 100 > tally.students // FEW_PERCENT": "one percent: dividing by it is the same",
}
