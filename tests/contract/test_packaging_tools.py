"""What tools make of the files that package the project."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SKIPPED = 77
LOCKED = re.compile(r"^([\w.-]+)==([^\s;\\]+)", re.MULTILINE)


def test_docker_compose_can_read_the_compose_file() -> None:
    checked = subprocess.run([ROOT / "tests/check_compose.sh"], capture_output=True, text=True, check=False)

    if checked.returncode == SKIPPED:
        pytest.skip(checked.stderr.strip())
    assert checked.returncode == 0, checked.stderr


def test_the_bill_of_materials_names_every_locked_version(tmp_path: Path) -> None:
    written = tmp_path / "sbom.json"
    lock = ROOT / "requirements.lock"

    # Its schemas take five seconds of a processor: `make sbom` has the file checked by them.
    arguments = ["requirements", "--no-validate", "--output-file", str(written), str(lock)]
    subprocess.run([sys.executable, "-m", "cyclonedx_py", *arguments], check=True, capture_output=True)

    components = json.loads(written.read_text())["components"]
    locked = LOCKED.findall(lock.read_text())
    assert len(locked) > 50
    assert {(each["name"], each["version"]) for each in components} == set(locked)
