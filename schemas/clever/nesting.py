"""How deep JSON values lie in one another, and whether a text among them holds a NUL."""

from __future__ import annotations


def is_nested_deeper_than(levels: int, document: object) -> bool:
    """Whether lists and objects lie in one another on more levels than these."""
    level = [document]
    for _ in range(levels):
        level = [child for node in level for child in _children(node)]
        if not level:
            return False
    return True


def _children(node: object) -> list[object]:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []


def has_nul(document: object) -> bool:
    """Whether a text, or a key, anywhere in a document holds a NUL character."""
    pending = [document]
    while pending:
        node = pending.pop()
        if isinstance(node, str):
            if "\0" in node:
                return True
        else:
            pending.extend(_children(node))
            if isinstance(node, dict):
                pending.extend(node)
    return False
