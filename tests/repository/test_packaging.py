"""The image, the compose file and the lock files fit the project that they package."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from config import document

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
SETTING = re.compile(r"\bROSTERING_[A-Z_]*[A-Z]\b")


def _text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def _project() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads(_text("pyproject.toml"))["project"]
    return project


def _locked(lock: str) -> Iterator[tuple[Requirement, str]]:
    """Yield each requirement of a lock file with the options behind it."""
    for line in _text(lock).replace("\\\n", " ").splitlines():
        requirement, _, options = line.partition(" --")
        yield Requirement(requirement.strip()), options


def _versions(lock: str) -> dict[str, list[Version]]:
    versions: dict[str, list[Version]] = {}
    for requirement, _ in _locked(lock):
        (pinned,) = requirement.specifier
        versions.setdefault(requirement.name, []).append(Version(pinned.version))
    return versions


@pytest.mark.parametrize("lock", LOCKS)
def test_every_entry_of_a_lock_file_is_one_version_with_its_hashes(lock: str) -> None:
    for requirement, options in _locked(lock):
        assert [pinned.operator for pinned in requirement.specifier] == ["=="], requirement
        assert re.search(r"hash=sha256:[0-9a-f]{64}\b", options), requirement


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_names_no_place_to_install_from(lock: str) -> None:
    assert re.findall(r"://\S*|--(?:index|extra|find|trusted)\S*", _text(lock)) == []


@pytest.mark.parametrize(
    ("lock", "extras"), [("requirements.lock", ["build"]), ("requirements-dev.lock", ["build", "dev"])]
)
def test_a_lock_file_holds_every_dependency_in_its_range(lock: str, extras: list[str]) -> None:
    project, versions = _project(), _versions(lock)
    wanted = [*project["dependencies"], *(each for extra in extras for each in _extra(project, extra))]

    for requirement in map(Requirement, wanted):
        found = versions.get(requirement.name.lower(), [])
        assert found, requirement
        assert all(requirement.specifier.contains(version) for version in found), requirement


def test_both_lock_files_pin_the_same_versions() -> None:
    runtime, development = (_versions(lock) for lock in LOCKS)

    assert {name: development.get(name) for name in runtime} == runtime


def test_the_image_is_of_a_python_that_the_project_supports() -> None:
    supported = Requirement(f"python{_project()['requires-python']}").specifier
    versions = re.findall(r"^FROM python:([\d.]+)-slim", _text("Dockerfile"), re.MULTILINE)

    assert len(versions) == len(re.findall(r"^FROM ", _text("Dockerfile"), re.MULTILINE))
    assert all(supported.contains(f"{version}.0") for version in versions)


def test_the_image_runs_the_program_as_nobody_in_particular() -> None:
    last_stage = _text("Dockerfile").rpartition("\nFROM ")[2]

    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last_stage, re.MULTILINE)
    assert 'ENTRYPOINT ["rostering"]' in last_stage
    assert "STOPSIGNAL SIGTERM" in last_stage
    assert "pip" not in last_stage


def test_the_image_brings_time_zones_with_the_locked_dependencies() -> None:
    """A slim image has none of its own."""
    assert "tzdata" in _versions("requirements.lock")
    assert "--require-hashes --only-binary :all: -r requirements.lock" in _text("Dockerfile")


def test_compose_passes_on_what_mails_and_their_links_need() -> None:
    environment = yaml.safe_load(_text("docker-compose.yml"))["services"]["worker"]["environment"]
    passed = {name for name, value in environment.items() if value is None}

    assert passed >= {
        *("ROSTERING_HTTP__PUBLIC_URL", "ROSTERING_MAIL__SMTP_URL", "ROSTERING_MAIL__SENDER"),
        *("ROSTERING_MAIL__BOUNCE_ADDRESS", "ROSTERING_MAIL__BOUNCES_IMAP_URL"),
    }


def test_the_build_is_given_everything_that_it_copies() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", _text("Dockerfile"), re.MULTILINE)
    allowed = {line[1:] for line in _text(".dockerignore").splitlines() if line.startswith("!")}

    assert {name for names in copied for name in names.split()} == allowed
    assert all((ROOT / name).exists() for name in allowed)


def test_the_compose_file_has_the_services_that_the_documents_speak_of() -> None:
    services = _text("docker-compose.yml").partition("\nservices:\n")[2].partition("\nvolumes:\n")[0]

    assert re.findall(r"^  (\w+):$", services, re.MULTILINE) == [
        "rabbitmq",
        "postgres",
        "migrate",
        "topology",
        "worker",
        "publisher",
        "sandbox",
        "prometheus",
        "alertmanager",
        "grafana",
    ]


@pytest.mark.parametrize("service", ["prometheus", "alertmanager", "grafana"])
def test_what_watches_the_workers_is_pinned_healthy_and_on_the_loopback_only(service: str) -> None:
    compose = yaml.safe_load(_text("docker-compose.yml"))
    found = compose["services"][service]
    files = [ROOT / each["source"] for each in found["volumes"] if isinstance(each, dict)]

    assert re.fullmatch(r"[a-z/]+:v?\d+\.\d+\.\d+@sha256:[0-9a-f]{64}", found["image"])
    assert found["profiles"] == ["monitoring"]
    assert [port for port in found["ports"] if not port.startswith("127.0.0.1::")] == []
    assert found["healthcheck"]["test"][0] == "CMD"
    assert files
    assert all(path.is_dir() for path in files)
    assert {each.partition(":")[0] for each in found["volumes"] if isinstance(each, str)} <= set(
        compose["volumes"]
    )


def test_grafana_finds_its_dashboards_where_they_are_mounted() -> None:
    grafana = yaml.safe_load(_text("docker-compose.yml"))["services"]["grafana"]
    (provider,) = yaml.safe_load(_text("config/grafana/provisioning/dashboards/rostering.yml"))["providers"]

    assert provider["options"]["path"] in {
        each["target"] for each in grafana["volumes"] if isinstance(each, dict)
    }


@pytest.mark.parametrize("path", ["Dockerfile", "docker-compose.yml"])
def test_every_setting_named_is_one_that_the_program_knows(path: str) -> None:
    known = {setting.variable for setting in document.settings()}

    assert set(SETTING.findall(_text(path))) - known == set()


def test_what_ci_runs_can_be_run() -> None:
    assert os.access(ROOT / ".ci/run", os.X_OK)


def _extra(project: dict[str, Any], name: str) -> list[str]:
    extra: list[str] = project["optional-dependencies"][name]
    return extra


def test_every_image_of_others_is_named_by_version_and_by_digest() -> None:
    compose = yaml.safe_load(_text("docker-compose.yml"))
    named = {service["image"] for service in compose["services"].values() if "image" in service}
    named |= set(re.findall(r"^FROM (\S+)", _text("Dockerfile"), re.MULTILINE))
    others = named - {"rostering:local"}

    assert len(others) == 6
    for image in others:
        assert re.fullmatch(r"[a-z/]+:v?[0-9][\w.-]*@sha256:[0-9a-f]{64}", image), image


def test_the_license_that_the_package_names_is_the_one_in_the_folder() -> None:
    project = _project()

    assert project["license"] == "Apache-2.0"
    assert [_text(name).split()[:2] for name in project["license-files"]] == [["Apache", "License"]]
