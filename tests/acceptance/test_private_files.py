"""What the program writes can be read by its owner only."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.acceptance.program import Site
from tests.support.builders.records import ARRIVAL, DISTRICT

OTHERS = stat.S_IRWXG | stat.S_IRWXO
LIST_OR_WRITE = stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH


async def test_no_file_under_the_data_folder_can_be_read_by_another_user(tmp_path: Path) -> None:
    folder = tmp_path / "kept" / "rostering"
    site = Site(folder, settings={"WINDOW__QUIET_SECONDS": "0.1"}, is_cold=True)
    (tmp_path / "events.ndjson").write_text("\n".join(json.dumps(event) for event in ARRIVAL) + "\n{\n")
    (folder / "out").mkdir(parents=True, mode=0o755)
    (folder / "out" / "commit.ndjson").touch(mode=0o644)

    by_a_fork = replace(site, is_cold=False)
    async with site.worker() as worker:
        await by_a_fork.command("publish", str(tmp_path / "events.ndjson"))
        (tmp_path / "events.ndjson").write_text("\n".join(json.dumps(event) for event in ARRIVAL))
        await by_a_fork.done("publish", str(tmp_path / "events.ndjson"))
        await worker.logged("message.published")
        open_to_others = list(readable_by_others(folder))

    assert (folder / "out" / "commit.ndjson").read_text().count(DISTRICT) == 1
    assert open_to_others == []


def readable_by_others(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield what another user could list, read or write, with its mode, the folder itself among it."""
    for parent, folders, files in os.walk(folder.parent):
        for name in [*folders, *files]:
            path = Path(parent) / name
            mode = path.lstat().st_mode
            forbidden = OTHERS if not stat.S_ISDIR(mode) else LIST_OR_WRITE
            if mode & forbidden and not path.is_symlink():
                yield str(path.relative_to(folder.parent)), stat.filemode(mode)
