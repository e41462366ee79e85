"""What config/ hands to Prometheus and Grafana, read for the tests; and promtool, which judges it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from tests.support.servers.installed import not_installed

CONFIG: Final = Path(__file__).parents[2] / "config"
RULES: Final = CONFIG / "prometheus/rules.yml"
RULE_TESTS: Final = CONFIG / "prometheus/rules.test.yml"
DASHBOARD: Final = CONFIG / "grafana/dashboards/rostering.json"
FRUGAL: Final = {"GOMAXPROCS": "1", "GOGC": "400"}
"""For Go: one thread, and garbage that is looked for rarely."""
OURS: Final = re.compile(r"\brostering_\w+")


def rules() -> list[dict[str, Any]]:
    """Return every alert rule."""
    return [rule for group in read_yaml(RULES)["groups"] for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    """Return the dashboard."""
    document: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return document


def expressions() -> Iterator[tuple[str, str]]:
    """Yield every expression of the dashboard with its panel's title, as Prometheus is asked it."""
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            asked = target["expr"].replace("$job", ".+").replace("$__rate_interval", "5m")
            yield panel["title"], asked


def read_yaml(path: Path) -> Any:
    """Return the one document of a YAML file."""
    return yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)


def promtool(*arguments: str | Path) -> str:
    """Run promtool and return what it printed; skips the test where there is none, and fails it in CI."""
    return _run("promtool", *arguments)


def amtool(*arguments: str | Path) -> str:
    """Run amtool, which comes with Alertmanager, in the same way."""
    return _run("amtool", *arguments)


def _run(tool: str, *arguments: str | Path) -> str:
    if shutil.which(tool) is None:
        not_installed(tool)
    done = subprocess.run(
        [tool, *arguments], env=os.environ | FRUGAL, capture_output=True, text=True, timeout=60, check=False
    )
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    return printed
