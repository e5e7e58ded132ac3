"""The compose files: the schema of what they use, rules, and what other files take for granted."""

from __future__ import annotations

import copy
import json
import re
import tomllib

import pytest
import yaml

from gateway.paths import PROJECT_ROOT
from gateway.settings import Settings
from tests.unit.docker.compose import FILES, mounts, offences, read, variables

KINDS = pytest.mark.parametrize("kind", FILES)
OURS = ("gateway", "worker", "triton", "bucket", "models")


def text(path):
    return (PROJECT_ROOT / path).read_text(encoding="utf-8")


@KINDS
def test_the_files_keep_the_rules(kind):
    assert offences(read(kind)) == []


def change(service, key, value):
    def apply(document):
        if value is None:
            del document["services"][service][key]
        else:
            document["services"][service][key] = value

    return apply


@pytest.mark.parametrize(
    ("apply", "expected"),
    [
        (change("store", "image", "versity/versitygw:latest"), "store: image"),
        (change("database", "image", "postgres:17"), "database: image"),
        (change("gateway", "user", "0:0"), "gateway: user"),
        (change("gateway", "user", "semblant"), "gateway: user"),
        (change("worker", "read_only", False), "worker: read_only"),
        (change("triton", "cap_drop", None), "triton: cap_drop"),
        (change("grafana", "security_opt", []), "grafana: security_opt"),
        (change("grafana", "privileged", True), "grafana: privileged"),
        (change("gateway", "environment", {"SEMBLANT_PROT": "1"}), "gateway: environment"),
        (change("gateway", "ports", ["8000:8000"]), "gateway: ports"),
        (change("gateway", "networks", ["inside"]), "gateway: ports"),
        (change("gateway", "networks", ["others"]), "gateway: networks"),
        (change("store", "volumes", ["kept:/data"]), "store: volumes"),
        (change("prometheus", "volumes", ["./docker:/etc/prometheus"]), "prometheus: volumes"),
        (change("database", "healthcheck", None), "gateway: depends_on"),
        (change("store", "depends_on", {"b": {"condition": "service_started"}}), "store: depends"),
        (change("grafana", "deploy", {}), "grafana: deploy"),
        (change("triton", "tmpfs", ["/tmp"]), "triton: tmpfs"),
    ],
)
def test_each_rule_finds_what_it_is_there_for(apply, expected):
    document = copy.deepcopy(read("cpu"))
    apply(document)
    assert any(words.startswith(expected) for words in offences(document))


@KINDS
def test_our_images_are_of_this_release(kind):
    version = tomllib.loads(text("pyproject.toml"))["project"]["version"]
    for name, service in read(kind)["services"].items():
        assert service["image"].endswith(f":{version}") == (name in OURS), name


@KINDS
def test_the_service_accepts_its_settings(kind, monkeypatch):
    for name in ("gateway", "worker", "models"):
        for key, value in read(kind)["services"].get(name, {}).get("environment", {}).items():
            monkeypatch.setenv(key, str(value))
        Settings()


def test_one_command_is_enough_and_what_may_be_set_is_documented():
    documented = set(re.findall(r"^\| `(\w+)` \|", text("docker/README.md"), re.MULTILINE))
    for name, default in variables(text("compose.yaml")):
        assert default is not None, name
        assert name in documented or name.startswith("SEMBLANT_")
    named = {name for path in FILES["gpu"] for name, _ in variables(text(path))}
    assert documented <= named | {"BASE", "SOURCE", "COMPOSE_FILE"}


@KINDS
def test_only_what_has_to_reaches_beyond_the_machine(kind):
    document = read(kind)
    assert document["networks"]["inside"] == {"internal": True}
    for name in ("database", "store", "triton"):
        assert document["services"][name]["networks"] == ["inside"]
        assert "ports" not in document["services"][name]


def test_prometheus_scrapes_the_services_under_the_names_that_alerts_use():
    document = read("cpu")
    (config,) = [p for p in mounts(document["services"]["prometheus"]).values() if p.is_file()]
    jobs = yaml.safe_load(config.read_text())["scrape_configs"]
    ports = {}
    for job in jobs:
        ((name,),) = [entry["names"] for entry in job["dns_sd_configs"]]
        assert job["job_name"] == f"semblant-{name}"
        ports[name] = job["dns_sd_configs"][0]["port"]
    probes = document["services"]["worker"]["environment"]["SEMBLANT_WORKER_PROBE_PORT"]
    assert ports == {"gateway": 8000, "worker": probes, "triton": 8002}
    written = "".join(path.read_text() for path in (PROJECT_ROOT / "k8s/alerts").glob("*.yaml"))
    assert set(re.findall(r'job="([\w-]+)"', written)) <= {job["job_name"] for job in jobs}


def test_grafana_finds_its_dashboards_and_their_source():
    seen = mounts(read("cpu")["services"]["grafana"])
    provisioning = seen["/etc/grafana/provisioning"]
    (provider,) = yaml.safe_load((provisioning / "dashboards/semblant.yaml").read_text())[
        "providers"
    ]
    dashboards = list(seen[provider["options"]["path"]].glob("*.json"))
    assert dashboards
    (source,) = yaml.safe_load((provisioning / "datasources/prometheus.yaml").read_text())[
        "datasources"
    ]
    for path in dashboards:
        wanted = json.loads(path.read_text())["templating"]["list"][0]
        assert (wanted["type"], wanted["query"]) == ("datasource", source["type"])
