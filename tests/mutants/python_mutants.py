"""The mutants of a Python file.

What is left alone: docstrings and other texts, annotations, decorators, what goes to a log or to a trace's
span, for how long something sleeps, how a field is declared (`field(init=False)`), and exact figures that are
a choice: the values of constants of a module, and defaults of fields other than 0 and 1.
"""

from __future__ import annotations

import ast
import re
from typing import Final

from tests.mutants.edit import Mutant, edit

COMPARISONS: Final[dict[type[ast.cmpop], tuple[tuple[str, str], ...]]] = {
    ast.Lt: ((r"<", "<="), (r"<", ">")),
    ast.LtE: ((r"<=", "<"),),
    ast.Gt: ((r">", ">="), (r">", "<")),
    ast.GtE: ((r">=", ">"),),
    ast.Eq: ((r"==", "!="),),
    ast.NotEq: ((r"!=", "=="),),
    ast.Is: ((r"\bis\b", "is not"),),
    ast.IsNot: ((r"\bis\s+not\b", "is"),),
    ast.In: ((r"\bin\b", "not in"),),
    ast.NotIn: ((r"\bnot\s+in\b", "in"),),
}
ARITHMETIC: Final[dict[type[ast.operator], tuple[str, str]]] = {
    ast.Add: (r"\+", "-"),
    ast.Sub: (r"-", "+"),
    ast.Mult: (r"\*", "//"),
    ast.Div: (r"/", "*"),
    ast.FloorDiv: (r"//", "*"),
    ast.BitOr: (r"\|", "&"),
    ast.BitAnd: (r"&", "|"),
}
SWAPPED: Final = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list"}
LOGS: Final = re.compile(r"get_logger\(\)|\b_?log(ger)?\.|\b_?span\.")
DECLARES: Final = frozenset({"field", "ConfigDict", "asyncio.sleep"})
"""Calls whose arguments are left alone."""
MADE_OF: Final = frozenset({"timedelta", "time"})
"""Calls that make a figure of a choice, as the default of a field."""
TYPES: Final = (ast.Constant, ast.JoinedStr)

Span = tuple[int, int]


def python_mutants(source: str, path: str) -> list[Mutant]:
    """Return every mutant of a source."""
    visitor = _Visitor(source, path)
    visitor.visit(ast.parse(source))
    return visitor.found


class _Visitor(ast.NodeVisitor):
    """Collects mutants on its way through a tree."""

    def __init__(self, source: str, path: str) -> None:
        self.found: list[Mutant] = []
        self._source = source
        self._path = path
        self._scope: list[str] = []
        self._in_class = False
        self._lines = [0]
        for line in source.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))
        self._texts = source.splitlines(keepends=True)

    def _at(self, line: int, column: int) -> int:
        """Return the place in characters of a column that is counted in bytes."""
        return self._lines[line - 1] + len(self._texts[line - 1].encode()[:column].decode())

    def _span(self, node: ast.expr | ast.stmt) -> Span:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._at(node.lineno, node.col_offset), self._at(node.end_lineno, node.end_col_offset)

    def _text(self, node: ast.expr | ast.stmt) -> str:
        start, end = self._span(node)
        return self._source[start:end]

    def _add(self, span: Span, text: str) -> None:
        self.found.append(edit(self._path, ".".join(self._scope), self._source, span, text))

    def _between(self, left: ast.expr, right: ast.expr, pattern: str, text: str) -> None:
        start, end = self._span(left)[1], self._span(right)[0]
        if match := re.search(pattern, self._source[start:end]):
            self._add((start + match.start(), start + match.end()), text)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._scope.append(node.name)
        around, self._in_class = self._in_class, False
        for default in (*node.args.defaults, *(d for d in node.args.kw_defaults if d)):
            self.visit(default)
        for statement in node.body:
            self.visit(statement)
        self._scope.pop()
        self._in_class = around

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._function(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._scope.append(node.name)
        around, self._in_class = self._in_class, True
        for statement in node.body:
            self.visit(statement)
        self._scope.pop()
        self._in_class = around

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None and self._scope and not (self._in_class and _is_choice(node.value)):
            self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        if self._scope:
            self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        operands = (node.left, *node.comparators)
        for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
            for pattern, text in COMPARISONS[type(operator)]:
                self._between(left, right, pattern, text)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        word, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        values = [f"({self._text(value)})" for value in node.values]
        self._add(self._span(node), f" {other} ".join(values))
        for left_out in range(len(values)):
            kept = f" {word} ".join(v for n, v in enumerate(values) if n != left_out)
            self._add(self._span(node), f"({kept})")
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self._add(self._span(node), f"bool({self._text(node.operand)})")
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        texts = any(isinstance(side, TYPES) and _is_text(side) for side in (node.left, node.right))
        if type(node.op) in ARITHMETIC and not texts:
            self._between(node.left, node.right, *ARITHMETIC[type(node.op)])
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self._add(self._span(node), str(not node.value))
        elif isinstance(node.value, int | float):
            self._add(self._span(node), str(node.value + 1))
            self._add(self._span(node), f"({node.value - 1})")

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Leave texts alone."""

    def visit_If(self, node: ast.If) -> None:
        self._negated(node.test)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._negated(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for condition in node.ifs:
            self._negated(condition)
            self._add(self._span(condition), f"(True or ({self._text(condition)}))")
        self.generic_visit(node)

    def _negated(self, test: ast.expr) -> None:
        """Negate what no other operator here would: a bare name, a call, an assignment."""
        if isinstance(test, ast.Name | ast.Attribute | ast.Call | ast.NamedExpr | ast.Await):
            self._add(self._span(test), f"not ({self._text(test)})")

    def visit_Call(self, node: ast.Call) -> None:
        if LOGS.search(self._text(node.func)) or self._text(node.func) in DECLARES:
            return
        if isinstance(node.func, ast.Name) and node.func.id in SWAPPED:
            other = SWAPPED[node.func.id]
            if not (other == "list" and node.keywords):
                self._add(self._span(node.func), other)
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        called = node.value.value if isinstance(node.value, ast.Await) else node.value
        if isinstance(called, ast.Call) and not LOGS.search(self._text(called.func)):
            self._left_out(node)
            self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        self._left_out(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._left_out(node)
        self.generic_visit(node)

    def visit_Continue(self, node: ast.Continue) -> None:
        self._left_out(node)

    def visit_Break(self, node: ast.Break) -> None:
        self._left_out(node)

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is None:
            self._left_out(node)
        self.generic_visit(node)

    def _left_out(self, node: ast.stmt) -> None:
        self._add(self._span(node), "pass")


def _is_choice(default: ast.expr) -> bool:
    """Whether the default of a field is a figure that might as well be another one."""
    if isinstance(default, ast.Call):
        return isinstance(default.func, ast.Name) and default.func.id in MADE_OF
    value = default.value if isinstance(default, ast.Constant) else None
    return isinstance(value, int | float) and value not in {0, 1}


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
