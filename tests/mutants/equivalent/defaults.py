"""Mutants of defaults that nothing uses but tests of something else; each with the reason."""

from __future__ import annotations

from typing import Final

_GIVEN: Final = "the program gives the value wherever it builds one; only tests leave it out"
_DOMAIN: Final = "worker/domain"
_EVALUATE: Final = "worker/pipeline/evaluate/state.py::DistrictState"
_NUMBERS: Final = (
    f"{_DOMAIN}/alerts/incidents.py::Memory: returns",
    f"{_DOMAIN}/onboarding/todo.py::TodoFacts: mails_waiting",
    f"{_EVALUATE}: committed_digest",
    f"{_EVALUATE}: outbox_position",
    f"{_EVALUATE}: search_input_batch",
    "worker/pipeline/poll/baseline_store.py::Run: repeated",
)
_FLAGS: Final = (
    f"{_DOMAIN}/preflight/checks.py::DistrictContext: has_baseline",
    f"{_EVALUATE}: is_confirmed",
)
_NO_REMOVALS: Final = "used where no removal is known, and then no class is looked at"
_CLASSES: Final = f"{_DOMAIN}/review/causes/facts.py::Removals: classes"

EQUIVALENT: Final[dict[str, str]] = {
    **{
        f"{name}: int = 0 => {name.rpartition(' ')[2]}: int = {one}": _GIVEN
        for name in _NUMBERS
        for one in ("1", "(-1)")
    },
    **{f"{name}: bool = False => {name.rpartition(' ')[2]}: bool = True": _GIVEN for name in _FLAGS},
    f"{_DOMAIN}/onboarding/transitions.py::DistrictFacts: commits: int = 0 => commits: int = (-1)": _GIVEN,
    f"{_CLASSES}_committed: int = 0 => classes_committed: int = 1": _NO_REMOVALS,
    **{
        f"{_CLASSES}_{which}: int = 0 => classes_{which}: int = {one}": _NO_REMOVALS
        for which in ("new", "removed")
        for one in ("1", "(-1)")
    },
    "worker/pipeline/poll/baseline_store.py::Baselines.begin: over_newer: bool = False, => "
    "over_newer: bool = True,": "the signature of an interface, which nothing runs",
    "worker/adapters/postgres/alerts/deliveries.py::PostgresDeliveries.take_over: "
    "self._known.add(channel) => pass": "it spares a statement that adds nothing the second time",
}
