"""Lists of texts, one a row, as PostgreSQL reads them: in an array of arrays all would be of one length."""

from __future__ import annotations

from collections.abc import Iterable


def array_literal(values: Iterable[str]) -> str:
    r"""Return texts as one text that PostgreSQL casts to `text[]`; `{`, `"`, `\` and `,` may be in them."""
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join([f'"{value}"' for value in quoted]) + "}"
