"""The Kubernetes manifests are what Kubernetes takes, fit each other, and fit the program."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import kubernetes_validate
import pytest
import yaml

from config import document
from config.loading import load
from config.topology import EVENTS_QUEUE
from tests.support.manifests import FOLDER, containers, deployment, kustomization, manifests, pods, selects
from worker.bootstrap import mail
from worker.bootstrap.checks import STAGES
from worker.runtime.errors import SettingsError

OLDEST = "1.31"
"""Since when a PodDisruptionBudget may say what becomes of a pod that is not ready."""
FOREIGN = ("keda.sh/v1alpha1",)
USER = 10001
PROBES = {"startupProbe": "/live", "livenessProbe": "/live", "readinessProbe": "/ready"}
COMPONENTS = ("intake", "decide")
EXAMPLE = FOLDER / "secret.example.yaml"


@pytest.mark.parametrize("version", [OLDEST, kubernetes_validate.latest_version()])
def test_kubernetes_takes_every_object_and_knows_every_key(version: str) -> None:
    ours = [each for each in manifests() if each["apiVersion"] not in FOREIGN]

    for each in ours:
        kubernetes_validate.validate(each, version, strict=True)
    assert len(ours) == 10


def test_a_key_that_kubernetes_does_not_know_would_be_found() -> None:
    service = manifests("Service")[0] | {"spek": {}}

    with pytest.raises(kubernetes_validate.ValidationError, match="spek"):
        kubernetes_validate.validate(service, OLDEST, strict=True)


def test_every_file_is_applied_but_for_the_example_of_the_secret() -> None:
    files = {path.name for path in FOLDER.glob("*.yaml")}

    assert files - set(kustomization()["resources"]) == {"kustomization.yaml", "secret.example.yaml"}
    assert set(kustomization()["resources"]) <= files


def test_no_object_names_a_namespace_and_no_two_are_the_same() -> None:
    names = [(each["kind"], each["metadata"]["name"]) for each in manifests()]

    assert len(set(names)) == len(names)
    assert all("namespace" not in each["metadata"] for each in manifests())


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_selector_picks_the_pods_that_it_is_for(component: str) -> None:
    made = deployment(component)
    labels = made["spec"]["template"]["metadata"]["labels"]
    others = [each for each in pods().values() if each["metadata"]["labels"] != labels]
    (budget,) = (
        each
        for each in manifests("PodDisruptionBudget")
        if selects(each["spec"]["selector"]["matchLabels"], labels)
    )

    for selector in (made["spec"]["selector"], budget["spec"]["selector"], *spread(made)):
        assert selects(selector["matchLabels"], labels)
        assert not any(selects(selector["matchLabels"], each["metadata"]["labels"]) for each in others)


def test_the_console_is_served_by_pods_that_serve_it_on_the_port_that_is_set() -> None:
    (service,), (policy,), (settings,) = (
        manifests(kind) for kind in ("Service", "NetworkPolicy", "ConfigMap")
    )
    (port,) = service["spec"]["ports"]
    made = [
        each
        for each in manifests("Deployment")
        if selects(service["spec"]["selector"], each["spec"]["template"]["metadata"]["labels"])
    ]

    assert made
    for each in made:
        (container,) = each["spec"]["template"]["spec"]["containers"]
        assert "http" in container["args"][-1].split(",")
        assert container["ports"] == [
            {"name": port["targetPort"], "containerPort": int(settings["data"]["ROSTERING_HTTP__PORT"])},
            {"name": "probes", "containerPort": int(settings["data"]["ROSTERING_HTTP__PROBES_PORT"])},
        ]
    assert [rule["ports"] for rule in policy["spec"]["ingress"]] == [
        [{"protocol": "TCP", "port": name}] for name in (port["targetPort"], "probes")
    ]


def test_no_pod_is_open_to_the_whole_cluster_nor_may_reach_any_port() -> None:
    (policy,) = manifests("NetworkPolicy")
    spec = policy["spec"]

    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert all(rule["from"] and rule["ports"] for rule in spec["ingress"])
    assert all(each["namespaceSelector"]["matchLabels"] for rule in spec["ingress"] for each in rule["from"])
    assert all(rule["ports"] for rule in spec["egress"])


def test_a_pod_may_reach_every_server_that_the_examples_name() -> None:
    (policy,), (settings,), (secret,) = (
        manifests("NetworkPolicy"),
        manifests("ConfigMap"),
        [yaml.safe_load(EXAMPLE.read_text())],
    )
    open_ports = {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]}
    addresses = [
        value for value in [*settings["data"].values(), *secret["stringData"].values()] if "://" in value
    ]
    usual = {"https": 443, "imaps": 993}
    parts = [urlsplit(address) for address in addresses]

    assert {part.port or usual[part.scheme] for part in parts} <= open_ports
    assert len(parts) == 5


def test_the_two_kinds_of_worker_do_every_stage_between_them() -> None:
    stages = [name for each in COMPONENTS for name in worker(each)["args"][-1].split(",") if name != "http"]

    assert sorted([*stages, "http"]) == sorted({*STAGES, "notify"})
    assert all(worker(each)["args"][:2] == ["run", "--stages"] for each in COMPONENTS)


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_worker_is_restarted_by_live_alone_and_given_time_to_wait_at_the_start(component: str) -> None:
    container = worker(component)
    start = container["startupProbe"]

    assert {name: container[name]["httpGet"]["path"] for name in PROBES} == PROBES
    assert {container[name]["httpGet"]["port"] for name in PROBES} == {"probes"}
    assert start["periodSeconds"] * start["failureThreshold"] >= 600
    assert container["readinessProbe"]["timeoutSeconds"] > 3  # as long as /ready waits for the database


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_worker_that_is_told_to_stop_has_longer_than_it_takes(component: str) -> None:
    (settings,) = manifests("ConfigMap")
    grace = deployment(component)["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]

    assert grace >= float(settings["data"]["ROSTERING_SHUTDOWN_SECONDS"]) + 10


@pytest.mark.parametrize("name", list(pods()))
def test_a_pod_runs_as_nobody_in_particular_and_talks_to_no_kubernetes(name: str) -> None:
    spec = pods()[name]["spec"]

    assert spec["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": USER,
        "runAsGroup": USER,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert f"useradd --uid {USER}" in (FOLDER.parents[1] / "Dockerfile").read_text(encoding="utf-8")
    assert spec["automountServiceAccountToken"] is False
    assert spec["serviceAccountName"] == manifests("ServiceAccount")[0]["metadata"]["name"]
    # A Service named rostering would come into the pod as ROSTERING_PORT, an unknown key: exit code 2.
    assert spec["enableServiceLinks"] is False


@pytest.mark.parametrize(("name", "container"), list(containers()))
def test_a_container_may_do_nothing_but_its_work(name: str, container: dict[str, Any]) -> None:
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }, name
    assert "memory" in container["resources"]["limits"]
    assert {"cpu", "memory"} == set(container["resources"]["requests"])
    assert container["image"] in {each["name"] for each in kustomization()["images"]}
    assert container["envFrom"] == [
        {"configMapRef": {"name": manifests("ConfigMap")[0]["metadata"]["name"]}},
        {"secretRef": {"name": manifests("Secret")[0]["metadata"]["name"]}},
    ]


def test_what_the_pods_are_given_are_settings_that_the_program_takes() -> None:
    (settings,), (secret,) = manifests("ConfigMap"), manifests("Secret")
    known = {setting.variable for setting in document.settings()}
    given = settings["data"] | secret["stringData"]

    assert set(given) <= known
    assert load(given).http.host == "0.0.0.0"  # noqa: S104 — inside the pod's own network


def test_whoever_sends_mails_is_given_the_mail_server_and_says_where_no_sender_is_set() -> None:
    (settings,), (secret,) = manifests("ConfigMap"), manifests("Secret")
    given = settings["data"] | secret["stringData"]
    senders = [each for each in COMPONENTS if "notify" in worker(each)["args"][-1].split(",")]

    assert senders
    assert all({"secretRef": {"name": "rostering"}} in worker(each)["envFrom"] for each in senders)
    with pytest.raises(SettingsError, match="ROSTERING_MAIL__SENDER"):
        mail.check(load(given))
    mail.check(load(given | {"ROSTERING_MAIL__SENDER": "Insights <rostering@vendor.example>"}))


def test_no_secret_stands_in_the_settings_and_none_is_a_real_one() -> None:
    (settings,), (secret,) = manifests("ConfigMap"), manifests("Secret")
    secrets = {setting.variable for setting in document.settings() if "secret" in setting.form}
    stand_in = re.compile(r"change-me|^\[\]$")

    assert set(settings["data"]) & (secrets | set(secret["stringData"])) == set()
    assert all(stand_in.search(value) for value in secret["stringData"].values())


def test_the_set_up_brings_the_schema_before_the_queues() -> None:
    (job,) = manifests("Job")
    spec = job["spec"]["template"]["spec"]

    assert [each["args"] for each in spec["initContainers"]] == [["migrate"]]
    assert [each["args"] for each in spec["containers"]] == [["topology", "declare"]]


def test_scaling_is_by_the_queue_and_by_the_windows_that_are_due() -> None:
    scaled = {each["spec"]["scaleTargetRef"]["name"]: each["spec"] for each in manifests("ScaledObject")}
    (queue,), (windows,) = (scaled[f"rostering-{each}"]["triggers"] for each in COMPONENTS)
    (login,) = manifests("TriggerAuthentication")

    assert (queue["type"], queue["metadata"]["queueName"]) == ("rabbitmq", EVENTS_QUEUE)
    assert queue["authenticationRef"]["name"] == login["metadata"]["name"]
    assert login["spec"]["secretTargetRef"] == [
        {
            "parameter": "host",
            "name": manifests("Secret")[0]["metadata"]["name"],
            "key": "ROSTERING_BROKER_URL",
        }
    ]
    assert windows["type"] == "prometheus"
    assert "max(rostering_windows_due)" in windows["metadata"]["query"]


@pytest.mark.parametrize("component", COMPONENTS)
def test_there_are_always_two_workers_and_the_deployment_does_not_fight_the_scaling(component: str) -> None:
    made = deployment(component)
    (scaled,) = (
        each["spec"]
        for each in manifests("ScaledObject")
        if each["spec"]["scaleTargetRef"]["name"] == made["metadata"]["name"]
    )

    assert scaled["minReplicaCount"] >= 2
    assert scaled["maxReplicaCount"] > scaled["minReplicaCount"]
    assert "replicas" not in made["spec"]


def worker(component: str) -> dict[str, Any]:
    """Return the one container of a component."""
    (container,) = deployment(component)["spec"]["template"]["spec"]["containers"]
    found: dict[str, Any] = container
    return found


def spread(made: dict[str, Any]) -> list[dict[str, Any]]:
    """Return by which pods a Deployment is spread."""
    constraints = made["spec"]["template"]["spec"]["topologySpreadConstraints"]
    return [each["labelSelector"] for each in constraints]
