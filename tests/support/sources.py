"""The program's own text, read once for all tests that look at it."""

from __future__ import annotations

import ast
from functools import cache


@cache
def nodes(source: str) -> tuple[ast.AST, ...]:
    """Return every node of a module, from the outermost on."""
    return tuple(ast.walk(ast.parse(source)))
