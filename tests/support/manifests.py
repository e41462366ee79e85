"""The Kubernetes manifests, read for the tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

FOLDER: Final = Path(__file__).parents[2] / "config/kubernetes"

Manifest = dict[str, Any]


def kustomization() -> Manifest:
    """Return what is applied together."""
    document: Manifest = yaml.load(
        (FOLDER / "kustomization.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader
    )
    return document


def manifests(kind: str | None = None) -> list[Manifest]:
    """Return every object, the example of the Secret included, or those of one kind."""
    found = [
        document
        for path in sorted(FOLDER.glob("*.yaml"))
        if path.name != "kustomization.yaml"
        for document in yaml.load_all(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    ]
    return [each for each in found if kind is None or each["kind"] == kind]


def deployment(component: str) -> Manifest:
    """Return the Deployment of one component."""
    (found,) = (
        each for each in manifests("Deployment") if each["metadata"]["name"] == f"rostering-{component}"
    )
    return found


def pods() -> dict[str, Manifest]:
    """Return every pod's template by the name of what makes it."""
    makers = manifests("Deployment") + manifests("Job")
    return {each["metadata"]["name"]: each["spec"]["template"] for each in makers}


def containers() -> Iterator[tuple[str, Manifest]]:
    """Yield every container with its name."""
    for name, template in pods().items():
        spec = template["spec"]
        for container in [*spec.get("initContainers", ()), *spec["containers"]]:
            yield f"{name}/{container['name']}", container


def selects(selector: Manifest, labels: Manifest) -> bool:
    """Whether a selector picks what has these labels."""
    return selector.items() <= labels.items()
