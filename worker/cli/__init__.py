"""The program `rostering`: one module a family of commands.

Exit codes: 0 done; 1 the answer is no; 2 wrong usage or settings, with one line on standard error.
"""

from __future__ import annotations

from worker.cli.main import main

__all__ = ["main"]
