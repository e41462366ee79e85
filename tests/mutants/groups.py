"""The files that are mutated, in groups that are sampled alike."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from tests.mutants.district_mutants import district_mutants
from tests.mutants.edit import Mutant
from tests.mutants.python_mutants import python_mutants
from tests.mutants.sql_mutants import sql_mutants

ROOT: Final = Path(__file__).parents[2]
SQL: Final = "worker/adapters/postgres"
GROUPS: Final = {
    "leases": (
        *(
            f"{SQL}/{name}.{kind}"
            for name in ("relay/outbox", "alerts/deliveries", "mail/mails", "operations/clock")
            for kind in ("py", "sql")
        ),
        f"{SQL}/alerts/alerts.sql",
        f"{SQL}/poll/feed_locks.py",
        *("worker/pipeline/relay/stage.py", "worker/alerts/deliver.py", "worker/mail/send.py"),
    ),
    "domain": ("worker/domain/**/*.py",),
    "pipeline": (
        "worker/pipeline/**/*.py",
        *("worker/alerts/inspect.py", "worker/alerts/report_stages.py", "worker/mail/bounces.py"),
        *("worker/operations/housekeeping.py", "worker/operations/clock.py"),
        *("worker/onboarding/advance.py", "worker/runtime/loop.py"),
    ),
    "SQL": (f"{SQL}/*/*.sql",),
}
"""The first group that has a file keeps it."""
DISTRICTS: Final = "districts"
"""The group that is tried only where it is asked for: every condition on a district, of all statements."""


@cache
def all_mutants(root: Path = ROOT) -> dict[str, list[Mutant]]:
    """Return the mutants of every group."""
    seen: set[Path] = set()
    found: dict[str, list[Mutant]] = {}
    for group, patterns in GROUPS.items():
        files = sorted({file for pattern in patterns for file in root.glob(pattern)} - seen)
        seen.update(files)
        mutants = [mutant for file in files for mutant in of_file(file, root)]
        found[group] = list({mutant.name: mutant for mutant in reversed(mutants)}.values())
    return found


@cache
def of_districts(root: Path = ROOT) -> list[Mutant]:
    """Return the mutants that take a condition on a district away."""
    found = [
        mutant
        for file in sorted(root.glob(f"{SQL}/*/*.sql"))
        for mutant in district_mutants(file.read_text(encoding="utf-8"), file.relative_to(root).as_posix())
    ]
    return list({mutant.name: mutant for mutant in reversed(found)}.values())


def of_file(file: Path, root: Path = ROOT) -> list[Mutant]:
    """Return the mutants of one file."""
    make = sql_mutants if file.suffix == ".sql" else python_mutants
    return make(file.read_text(encoding="utf-8"), file.relative_to(root).as_posix())


def sample(
    size: int, seed: int, only: str = "", root: Path = ROOT, group: str = ""
) -> list[tuple[str, Mutant]]:
    """Choose about as many of each group, or of one, and always the same; `only` is a part of the path."""
    groups = {DISTRICTS: of_districts(root)} if group == DISTRICTS else all_mutants(root)
    chosen: list[tuple[str, Mutant]] = []
    pools = {
        name: sorted((m for m in mutants if only in m.path), key=lambda m: m.rank(seed))
        for name, mutants in groups.items()
        if group in ("", name)
    }
    while len(chosen) < size and any(pools.values()):
        for name, pool in pools.items():
            while pool and len(chosen) < size:
                mutant = pool.pop(0)
                if is_valid(mutant, root):
                    chosen.append((name, mutant))
                    break
    return chosen


def is_valid(mutant: Mutant, root: Path = ROOT) -> bool:
    """Return whether a mutated file of Python can be compiled."""
    if not mutant.path.endswith(".py"):
        return True
    try:
        compile(mutant.apply((root / mutant.path).read_text(encoding="utf-8")), mutant.path, "exec")
    except SyntaxError:
        return False
    return True
