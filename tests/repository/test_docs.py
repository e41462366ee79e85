"""What the documents name is there, and every command, table and folder is in them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

from config import document
from worker.runtime.metrics import Metrics

ROOT: Final = Path(__file__).parents[2]
FOLDERS: Final = ("worker", "schemas", "config", "tests", "benchmarks", "docs")
BASES: Final = ("", "worker/", "worker/adapters/postgres/", "docs/")
"""Folders that a document may leave out before a path."""
LONGEST_README: Final = 200
LONGEST_HOWTO: Final = 59
SUBGROUPS: Final = {"sessions": {"end"}}  # groups inside groups
OPTIONS_OF_ALL: Final = frozenset({"--help", "--config"})
OUR_FILES: Final = ("py", "sql", "md", "toml", "yml", "yaml", "json", "html", "css", "js", "sh", "env")
COOKIES: Final = frozenset(f"rostering_{name}" for name in ("session", "local", "visit"))
FOREIGN: Final = frozenset({"ROSTERING_PORT"})  # a variable that Kubernetes would make

SPAN: Final = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
FENCE: Final = re.compile(r"^ *```\w*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
LINK: Final = re.compile(r"\]\(([^)\s:]+)\)")
HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)
PATH: Final = re.compile(rf"[\w.-]+(?:/[\w.-]+)*(?:/|\.(?:{'|'.join(OUR_FILES)}))")
IN_FILE: Final = re.compile(r"`([\w/.-]+\.(?:py|sql))`(?:,|:|\s+and)\s+((?:`\w+`(?:,\s+|\s+and\s+)?)+)")
CLI: Final = re.compile(r"worker/cli/(?:demo/)?\w+\.py")
COMMAND: Final = re.compile(
    r'^@(\w+)\.(?:command|group)\(\s*(?:name=)?(?:"([\w-]+)")?((?:.|\n)*?)^def (\w+)', re.MULTILINE
)
LOGGED: Final = re.compile(r'\.(?:info|warning|error)\(\s*"([a-z_]+\.[a-z_.]+)"')
MAIL_LINES: Final = frozenset(f"mail.{name}" for name in ("sent", "put_off", "refused", "dead", "uncertain"))
"""Which `worker/mail/send.py` puts together from an outcome."""
LEFT_OUT: Final = re.compile(
    r"\b(?:somebody|nobody|whoever|anew|in vain|judged?|judges|judging|told|passed over|lifecycle)\b",
    re.IGNORECASE,
)
VARIABLE: Final = re.compile(r"\bROSTERING_[A-Z_]*[A-Z]\b")
MAKE: Final = re.compile(r"(?:^|&& )make ([a-z-]+)")
METRIC: Final = re.compile(r"(?<![\w.])rostering_[a-z_]+\b(?!\.)")
PLACE: Final = re.compile(r'"([\w-]+)": Place\(\s*"[\w.]+:(\w+)"')
SETTING_KEY: Final = re.compile(
    r"(?:window|preflight|commit|http|clever|alerts|mail|tracing|onboarding|retention|security)"
    r"\.\w+_(?:seconds|minutes|hours|days|percent|url|address|header|limit|proxies|fields|dir|link|ratio|port)"
)
TABLE_MADE: Final = re.compile(
    r"CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?(\w+)|DROP TABLE (?:IF EXISTS )?(\w+)"
    r"|ALTER TABLE (?:IF EXISTS )?(\w+)\s+RENAME TO (\w+)"
)


@cache
def files() -> frozenset[str]:
    """Return every file and every folder of the project, folders with a slash at the end."""
    found = {path.name for path in ROOT.iterdir() if path.is_file()}
    for folder in FOLDERS:
        for where, _, names in os.walk(ROOT / folder):
            if not where.endswith("__pycache__"):
                here = Path(where).relative_to(ROOT).as_posix()
                found |= {f"{here}/", *(f"{here}/{name}" for name in names)}
    return frozenset(found)


@cache
def pages() -> dict[str, str]:
    """Return the text of every document by its path."""
    paths = ["README.md", "CONTRIBUTING.md", *sorted(f for f in files() if re.fullmatch(r"docs/.+\.md", f))]
    return {path: (ROOT / path).read_text(encoding="utf-8") for path in paths}


@cache
def architecture() -> frozenset[str]:
    """Return what stands as code in the architecture page, with `pg/` written out."""
    spans = SPAN.findall(pages()["docs/architecture.md"])
    return frozenset(re.sub(r"^pg/", "adapters/postgres/", span) for span in spans)


def code(text: str) -> Iterator[str]:
    """Yield what stands as code in a document: each span, and each line of a block."""
    for block in FENCE.findall(text):
        yield from (line.strip().removeprefix("$ ") for line in block.replace("\\\n", " ").splitlines())
    yield from SPAN.findall(FENCE.sub("", text))


def whole(path: str, page: str = "README.md") -> str | None:
    """Return the file or folder that a path of a document means; None for none."""
    path = re.sub(r"^pg/", "adapters/postgres/", path)
    beside = (f"{Path(page).parent.as_posix()}/".removeprefix("./"), *BASES)
    named = [f"{base}{path}" for base in beside if f"{base}{path}" in files()]
    if "/" not in path:
        named += [file for file in files() if file.endswith(f"/{path}")]
    return named[0] if named else None


def may_be_ours(span: str) -> bool:
    """Whether a span reads like a path of this project, and not like one of a user's or of Clever's."""
    if not PATH.fullmatch(span):
        return False
    first = span.partition("/")[0]
    is_known = f"{first}/" in files() or f"worker/{first}/" in files() or first == "pg"
    return is_known if "/" in span else span.endswith((".py", ".sql"))


def anchor(title: str) -> str:
    """Return what a link to a heading ends in."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


@cache
def cli() -> str:
    """Return the source of all commands."""
    return "\n".join(
        (ROOT / path).read_text(encoding="utf-8") for path in sorted(files()) if CLI.fullmatch(path)
    )


@cache
def commands() -> dict[str, set[str]]:
    """Return every command with its subcommands, as they stand in `worker/cli/`; none is imported."""
    under: dict[str, set[str]] = {}
    for made in COMMAND.finditer(cli()):
        group, name, lazy, function = made.groups()
        under.setdefault(group, set()).add(name or function.replace("_", "-"))
        under.setdefault(function, set()).update(name for name, _ in PLACE.findall(lazy))
    for group, added in re.findall(r"^(\w+)\.add_command\((\w+)\)", cli(), re.MULTILINE):
        under[group].add(added)
    top = (ROOT / "worker/cli/commands.py").read_text(encoding="utf-8")
    return {name: under.get(attribute, set()) for name, attribute in PLACE.findall(top)}


def wrong_command(line: str) -> str | None:
    """Return what is wrong with a line that begins with `rostering`; None where it can be typed."""
    words = line.replace("\\|", "|").split()
    while words and words[0].startswith("--"):
        words = words[2:]  # options before the command, each with its value
    under: set[str] | None = None
    for names in words[:3]:
        if not re.fullmatch(r"[a-z][a-z-]*(\|[a-z][a-z-]*)*", names):
            break
        known = commands().keys() if under is None else under
        if not known:
            break
        unknown = set(names.split("|")) - known
        if unknown:
            return f"no command {unknown}"
        under = commands().get(names, set()) if under is None else SUBGROUPS.get(names, set())
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", line)) - OPTIONS_OF_ALL
    unknown = {option for option in options if f'"{option}' not in cli() and f"/{option}" not in cli()}
    return f"no option {unknown}" if unknown else None


@cache
def tables() -> frozenset[str]:
    """Return the tables of the store, as its migrations make them."""
    names: set[str] = set()
    for path in sorted(files()):
        if path.startswith("worker/adapters/postgres/migrations/versions/m"):
            for made, dropped, before, after in TABLE_MADE.findall((ROOT / path).read_text(encoding="utf-8")):
                names = (names | {made or after}) - {dropped, before}
    return frozenset(re.sub(r"^lifecycles?(?=_|$)", "onboarding", name) for name in names if name)


def cells(page: str, heading: str, column: int) -> Iterable[str]:
    """Yield what stands as code in one column of the table under a heading."""
    section = pages()[page].partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.replace("\\|", "").split("|") for line in section.splitlines() if line.startswith("| ")]
    return [span for row in rows[1:] for span in SPAN.findall(row[column])]


@cache
def names_of_ours() -> frozenset[str]:
    """Return every name that begins with `rostering` and every setting's key, as documents write them."""
    variables = {setting.variable for setting in document.settings()}
    metrics = {metric.name for metric in Metrics().registry.collect()}
    keys = {variable.removeprefix("ROSTERING_").lower().replace("__", ".") for variable in variables}
    return frozenset(variables | metrics | {f"{name}_total" for name in metrics} | keys | COOKIES | FOREIGN)


def broken_links(page: str, text: str) -> Iterator[str]:
    """Yield the links of a page that lead to no file, or to no heading of one."""
    for link in LINK.findall(FENCE.sub("", text)):
        path, _, place = link.partition("#")
        target = os.path.normpath(f"{Path(page).parent}/{path}") if path else page
        is_there = {target, f"{target}/"} & files()
        if not is_there or (place and place not in map(anchor, HEADING.findall(pages().get(target, "")))):
            yield link


def strangers(page: str, text: str) -> Iterator[str]:
    """Yield names that a page says are in a file, and that are not."""
    for path, names in IN_FILE.findall(text):
        held = (ROOT / (whole(path, page) or page)).read_text(encoding="utf-8")
        yield from (f"{path}: {name}" for name in SPAN.findall(names) if not re.search(rf"\b{name}\b", held))


def wrong_commands(text: str) -> Iterator[str]:
    """Yield the commands of a page that cannot be typed, each with what is wrong with it."""
    lines = [span.removeprefix("rostering ") for span in code(text) if span.startswith("rostering ")]
    lines += [span for span in SPAN.findall(text) if " " in span and commands().get(span.split()[0])]
    yield from (f"{line}: {wrong}" for line in lines if (wrong := wrong_command(line)))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {target for span in code(text) for target in MAKE.findall(span)}
    yield from (target for target in targets if f"\n{target}:" not in makefile)


def wrong_names(text: str) -> Iterator[str]:
    """Yield the settings and metrics of a page that the program does not have."""
    named = {
        *VARIABLE.findall(text),
        *METRIC.findall(text),
        *filter(SETTING_KEY.fullmatch, SPAN.findall(text)),
    }
    yield from named - names_of_ours()


def test_every_file_that_a_page_names_is_there() -> None:
    missing = {
        f"{page}: {span}"
        for page, text in pages().items()
        for span in code(text)
        if may_be_ours(span) and whole(span, page) is None
    }

    assert missing == set()


def test_every_link_of_a_page_leads_somewhere() -> None:
    assert {f"{page}: {link}" for page, text in pages().items() for link in broken_links(page, text)} == set()


def test_every_name_that_a_page_finds_in_a_file_stands_in_it() -> None:
    assert {f"{page}: {name}" for page, text in pages().items() for name in strangers(page, text)} == set()


def test_every_command_that_a_page_names_can_be_typed() -> None:
    assert {f"{page}: {line}" for page, text in pages().items() for line in wrong_commands(text)} == set()


def test_every_setting_and_every_metric_that_a_page_names_is_one_of_the_programs() -> None:
    assert {f"{page}: {name}" for page, text in pages().items() for name in wrong_names(text)} == set()


def test_every_table_of_the_store_is_in_the_architecture_page_and_no_other() -> None:
    named = {
        *cells("docs/architecture.md", "Every capability", 4),
        *cells("docs/architecture.md", "The store", 1),
    }

    assert named == tables()


def test_every_folder_of_the_worker_is_in_the_architecture_page() -> None:
    folders = {path.rpartition("/")[0] for path in files() if re.fullmatch(r"worker/.+/\w+\.py", path)}
    named = {f"worker/{span}" for span in architecture()} | architecture()

    assert {f for f in folders if not any(span.startswith(f"{f}/") for span in named)} == set()


def test_every_log_line_is_explained_and_every_explained_one_is_written() -> None:
    paths = [path for path in files() if path.startswith("worker/") and path.endswith(".py")]
    source = "\n".join((ROOT / path).read_text(encoding="utf-8") for path in paths)
    explained = set(cells("docs/operations.md", "Log lines", 1)) - MAIL_LINES

    assert set(LOGGED.findall(source)) - explained == set()
    assert {line for line in explained if f'"{line}"' not in source} == set()


def test_no_page_has_a_word_that_the_style_leaves_out() -> None:
    found = {
        f"{page}: {word}"
        for page, text in pages().items()
        for word in LEFT_OUT.findall(SPAN.sub("", FENCE.sub("", text)))
    }

    assert found - {f"docs/style.md: {word}" for word in LEFT_OUT.findall(pages()["docs/style.md"])} == set()


def test_every_command_stands_in_the_list_of_commands() -> None:
    listed = " ".join(code(pages()["docs/commands.md"])).replace("\\|", "|")

    for name, under in commands().items():
        assert re.search(rf"rostering (\S+\|)?{name}\b", listed), name
        assert {one for one in under if not re.search(rf"\b{one}\b", listed)} == set(), name


def test_the_readme_and_the_pages_that_say_how_are_short() -> None:
    most = {page: LONGEST_HOWTO for page in pages() if page.startswith("docs/howto/")} | {
        "README.md": LONGEST_README
    }

    assert {page for page, lines in most.items() if len(pages()[page].splitlines()) > lines} == set()
