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
    "worker/domain/review/causes/labels.py::_label: if text and not is_blank(text) and vocabulary."
    "is_public_text(text): => if ((not is_blank(text)) and (vocabulary.is_public_text(text))):": (
        "no text is blank as well; the condition says that there is one"
    ),
    "worker/domain/review/kept_suggestions.py::is_wanted: return count * 100 > tally.students * FEW_PERCENT "
    "=> return count * 100 > tally.students // FEW_PERCENT": "one percent: dividing by it is the same",
    "worker/domain/mail/quiet_hours.py::next_allowed: first = next(end for end in ends if end > now) "
    "=> first = next(end for end in ends if end >= now)": ("what is put off is quiet, and an end is not"),
    "worker/domain/mail/quiet_hours.py::next_allowed: day = local.date() + "
    "timedelta(days=local.time() >= quiet.end) => day = local.date() + timedelta(days=local.time() > "
    "quiet.end)": ("the time of the end itself is not quiet, so that nothing is put off then"),
    'worker/domain/mail/bounces.py::_text: return " ".join(str(each.get("Message-ID", "")) for each '
    'in payload if isinstance(each, Message)) => return " ".join(str(each.get("Message-ID", "")) for '
    "each in payload if (True or (isinstance(each, Message))))": (
        "each part of a list is a message; the condition says so to the type checker"
    ),
    "worker/domain/mail/bounces.py::_blocks: return [each for each in payload if isinstance(each, "
    "Message)] if isinstance(payload, list) else [] => return [each for each in payload if (True or "
    "(isinstance(each, Message)))] if isinstance(payload, list) else []": (
        "each part of a list is a message; the condition says so to the type checker"
    ),
    "worker/domain/onboarding/states.py::target: return ends[0] if len(ends) == 1 else None => "
    "return ends[(-1)] if len(ends) == 1 else None": ("of one end the first is the last"),
    "worker/domain/roster/canonical.py::_is_plain: return all(map(_is_plain, [one for one in values "
    "if one.__class__ not in _PLAIN])) => return any(map(_is_plain, [one for one in values if "
    "one.__class__ not in _PLAIN]))": (
        "nothing but plain scalars is then plain: the slower way gives the same text"
    ),
    "worker/domain/review/causes/folding.py::_order: weight = max(filter(None, (cause.students, "
    "cause.removed, cause.class_changes)), default=0) => weight = max(filter(None, (cause.students, "
    "cause.removed, cause.class_changes)), default=(-1))": (
        "what blocks, removes and moves nobody comes last either way"
    ),
}
