"""Words that people see are plain: pages, e-mails, help texts, errors, alerts and settings.

Names that programs use (codes, commands, settings, log events, keys of JSON) hold no blank and are left out.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from tests.support.sources import nodes
from worker.cli.main import rostering

ROOT: Final = Path(__file__).parents[2]
BANNED: Final = {
    r"no\s?body|some\s?body|any\s?body|every\s?body|whoever|whom": "name the role, or the thing meant",
    r"anew|in vain": "say again, or leave it out",
    r"judg(?:e|es|ed|ing)": "evaluate",
    r"tells?(?! us\b)|told(?! us\b)|telling": "report, publish, send or show",
    r"passed over": "skipped",
    r"on (?:its|their|his|her) way": "in onboarding, or being sent",
    r"put (?:\w+ ){0,2}(?:in force|right)": "apply, or fix",
    r"stands? in review": "is in review",
    r"gone? back to": "restore, or roll back",
    r"by itself|by themselves": "automatically",
    r"beside it": "together with it",
    r"reads? (?:\w+ )?whole(?! \w)": "read completely",
    r"he|him|his|she|her": "a student is they",
    r"in none(?! of)|in several(?! \w)": "in no class, in more than one class",
    r"one (?:\w+ )?a line": "one per line",
}
WORDS: Final = {re.compile(rf"\b(?:{words})\b", re.IGNORECASE): instead for words, instead in BANNED.items()}
ON_PAGES: Final = {
    re.compile(r"\bFlush\b"): "Evaluate now",
    re.compile(r"\bOrders?\b"): "Actions, or Sort by",
    re.compile(r"\bWays?\b"): "Onboarding",
    re.compile(r"\bWaits? (?:for|on)\b"): "Next step",
    re.compile(r"\bNone\b|\bSeveral\b"): "No class, More than one class",
    re.compile(r"\(UTC\)"): "the time is shown in the reader's zone",
}
"""Words of buttons, headings and columns. `None` is also how a missing value would look."""
ANY: Final = re.compile("|".join(rf"\b(?:{words})\b" for words in BANNED), re.IGNORECASE)
TEMPLATES: Final = sorted((ROOT / "worker").rglob("templates/*"))
SOURCES: Final = [
    path
    for folder in ("worker", "config")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if not path.is_relative_to(ROOT / "worker" / "sandbox") and "migrations" not in path.parts
]
"""The sandbox's texts are those of a district's data, or Clever's."""


def wrong(text: str, more: dict[re.Pattern[str], str] | None = None) -> list[str]:
    """Return each banned word of a text with what to write instead."""
    if more is None and not ANY.search(text):
        return []
    return [
        f"{found[0]!r} in {' '.join(text.split())[:120]!r}: {instead}"
        for pattern, instead in (WORDS | (more or {})).items()
        if (found := pattern.search(text))
    ]


def texts_of(template: str) -> list[str]:
    """Return what a template shows: its text, its labels and titles, and its own literals."""
    without_comments = re.sub(r"{#.*?#}|<!--.*?-->|<style.*?</style>", "", template, flags=re.DOTALL)
    spoken = re.findall(r'(?:aria-label|title|placeholder)="([^"]*)"', without_comments)
    literals = [
        text
        for code in re.findall(r"{{.*?}}|{%.*?%}", without_comments, flags=re.DOTALL)
        for text in re.findall(r'"([^"]*[a-z] [^"]*)"', code)
    ]
    bare = re.sub(r"{{.*?}}|{%.*?%}", " ", without_comments, flags=re.DOTALL)
    return [re.sub(r"<[^>]*>", " | ", bare), *spoken, *literals]


def messages_of(source: str) -> Iterator[str]:
    """Yield the texts of a module that are sentences: literals with a blank, without docstrings and SQL."""
    left_out = {id(node.value) for node in nodes(source) if isinstance(node, ast.Expr)}
    for node in nodes(source):
        if isinstance(node, ast.JoinedStr):
            left_out |= {id(value) for value in node.values}
            parts = [value.value if isinstance(value, ast.Constant) else "…" for value in node.values]
            text = "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out:
            text = node.value
        else:
            continue
        if " " in text.strip() and not re.match(r"\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH|SET|ALTER)\b", text):
            yield text


def commands(command: click.Command, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield every command with its whole name."""
    name = f"{path} {command.name}".strip()
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for each in command.list_commands(context):
            found = command.get_command(context, each)
            assert found is not None
            yield from commands(found, name)


def test_no_page_and_no_e_mail_has_a_banned_word() -> None:
    found = [
        f"{path.name}: {each}"
        for path in TEMPLATES
        for text in texts_of(path.read_text())
        for each in wrong(text, ON_PAGES if "console" in path.parts else None)
    ]

    assert found == []


def test_no_message_has_a_banned_word() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {each}"
        for path in SOURCES
        for text in messages_of(path.read_text())
        for each in wrong(text)
    ]

    assert found == []


def test_no_help_text_has_a_banned_word() -> None:
    found = []
    for name, command in commands(rostering):
        helps = [getattr(parameter, "help", None) for parameter in command.params]
        found += [f"{name}: {each}" for text in [command.help, *helps] if text for each in wrong(text)]

    assert found == []


def test_a_banned_word_would_be_found_and_a_longer_one_would_not() -> None:
    assert wrong("Nobody has judged it.") != []
    assert wrong("The district is evaluated again; foretold, hers and judgment are other words.") == []
    assert texts_of('<button title="Whoever">{{ "Held by somebody" if x else "Flush" }}</button>')[1:] == [
        "Whoever",
        "Held by somebody",
    ]
    assert list(messages_of('"""Nobody."""\nf"judged {x} anew"\nraise E("told you")')) == [
        "judged … anew",
        "told you",
    ]
