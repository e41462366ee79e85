"""From values to an e-mail, by templates in files: ours, or the vendor's own in place of ours, by file."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from pathlib import Path
from traceback import extract_tb
from typing import Any, Final

import jinja2

from worker.domain.mail.mails import Composed, MailKind, Values, one_line, without_breaks
from worker.mail.samples import SAMPLES
from worker.runtime.count_text import counted
from worker.runtime.errors import MailError

OURS: Final = Path(__file__).parent / "templates"
SUBJECT: Final = "Subject: "


@dataclass(frozen=True, slots=True)
class Vendor:
    """Who writes: what is the same in every mail."""

    product: str = "Insights"
    vendor: str = "The Insights team"
    help_address: str | None = None


@cache
def _templates(folders: tuple[Path, ...]) -> jinja2.Environment:
    """Return the templates of folders, each of which is compiled when it was changed."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"day": day, "counted": counted}
    return environment


class Composer:
    """Composes e-mails. Raises `MailError` with file and line where a template will not do."""

    def __init__(self, vendor: Vendor, own_templates: Path | None = None) -> None:
        if own_templates is not None and not own_templates.is_dir():
            raise MailError(f"{own_templates}: expected a folder of templates")
        folders = [OURS] if own_templates is None else [own_templates, OURS]
        self.vendor = vendor
        self._environment = _templates(tuple(folders))

    def compose(self, values: Values) -> Composed:
        """Return the e-mail that says this. A value of several lines is refused: none could mean well."""
        known = _values(self.vendor) | _values(values)
        text_file = f"{values.kind}.txt"
        first, _, text = self._render(text_file, known).partition("\n")
        if not first.startswith(SUBJECT) or not first.removeprefix(SUBJECT).strip():
            raise MailError(f"{self._path(text_file)}, line 1: expected `{SUBJECT}` and the subject")
        subject = one_line(first.removeprefix(SUBJECT).strip(), f"{self._path(text_file)}, line 1: subject")
        html = self._render(f"{values.kind}.html", known | {"subject": subject})
        return Composed(subject, text.strip() + "\n", html.strip() + "\n")

    def preview(self, kind: MailKind) -> Composed:
        """Return an e-mail with invented values."""
        return self.compose(SAMPLES[kind][0])

    def check(self) -> None:
        """Compose every sample, so that each template is read and each of its branches is taken."""
        for samples in SAMPLES.values():
            for values in samples:
                self.compose(values)

    def _render(self, name: str, values: dict[str, Any]) -> str:
        try:
            return self._environment.get_template(name).render(values)
        except jinja2.TemplateSyntaxError as error:
            raise MailError(f"{error.filename or name}, line {error.lineno}: {error.message}") from None
        except jinja2.UndefinedError as error:
            raise MailError(f"{self._where(error, name)}: {error.message}") from None
        except jinja2.TemplateNotFound as error:
            raise MailError(f"{self._path(name)}: template {error.name} not found") from None
        except (OSError, UnicodeDecodeError) as error:
            raise MailError(f"{self._path(name)}: cannot be read: {type(error).__name__}") from None
        except Exception as error:  # noqa: BLE001 — whatever a template of the vendor's may do
            raise MailError(f"{self._where(error, name)}: {type(error).__name__}") from None

    def _where(self, error: Exception, name: str) -> str:
        """Return the file and the line of a template that an error came from."""
        folders = tuple(str(folder) for folder in self._folders())
        for frame in reversed(extract_tb(error.__traceback__)):
            if frame.filename.startswith(folders) and not frame.filename.endswith(".py"):
                return f"{frame.filename}, line {frame.lineno}"
        return self._path(name)

    def _path(self, name: str) -> str:
        """Return the file that answers to a template's name."""
        found = [folder / name for folder in self._folders() if (folder / name).is_file()]
        return str(found[0]) if found else name

    def _folders(self) -> list[Path]:
        loader = self._environment.loader
        return (
            [Path(each) for each in loader.searchpath] if isinstance(loader, jinja2.FileSystemLoader) else []
        )


def day(value: date) -> str:
    """Return a day as it is said: Monday, September 7, 2026."""
    return f"{value:%A, %B} {value.day}, {value.year}"


def _values(of: Vendor | Values) -> dict[str, Any]:
    values = {field.name: getattr(of, field.name) for field in fields(of)}
    for name, value in values.items():
        for text in value if isinstance(value, tuple) else [value]:
            if isinstance(text, str):
                without_breaks(text, name)
    return values
