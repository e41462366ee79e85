"""The tool that puts faults into the program makes the right ones, and nothing else."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.mutants.__main__ import report, share
from tests.mutants.district_mutants import district_mutants
from tests.mutants.edit import Mutant
from tests.mutants.equivalent import EQUIVALENT
from tests.mutants.fitting_tests import ALSO, FittingTests
from tests.mutants.groups import GROUPS, ROOT, of_districts, of_file, sample
from tests.mutants.outcome import INVALID, NOTICED, SURVIVED, TIMED_OUT, Outcome
from tests.mutants.python_mutants import python_mutants
from tests.mutants.sql_mutants import sql_mutants

TOY = '''"""Ünï < code."""

LIMIT = 500


def is_due(age: int, *, open: bool = True) -> bool:
    """Return age > 1."""
    log.info("due", more=age + 1)
    if not open:
        raise ValueError
    return age >= LIMIT and age < 7 * LIMIT
'''

STATEMENT = """-- name: take
-- Takes the first; WHERE a AND b.
SELECT id FROM deliveries d
WHERE d.channel = $1 AND d.at BETWEEN $2 AND $3 AND (d.open IS NULL OR NOT d.dead)
ORDER BY d.at DESC, d.id LIMIT 1 FOR UPDATE SKIP LOCKED
"""

FAULT = Mutant("toy.py", "is_due", 0, 1, "2", "before", "after")


def changed(mutants: list[Mutant]) -> set[str]:
    """Return what each mutant puts in."""
    return {mutant.text for mutant in mutants}


def test_a_function_has_the_mutants_of_its_conditions_constants_and_statements() -> None:
    mutants = python_mutants(TOY, "toy.py")

    expected = {">", "<=", "False", "bool(open)", "pass", "8", "(6)", "//"}
    expected |= {"(age >= LIMIT) or (age < 7 * LIMIT)", "((age >= LIMIT))", "((age < 7 * LIMIT))"}
    assert changed(mutants) == expected


def test_figures_that_are_a_choice_and_what_is_only_told_have_no_mutants() -> None:
    source = (
        "class Patience:\n"
        "    long: timedelta = timedelta(days=7)\n"
        "    at: time = time(8)\n"
        "    percent: float = 2.5\n"
        "    waiting: list[int] = field(default_factory=list, init=False)\n"
        "    async def wait(self) -> None:\n"
        "        await asyncio.sleep(3)\n"
        "        span.set(days=7)\n"
    )

    assert changed(python_mutants(source, "toy.py")) == {"pass"}
    assert changed(python_mutants("class Count:\n    seen: int = 0\n", "toy.py")) == {"1", "(-1)"}


def test_a_mutant_differs_in_one_place_and_the_rest_is_as_it_was() -> None:
    mutants = python_mutants(TOY, "toy.py")

    for mutant in mutants:
        mutated = mutant.apply(TOY)
        assert mutated != TOY
        assert mutated[: mutant.start] == TOY[: mutant.start]
        assert mutated.endswith(TOY[mutant.end :])
        compile(mutated, "toy.py", "exec")


def test_a_source_into_which_the_same_text_is_put_comes_back_unchanged() -> None:
    mutants = [*python_mutants(TOY, "toy.py"), *sql_mutants(STATEMENT, "toy.sql")]

    for mutant in mutants:
        source = STATEMENT if mutant.path == "toy.sql" else TOY
        same = Mutant(
            mutant.path, mutant.scope, mutant.start, mutant.end, source[mutant.start : mutant.end], "", ""
        )
        assert same.apply(source) == source


def test_a_statement_has_the_mutants_of_its_conditions_order_limit_and_lock() -> None:
    mutants = sql_mutants(STATEMENT, "toy.sql")

    expected = {"OR", "AND", "", "(1::bigint + 1000)", "IS NOT NULL", " DESC"}
    expected |= {
        "(true OR (d.channel = $1))",
        "(true OR (d.at BETWEEN $2 AND $3))",
        "(true OR ((d.open IS NULL OR NOT d.dead)))",
        "(false AND (d.open IS NULL))",
        "(false AND (NOT d.dead))",
    }
    assert changed(mutants) == expected
    assert {mutant.scope for mutant in mutants} == {"take"}


def test_a_boundary_is_moved_where_it_is_of_no_time_from_now() -> None:
    statement = (
        "-- name: due\nSELECT FROM w WHERE coalesce(now() - a, b) >= $1 AND c <= $2 "
        "AND CASE WHEN d + 1 > $3 THEN now() END > least(e, clock_timestamp() - $4)\n"
    )

    moved = {mutant.text for mutant in sql_mutants(statement, "toy.sql")} & {"<", ">", "<=", ">="}

    assert moved == {"<", ">="}, "those of c and d"


def test_each_column_of_an_order_is_turned_round_but_not_of_that_in_which_rows_are_locked() -> None:
    statement = "-- name: a\nSELECT FROM w ORDER BY a, b DESC NULLS FIRST, lower(c, d) NULLS LAST\n"
    locked = "-- name: b\nSELECT FROM w ORDER BY a FOR UPDATE\n"

    turned = [mutant.after for mutant in sql_mutants(statement, "toy.sql")]

    assert turned == [
        "SELECT FROM w ORDER BY a DESC, b DESC NULLS FIRST, lower(c, d) NULLS LAST",
        "SELECT FROM w ORDER BY a, b DESC NULLS FIRST, lower(c, d) DESC NULLS LAST",
        "SELECT FROM w ORDER BY a, b NULLS FIRST, lower(c, d) NULLS LAST",
    ]
    assert [mutant.text for mutant in sql_mutants(locked, "toy.sql")] == [""], "the lock left out"


def test_what_an_assignment_and_a_comment_say_is_not_a_condition() -> None:
    statement = "-- name: renew\n-- WHERE a = b AND c < d\nUPDATE leases SET until = $1, holder = $2\n"

    assert sql_mutants(statement, "toy.sql") == []


def test_a_mutant_keeps_its_name_and_its_place_in_a_sample_when_lines_move() -> None:
    before = python_mutants(TOY, "toy.py")

    after = python_mutants(TOY.replace("LIMIT = 500\n", "LIMIT = 500\nMORE = 1\n"), "toy.py")

    assert [mutant.name for mutant in after] == [mutant.name for mutant in before]
    assert [mutant.rank(1) for mutant in after] == [mutant.rank(1) for mutant in before]
    assert [mutant.rank(2) for mutant in after] != [mutant.rank(1) for mutant in before]


def test_a_sample_is_the_same_each_time_and_takes_as_many_of_each_group(tmp_path: Path) -> None:
    written(tmp_path / "worker" / "domain" / "toy.py", TOY)
    written(tmp_path / "worker" / "pipeline" / "toy.py", TOY)

    first = sample(6, seed=1, root=tmp_path)

    assert first == sample(6, seed=1, root=tmp_path)
    assert first != sample(6, seed=2, root=tmp_path)
    assert Counter(group for group, _ in first) == {"domain": 3, "pipeline": 3}
    assert {mutant.path for _, mutant in sample(6, 1, "pipeline", tmp_path)} == {"worker/pipeline/toy.py"}


def test_tests_that_fit_a_module_import_it_directly_first_then_indirectly(tmp_path: Path) -> None:
    written(tmp_path / "worker" / "domain" / "toy.py", TOY)
    written(tmp_path / "worker" / "pipeline" / "uses.py", "from worker.domain import toy")
    tests = tmp_path / "tests"
    written(tests / "helper.py", "from worker.pipeline.uses import toy")
    written(tests / "unit" / "test_a.py", "import helper")
    written(tests / "unit" / "test_b.py", "from worker.domain.toy import is_due")
    written(tests / "unit" / "test_c.py", "from worker.domain.other import is_due")
    written(tests / "contract" / "test_d.py", "from worker.domain.toy import is_due")

    rounds = FittingTests(tmp_path).rounds(Mutant("worker/domain/toy.py", "is_due", 0, 0, "", "", ""))

    assert rounds == [["tests/unit/test_b.py", "tests/unit/test_a.py"], ["tests/contract/test_d.py"]]


def test_every_pattern_of_a_group_and_every_hint_finds_a_file() -> None:
    patterns = [pattern for group in GROUPS.values() for pattern in group]
    files = [file.relative_to(ROOT).as_posix() for file in (ROOT / "worker").rglob("*.*")]
    assert [pattern for pattern in patterns if not any(ROOT.glob(pattern))] == []
    assert [hint for hint in ALSO if not any(hint in file for file in files)] == []


def test_a_condition_on_a_district_can_be_taken_away_in_many_statements() -> None:
    assert len({mutant.scope for mutant in of_districts(ROOT)}) > 200


def test_each_equivalent_mutant_can_still_be_made_and_has_a_reason() -> None:
    paths = {name.partition("::")[0] for name in EQUIVALENT}

    names = {mutant.name for path in paths for mutant in of_file(ROOT / path)}

    assert set(EQUIVALENT) - names == set()
    assert all(len(reason.split()) > 3 for reason in EQUIVALENT.values())


def written(file: Path, text: str) -> Path:
    """Write a file, in a folder of its own."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_too_few_noticed_mutants_fail_but_for_equivalents(capsys: pytest.CaptureFixture[str]) -> None:
    noticed = [("domain", FAULT, Outcome(what)) for what in (NOTICED, TIMED_OUT, INVALID, "equivalent")]
    survived = ("SQL", FAULT, Outcome(SURVIVED, tries=3))

    enough, too_few = report(noticed), report([*noticed, survived])

    assert (enough, too_few) == (0, 1)
    assert share(Counter({NOTICED: 18, TIMED_OUT: 1, SURVIVED: 1, INVALID: 5})) == 0.95
    assert (
        "survived (SQL, 3 tests or files tried):\n  toy.py::is_due: before => after"
        in capsys.readouterr().out
    )


def test_every_condition_on_a_district_is_taken_away_by_itself_and_so_is_every_join() -> None:
    source = (
        "-- name: take\n"
        "SELECT d.id FROM districts d LEFT JOIN holds h USING (district_id)"
        " LEFT JOIN plans p USING (district_id)\n"
        "WHERE d.district_id = $1 AND d.open AND EXISTS (SELECT FROM roster WHERE plan_of = $1 AND kind = $2)"
    )

    mutants = district_mutants(source, "toy.sql")

    assert changed(mutants) == {
        "(true OR (d.district_id = $1))",
        "(true OR (plan_of = $1))",
        "JOIN holds h ON true LEFT JOIN plans p ON p.district_id = d.district_id",
        "JOIN holds h ON h.district_id = d.district_id LEFT JOIN plans p ON true",
    }
