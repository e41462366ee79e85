"""Every statement says what it is for, and its text is never edited."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from tests.support.sources import nodes
from worker.adapters import postgres
from worker.adapters.postgres import statements

HOME: Final = Path(postgres.__file__).parent
NAME: Final = "-- name: "
SQL: Final = re.compile(r"\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|DROP) ")
PUT_BEFORE_OTHERS: Final = {"evaluation/reissued_students.py"}
"""Modules that put a whole statement before others, which read its rows."""


def undescribed(text: str) -> list[str]:
    """Return the names of the statements that no comment follows."""
    return [
        line.removeprefix(NAME)
        for line, following in pairwise([*text.splitlines(), ""])
        if line.startswith(NAME) and not (following.startswith("-- ") and not following.startswith(NAME))
    ]


def edits(source: str) -> list[str]:
    """Return what a module does to the text of a statement."""
    loaded = {
        ast.unparse(target)
        for node in nodes(source)
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and _loads(node.value)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    }
    return [
        ast.unparse(node)
        for node in nodes(source)
        if _is_assembled(node) or any(_is_text(part, loaded) for part in _edited(node))
    ]


def _loads(value: ast.expr) -> bool:
    return any(
        isinstance(node, ast.Call) and ast.unparse(node.func) == "statements.load" for node in ast.walk(value)
    )


def _is_text(part: ast.expr, loaded: set[str]) -> bool:
    """Whether this is a statement, or all of a file."""
    return ast.unparse(part.value if isinstance(part, ast.Subscript) else part) in loaded


def _edited(node: ast.AST) -> Iterator[ast.expr]:
    """Yield what is replaced in, formatted, added to, or put into another text."""
    match node:
        case ast.Call(func=ast.Attribute(value=text, attr="replace" | "format" | "format_map" | "join")):
            yield text
            yield from node.args
        case ast.BinOp(op=ast.Add() | ast.Mod()):
            yield from (node.left, node.right)
        case ast.FormattedValue():
            yield node.value


def _is_assembled(node: ast.AST) -> bool:
    """Whether this is SQL with values put into its text."""
    match node:
        case ast.JoinedStr(values=[ast.Constant(value=str(beginning)), *_]):
            return SQL.match(beginning) is not None
    return False


def test_every_statement_says_what_it_is_for() -> None:
    missing = [
        f"{file.relative_to(HOME)}: {name}"
        for file in sorted(HOME.rglob("*.sql"))
        for name in undescribed(file.read_text(encoding="utf-8"))
    ]

    assert missing == []


def test_no_file_has_a_name_twice() -> None:
    for file in HOME.rglob("*.sql"):
        names = [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith(NAME)]
        if names:
            loaded = statements.load(str(file.relative_to(HOME).with_suffix("")))
            assert sorted(loaded) == sorted(line.removeprefix(NAME) for line in names), file


def test_no_module_edits_a_statement() -> None:
    found = {
        str(file.relative_to(HOME)): edited
        for file in sorted(HOME.rglob("*.py"))
        if (edited := edits(file.read_text(encoding="utf-8")))
    }

    assert found.keys() == PUT_BEFORE_OTHERS, found


def test_a_statement_without_a_comment_is_found() -> None:
    text = "-- name: bare\nSELECT 1\n\n-- name: said\n-- One.\nSELECT 1\n\n-- name: last\n-- name: end"

    assert undescribed(text) == ["bare", "last", "end"]


@pytest.mark.parametrize(
    "line",
    [
        '_SQL["one"].replace("SKIP LOCKED", "")',
        '_SQL["one"].format("staged")',
        '_SQL["one"] % "staged"',
        '_SQL["one"] + " LIMIT 1"',
        'f"EXPLAIN {_SQL[what]}"',
        'f"DELETE FROM {table}"',
        '" ".join(_SQL["one"])',
        '_NOTE.replace("a", "b")',
    ],
)
def test_an_edited_statement_is_found(line: str) -> None:
    source = f'_SQL: Final = statements.load("a/b")\n_NOTE = statements.load("a/b")["note"]\n{line}'

    assert edits(source)


@pytest.mark.parametrize(
    "line",
    ['_SQL[f"add_{what}"]', "replace(change, at=1)", "at.replace(tzinfo=UTC)", "1 + 1", 'f"SELECTED {one}"'],
)
def test_what_takes_a_statement_as_it_is_passes(line: str) -> None:
    assert not edits(f'_SQL: Final = statements.load("a/b")\n{line}')
