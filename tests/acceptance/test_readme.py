"""The examples of README and of other pages do what these say, in the order in which they have them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.acceptance import warm_program
from tests.acceptance.program import CLEVER_DEMO, REPOSITORY
from tests.support.servers.processes import free_ports

BLOCK = re.compile(
    r"(?m)(?:^<!-- (?P<mark>[^\n]+) -->\n)?^```(?P<kind>sh|console)\n(?P<text>.*?)^```$", re.DOTALL
)
FOREGROUND_SECONDS = 120
STARTS = ("rostering sandbox", "rostering run")
"""What goes on until it is stopped."""
STUDENTS = 120
"""Of each district of the sandbox: a fifth of what it has by itself."""
AS_BEFORE = ". ./exports 2>/dev/null || true"
"""Takes over the exports of the commands before."""
BY_A_FORK = f'rostering() {{ {sys.executable} -IS {Path(__file__).with_name("forked_command.py")} %d "$@"; }}'
"""What is run to its end need not import the program anew; what goes on is the installed program."""


@dataclass(frozen=True)
class Block:
    """A block of commands, and how it is marked."""

    mark: str | None
    kind: str
    text: str


PAGES = ("README.md", "docs/publishing-events.md", "docs/reviews.md", "docs/onboarding.md")
"""In the order in which they are read: what one makes, the next may use."""
BLOCKS = [
    Block(found["mark"], found["kind"], found["text"])
    for page in PAGES
    for found in BLOCK.finditer((REPOSITORY / page).read_text())
]


@dataclass
class Reader:
    """A reader who types what the pages say, in one folder."""

    folder: Path
    ports: dict[str, int] = field(
        default_factory=lambda: dict(zip(("8080", "8090"), free_ports(2), strict=True))
    )
    running: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def type(self, block: Block) -> None:
        """Type a block's commands; of a console block, find its lines in what is printed."""
        if block.kind == "console":
            for command, expected in console_lines(block.text):
                printed = await self._foreground(command)
                for line in expected:
                    assert " ".join(line.split()) in printed, (command, line, printed)
            return
        lines = block.text.strip().splitlines()
        if lines[-1] in STARTS:
            await self._foreground("\n".join(lines[:-1]))
            await self._background(lines[-1])
        else:
            await self._foreground("\n".join(lines))

    async def _foreground(self, commands: str) -> str:
        """Run commands to their end, with the exports of those before; they must succeed."""
        by_a_fork = BY_A_FORK % warm_program.channel().fileno()
        script = f"set -euo pipefail\n{AS_BEFORE}\n{by_a_fork}\n{self._moved(commands)}\nexport -p > exports"
        process = await self._start(script)
        out, _ = await asyncio.wait_for(process.communicate(), FOREGROUND_SECONDS)
        assert process.returncode == 0, (commands, out.decode())
        return " ".join(out.decode().split())

    async def _background(self, command: str) -> None:
        moved = self._moved(command)
        if command == "rostering sandbox":
            moved += f" --port {self.ports['8090']} --students {STUDENTS}"
        self.running.append(await self._start(f"{AS_BEFORE}\nexec {moved} > {len(self.running)}.log 2>&1"))
        if command == "rostering sandbox":
            await self._until_listening(self.ports["8090"])
        else:
            await self._until_decided()

    def _moved(self, commands: str) -> str:
        return re.sub(r"(?<=127\.0\.0\.1:)\d+", lambda found: str(self.ports[found[0]]), commands)

    async def _start(self, script: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            "bash",
            "-c",
            script,
            cwd=self.folder,
            env=self._environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            pass_fds=[warm_program.channel().fileno()],
        )

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ROSTERING_")}
        return kept | {
            "PATH": f"{Path(sys.executable).parent}:{kept['PATH']}",
            "COLUMNS": "160",
            "ROSTERING_HTTP__PORT": str(self.ports["8080"]),
            "ROSTERING_WINDOW__QUIET_SECONDS": "1",
        }

    async def _until_listening(self, port: int) -> None:
        async with asyncio.timeout(FOREGROUND_SECONDS):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.1)  # another process's work
                else:
                    writer.close()
                    return

    async def _until_decided(self) -> None:
        """Wait until each district has a decision, as a reader does who looks at the console."""
        async with asyncio.timeout(2 * FOREGROUND_SECONDS):
            while True:
                process = await warm_program.start(["districts", "--json"], self._environment(), self.folder)
                out, _ = await process.communicate(b"")
                lines = [json.loads(line) for line in out.splitlines() if line.startswith(b'{"district')]
                if lines and all(line["decided_at"] for line in lines):
                    return
                await asyncio.sleep(1)  # another process's work

    async def leave(self) -> None:
        """Stop what still runs, as Ctrl-C does."""
        for process in self.running:
            if process.returncode is None:
                process.send_signal(signal.SIGINT)
        await asyncio.gather(
            *(asyncio.wait_for(process.wait(), FOREGROUND_SECONDS) for process in self.running)
        )


@asynccontextmanager
async def reading(folder: Path) -> AsyncIterator[Reader]:
    reader = Reader(folder)
    try:
        yield reader
    finally:
        await reader.leave()


def console_lines(text: str) -> list[tuple[str, list[str]]]:
    """Return each command of a console block with the lines that are printed behind it."""
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif line.strip() not in ("", "…"):
            found[-1][1].append(line)
    return found


def blocks_of(run: str) -> list[Block]:
    return [block for block in BLOCKS if block.mark == f"run: {run}"]


def test_every_block_of_commands_is_run_here_or_says_why_not() -> None:
    unmarked = [
        block for block in BLOCKS if not re.fullmatch(r"run: (sandbox|pages)|not run: .+", block.mark or "")
    ]

    assert unmarked == []
    assert (len(blocks_of("sandbox")), len(blocks_of("pages"))) == (4, 4)


def test_no_other_page_has_blocks_that_are_to_be_run() -> None:
    others = [path for path in REPOSITORY.glob("docs/**/*.md") if f"docs/{path.name}" not in PAGES]

    assert [path.name for path in others if "<!-- run:" in path.read_text()] == []


@pytest.mark.timeout(400)
async def test_a_reader_tries_it_with_the_sandbox(tmp_path: Path) -> None:
    async with reading(tmp_path) as reader:
        for block in blocks_of("sandbox"):
            await reader.type(block)


@pytest.mark.timeout(400)
@pytest.mark.skipif(not CLEVER_DEMO.is_dir(), reason="Clever's demo district is not here")
async def test_a_reader_publishes_pages_and_reads_the_review(tmp_path: Path) -> None:
    for page in CLEVER_DEMO.glob("*.json"):
        shutil.copy(page, tmp_path)

    async with reading(tmp_path) as reader:
        for block in blocks_of("pages"):
            await reader.type(block)
