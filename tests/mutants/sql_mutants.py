"""The mutants of the named statements of a file of SQL.

A condition that is left out stays in the text (`(true OR (…))`), so that every parameter keeps its type and
its place: a mutant is to be noticed for what it does, and not because it cannot be prepared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from typing import Final

from tests.mutants.edit import Mutant, edit

STATEMENT: Final = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
TOKEN: Final = re.compile(
    r"(?P<skip>\s+|--[^\n]*)|(?P<text>'(?:[^']|'')*'|\"[^\"]*\")|(?P<word>[A-Za-z_][\w.]*)"
    r"|(?P<op>\|\||::|->>|->|#>>|#>|<>|<=|>=|[-+*/<>=@?&|~!%]+)|(?P<other>\$\d+|\d+|.)",
    re.DOTALL,
)
OPEN: Final = frozenset({"(", "[", "CASE"})
CLOSE: Final = frozenset({")", "]", "END"})
ENDS: Final = frozenset({
    "WHERE", "ON", "HAVING", "GROUP", "ORDER", "LIMIT", "OFFSET", "RETURNING", "FOR", "UNION", "LEFT", "JOIN",
    "CROSS", "INNER", "SET", "THEN", "ELSE", ";", ",",
})  # fmt: skip
ASIDE: Final = ENDS | {"AND", "OR", "WHEN", "CASE", "AS", "(", ")", "SELECT", "END"}
"""Where a side of a comparison ends."""
COMPARISONS: Final = {
    "<": ("<=", ">"), "<=": ("<",), ">": (">=", "<"), ">=": (">",), "<>": ("=",),
}  # fmt: skip


@dataclass(frozen=True)
class Token:
    """A word, an operator or a bracket, with where it stands."""

    text: str
    start: int
    end: int
    depth: int
    """Of the brackets around it; a bracket has that of what is within."""


def sql_mutants(source: str, path: str) -> list[Mutant]:
    """Return every mutant of a file."""
    begins = [*STATEMENT.finditer(source)]
    found: list[Mutant] = []
    for begin, following in zip(begins, [*begins[1:], None], strict=True):
        end = following.start() if following else len(source)
        tokens = tokens_of(source, begin.end(), end)
        for span, text in dict.fromkeys(_edits(source, tokens)):
            found.append(edit(path, begin[1], source, span, text))
    return found


def tokens_of(source: str, start: int, end: int) -> list[Token]:
    """Take a statement apart, without its comments; what is a keyword is in capitals there."""
    tokens: list[Token] = []
    depth = 0
    for match in TOKEN.finditer(source, start, end):
        if match.lastgroup == "skip":
            continue
        text = match[0]
        depth += text in OPEN
        tokens.append(Token(text, match.start(), match.end(), depth))
        depth -= text in CLOSE
    return tokens


Edit = tuple[tuple[int, int], str]


def _edits(source: str, tokens: Sequence[Token]) -> Iterator[Edit]:
    for at, token in enumerate(tokens):
        if token.text in {"WHERE", "HAVING", "WHEN", "("} or _joins(tokens, at):
            yield from _conditions(source, tokens, at)
        yield from _of_operator(tokens, at)
        yield from _of_keyword(source, tokens, at)
        yield from _of_value(tokens, at)


def _joins(tokens: Sequence[Token], at: int) -> bool:
    following = tokens[at + 1].text if at + 1 < len(tokens) else ""
    return tokens[at].text == "ON" and following not in {"CONFLICT", "(", "true"}


def _end(tokens: Sequence[Token], at: int, ends: frozenset[str] = ENDS) -> int:
    """Return where the clause ends whose keyword, or bracket, stands at `at`."""
    depth = tokens[at].depth
    for place in range(at + 1, len(tokens)):
        token = tokens[place]
        if token.depth < depth or (token.depth == depth and (token.text in CLOSE or token.text in ends)):
            return place
    return len(tokens)


def _conditions(source: str, tokens: Sequence[Token], at: int) -> Iterator[Edit]:
    """Leave out each condition of a clause, and swap each AND with OR."""
    end = _end(tokens, at)
    if tokens[at].text == "(" and tokens[at + 1].text in {"SELECT", "WITH"}:
        return
    connectives, between = [], False
    for place in range(at + 1, end):
        token = tokens[place]
        if token.depth != tokens[at].depth or token.text not in {"AND", "OR", "BETWEEN"}:
            continue
        if token.text == "BETWEEN":
            between = True
        elif between:
            between = False
        else:
            connectives.append(place)
    if not connectives and tokens[at].text in {"(", "WHEN"}:
        return
    for place in connectives:
        yield ((tokens[place].start, tokens[place].end), "OR" if tokens[place].text == "AND" else "AND")
    edges = [at, *connectives, end]
    for before, after in pairwise(edges):
        if after - before < 2:
            continue
        span = tokens[before + 1].start, tokens[after - 1].end
        words = {tokens[edge].text for edge in (before, after) if edge in connectives}
        neutral = "false AND" if words == {"OR"} else "true OR"
        yield span, f"({neutral} ({source[span[0] : span[1]]}))"


def _of_operator(tokens: Sequence[Token], at: int) -> Iterator[Edit]:
    token = tokens[at]
    span = token.start, token.end
    for other in COMPARISONS.get(token.text, ()):
        # No test can meet the very microsecond that is the boundary of a time from now.
        if token.text not in {other[:1], other + "="} or not _is_of_now(tokens, at):
            yield span, other
    if token.text in {"+", "-"} and at + 1 < len(tokens):
        yield span, "-" if token.text == "+" else "+"


def _is_of_now(tokens: Sequence[Token], at: int) -> bool:
    """Return whether the clock is on either side of a comparison."""
    depth = tokens[at].depth

    def is_beside(token: Token) -> bool:
        return token.depth > depth or (token.depth == depth and token.text not in ASIDE)

    sides = (takewhile(is_beside, side) for side in (tokens[:at][::-1], tokens[at + 1 :]))
    return any(token.text in {"clock_timestamp", "now"} for side in sides for token in side)


def _of_keyword(source: str, tokens: Sequence[Token], at: int) -> Iterator[Edit]:
    """Leave out, or turn round, what a clause asks for."""
    token = tokens[at]
    words = [t.text for t in tokens[at : at + 4]]
    before = tokens[at - 1].text if at else ""
    match words:
        case ["ORDER", "BY", *_]:
            yield from _of_order(tokens, at)
        case ["LIMIT", value, *_]:
            yield (tokens[at + 1].start, tokens[at + 1].end), f"({value}::bigint + 1000)"
        case ["DISTINCT", following, *_] if before not in {"IS", "NOT"} and following != "ON":
            yield (token.start, token.end), ""
        case ["FOR", "UPDATE" | "SHARE", *rest]:
            end = at + (4 if rest[:2] == ["SKIP", "LOCKED"] else 2)
            yield (token.start, tokens[end - 1].end), ""
        case ["FILTER", "(", "WHERE", *_]:
            yield (token.start, tokens[_end(tokens, at + 1, frozenset())].end), ""
        case ["coalesce", "(", *_]:
            yield from _without_default(source, tokens, at)


def _of_order(tokens: Sequence[Token], at: int) -> Iterator[Edit]:
    """Turn each column of an order round.

    The order is not left out: the index that the rows are read by mostly has the same, so that no test could
    tell. That in which rows are locked is left alone: all who run the statement would still have the same.
    """
    end = _end(tokens, at, ENDS - {","} | {"ROWS", "RANGE"})
    if [token.text for token in tokens[end : end + 2]] == ["FOR", "UPDATE"]:
        return
    depth = tokens[at].depth
    commas = [place for place in range(at, end) if tokens[place].text == "," and tokens[place].depth == depth]
    for after in (*commas, end):
        last = next(
            (p for p in range(after - 1, at, -1) if tokens[p].text not in {"NULLS", "FIRST", "LAST"}), at
        )
        if tokens[last].text != "DESC":
            yield (tokens[last].end, tokens[last].end), " DESC"


def _of_value(tokens: Sequence[Token], at: int) -> Iterator[Edit]:
    """Turn a word into its contrary."""
    token = tokens[at]
    span = token.start, token.end
    words = [t.text for t in tokens[at : at + 3]]
    before = tokens[at - 1].text if at else ""
    match words:
        case ["IS", "NOT", "NULL"]:
            yield (token.start, tokens[at + 2].end), "IS NULL"
        case ["IS", "NULL", *_]:
            yield (token.start, tokens[at + 1].end), "IS NOT NULL"
        case ["NOT", "EXISTS", *_] | ["DESC", *_]:
            yield span, ""
        case ["min" | "max" | "least" | "greatest" as name, "(", *_]:
            yield span, {"min": "max", "max": "min", "least": "greatest", "greatest": "least"}[name]
        case ["true" | "false" as value, *_] if before not in {"SELECT", "ON", "RETURNING"}:
            yield span, "false" if value == "true" else "true"


def _without_default(source: str, tokens: Sequence[Token], at: int) -> Iterator[Edit]:
    """Take the first value of `coalesce(…)` and no other."""
    depth = tokens[at + 1].depth
    end = _end(tokens, at + 1, frozenset())
    comma = next((p for p in range(at + 2, end) if tokens[p].text == "," and tokens[p].depth == depth), None)
    if comma is not None:
        first = source[tokens[at + 2].start : tokens[comma - 1].end]
        rest = source[tokens[comma].end : tokens[end].start].strip()
        yield (
            (tokens[at].start, tokens[end].end),
            f"(CASE WHEN true THEN {first} ELSE coalesce({rest}) END)",
        )
