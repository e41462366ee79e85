"""The mutants of a file of SQL that take one condition on a district away: of a clause, or of a join.

Each lets a statement find the rows of another district; the one that stands beside every test must tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tests.mutants.edit import Mutant, edit
from tests.mutants.sql_mutants import STATEMENT, sql_mutants

CONDITION: Final = re.compile(
    r"\(true OR \((?:"
    r"[\w.]*district_id(?: \|\| '')? (?:=|<>|IS (?:NOT )?DISTINCT FROM) (?:(?:ANY|ALL)\([^()]*\)|[\w.$:']+)"
    r"|\w+\.record_id = \w+\.district_id"
    # Columns that are the district's id where something is so, and nothing elsewhere.
    r"|(?:\w+\.)?\w+_of = \$1"
    r")\)\)"
)
JOIN: Final = re.compile(r"(?P<joined>JOIN \w+ (?P<alias>\w+)) USING \(district_id\)")
FIRST: Final = re.compile(r"FROM \w+ (\w+)\s+LEFT JOIN")


def district_mutants(source: str, path: str) -> list[Mutant]:
    """Return every such mutant of a file."""
    conditions = [m for m in sql_mutants(source, path) if CONDITION.fullmatch(" ".join(m.text.split()))]
    return [*conditions, *_joins(source, path)]


def _joins(source: str, path: str) -> Iterator[Mutant]:
    """Join with all districts, one `USING` at a time; the others of the statement say the same by `ON`."""
    begins = [*STATEMENT.finditer(source)]
    for begin, following in zip(begins, [*begins[1:], None], strict=True):
        end = following.start() if following else len(source)
        joins = [*JOIN.finditer(source, begin.end(), end)]
        for mutated in joins:
            pieces, last = [], joins[0].start()
            for join in joins:
                (first, *_) = reversed(FIRST.findall(source[begin.end() : join.end()]))
                on = "true" if join is mutated else f"{join['alias']}.district_id = {first}.district_id"
                pieces.append(f"{source[last : join.start()]}{join['joined']} ON {on}")
                last = join.end()
            yield edit(path, begin[1], source, (joins[0].start(), last), "".join(pieces))
