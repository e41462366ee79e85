"""Changes a function of the running program for a while: it runs other code, and its caches are emptied."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib import import_module
from types import CodeType, FunctionType, ModuleType
from typing import Any


@contextmanager
def swapped(path: str, scope: str, source: str) -> Iterator[bool]:
    """Let the outermost function of a scope run its code of another source; tell whether it can.

    Not where the scope is a class or a module, and where what the function takes from around it changes.
    """
    module = import_module(path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    function = _function(module, scope)
    code = None if function is None else _code(source, function)
    if function is None or code is None:
        yield False
        return
    sound, function.__code__ = function.__code__, code
    _forget(module)
    try:
        yield True
    finally:
        function.__code__ = sound
        _forget(module)


def _function(module: ModuleType, scope: str) -> FunctionType | None:
    """Return the outermost function on the way along a scope's names."""
    found: Any = module
    for name in scope.split("."):
        found = _bare(vars(found).get(name))
        if isinstance(found, FunctionType):
            return found
        if not isinstance(found, type):
            return None
    return None


def _bare(found: Any) -> Any:
    """Return what a method, a property or something decorated is made of."""
    if isinstance(found, staticmethod | classmethod):
        found = found.__func__
    elif isinstance(found, property):
        found = found.fget
    elif isinstance(found, cached_property):
        found = found.func
    while hasattr(found, "__wrapped__"):
        found = found.__wrapped__
    return found


def _code(source: str, function: FunctionType) -> CodeType | None:
    """Return a function's code in another source, if it can take the place of what it has."""
    sound = function.__code__
    waiting = [compile(source, sound.co_filename, "exec", dont_inherit=True)]
    while waiting:
        code = waiting.pop()
        if (code.co_qualname, code.co_firstlineno) == (sound.co_qualname, sound.co_firstlineno):
            return code if code.co_freevars == sound.co_freevars else None
        waiting += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return None


def _forget(module: ModuleType) -> None:
    for each in vars(module).values():
        if callable(forget := getattr(each, "cache_clear", None)):
            forget()
