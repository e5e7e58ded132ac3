"""Each policy and schema finds what it is there for: manifests broken in memory."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.unit.k8s.renderings import rendered
from tools.manifests.manifests import Manifests
from tools.manifests.policies import POLICIES
from tools.manifests.schemas import invalid

MUTATIONS: dict[str, "Mutation"] = {}
ALL = ("keda", "cert-manager", "migrations", "monitoring")


@dataclass(frozen=True)
class Mutation:
    policy: str
    components: tuple[str, ...]
    change: Callable[[Manifests], object]


def breaks(policy, *components):
    def register(change):
        MUTATIONS[change.__name__] = Mutation(policy, components, change)
        return change

    return register


def pod(manifests, name="semblant-gateway", kind="Deployment"):
    return manifests.get(kind, name)["spec"]["template"]["spec"]


def container(manifests, name="semblant-gateway"):
    return pod(manifests, name)["containers"][0]


def config(manifests):
    return next(c for c in manifests.of("ConfigMap") if "settings" in c["metadata"]["name"])["data"]


def remove(manifests, kind, name):
    manifests.objects.remove(manifests.get(kind, name))


@breaks("resources")
def no_memory_limit(m):
    del container(m)["resources"]["limits"]["memory"]


@breaks("resources")
def more_requested_than_allowed(m):
    container(m)["resources"]["requests"]["cpu"] = "4001m"


@breaks("resources", "migrations")
def a_job_without_resources(m):
    del pod(m, "semblant-migrations", "Job")["containers"][0]["resources"]


@breaks("probes")
def no_startup_probe(m):
    del container(m, "semblant-worker")["startupProbe"]


@breaks("probes")
def liveness_asks_for_readiness(m):
    container(m)["livenessProbe"]["httpGet"]["path"] = "/readyz"


@breaks("probes")
def a_start_without_time(m):
    container(m)["startupProbe"]["failureThreshold"] = 1


@breaks("probes")
def a_probe_of_an_unnamed_port(m):
    container(m)["readinessProbe"]["httpGet"]["port"] = 8000


@breaks("security")
def root(m):
    pod(m)["securityContext"]["runAsUser"] = 0


@breaks("security")
def a_writable_root(m):
    container(m, "semblant-triton")["securityContext"]["readOnlyRootFilesystem"] = False


@breaks("security")
def capabilities(m):
    container(m)["securityContext"]["capabilities"]["add"] = ["NET_ADMIN"]


@breaks("security")
def no_seccomp(m):
    del pod(m)["securityContext"]["seccompProfile"]


@breaks("security")
def a_path_of_the_node(m):
    pod(m)["volumes"].append({"name": "node", "hostPath": {"path": "/"}})


@breaks("images")
def the_latest_image(m):
    container(m)["image"] = "semblant/gateway:latest"


@breaks("images")
def an_image_without_a_tag(m):
    container(m)["image"] = "registry:5000/semblant/gateway"


@breaks("images")
def an_image_of_another_release(m):
    container(m)["image"] = "semblant/gateway:0.0.1"


@breaks("accounts")
def the_default_account(m):
    del pod(m)["serviceAccountName"]


@breaks("accounts")
def a_token(m):
    pod(m)["automountServiceAccountToken"] = True


@breaks("accounts")
def an_account_with_a_token(m):
    del m.get("ServiceAccount", "semblant-triton")["automountServiceAccountToken"]


@breaks("accounts")
def variables_from_services(m):
    del pod(m)["enableServiceLinks"]


@breaks("ports")
def a_port_without_a_name(m):
    del container(m)["ports"][0]["name"]


@breaks("ports")
def a_service_without_names(m):
    del m.get("Service", "semblant-triton")["spec"]["ports"][0]["name"]


@breaks("ports")
def a_service_of_a_port_that_no_pod_has(m):
    m.get("Service", "semblant-triton")["spec"]["ports"][0]["targetPort"] = "web"


@breaks("volumes")
def a_mount_of_nothing(m):
    container(m)["volumeMounts"].append({"name": "none", "mountPath": "/none"})


@breaks("volumes")
def a_folder_without_a_limit(m):
    pod(m)["volumes"][0]["emptyDir"] = {}


@breaks("volumes")
def nowhere_to_write(m):
    container(m)["volumeMounts"][0]["mountPath"] = "/elsewhere"


@breaks("spread")
def not_spread(m):
    pod(m)["topologySpreadConstraints"].pop()


@breaks("spread")
def no_priority(m):
    remove(m, "PriorityClass", "semblant-batch")


@breaks("references")
def no_settings(m):
    m.objects.remove(next(c for c in m.of("ConfigMap") if "settings" in c["metadata"]["name"]))


@breaks("references")
def an_undocumented_secret(m):
    container(m)["env"].append(
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "other", "key": "key"}}}
    )


@breaks("references")
def an_undocumented_key(m):
    for variable in container(m)["env"]:
        if "secretKeyRef" in variable.get("valueFrom", {}):
            variable["valueFrom"]["secretKeyRef"]["key"] = "address"


@breaks("references", "cert-manager")
def no_certificate(m):
    remove(m, "Certificate", "semblant-grpc")


@breaks("references", "keda")
def a_trigger_with_an_unknown_secret(m):
    m.get("TriggerAuthentication", "semblant-database")["spec"]["secretTargetRef"][0]["key"] = "x"


@breaks("namespaces", "keda")
def an_object_in_no_namespace(m):
    del m.get("ScaledObject", "semblant-worker")["metadata"]["namespace"]


@breaks("selectors")
def a_service_of_nobody(m):
    m.get("Service", "semblant-gateway")["spec"]["selector"]["app.kubernetes.io/name"] = "other"


@breaks("selectors")
def a_deployment_that_takes_others(m):
    chosen = m.get("Deployment", "semblant-gateway")["spec"]["selector"]["matchLabels"]
    del chosen["app.kubernetes.io/component"]


@breaks("monitors", "monitoring")
def a_monitor_of_a_port_that_is_not_there(m):
    m.get("ServiceMonitor", "semblant-gateway")["spec"]["endpoints"][0]["port"] = "metrics"


@breaks("monitors", "monitoring")
def a_monitor_of_another_service(m):
    monitor = m.get("ServiceMonitor", "semblant-gateway")["spec"]
    monitor["selector"]["matchLabels"]["app.kubernetes.io/component"] = "triton"


@breaks("routes", "gateway-api")
def a_route_to_nowhere(m):
    m.get("GRPCRoute", "semblant")["spec"]["rules"][0]["backendRefs"][0]["port"] = 1


@breaks("routes", "gateway-api")
def a_route_to_metrics(m):
    match = m.get("HTTPRoute", "semblant")["spec"]["rules"][1]["matches"][0]
    match["path"]["value"] = "/"


@breaks("disruptions")
def nodes_that_never_drain(m):
    budget = m.get("PodDisruptionBudget", "semblant-gateway")["spec"]
    del budget["maxUnavailable"]
    budget["minAvailable"] = 2


@breaks("disruptions", "keda")
def a_budget_of_all_that_the_scaler_keeps(m):
    budget = m.get("PodDisruptionBudget", "semblant-triton")["spec"]
    del budget["maxUnavailable"]
    budget["minAvailable"] = 1


@breaks("disruptions")
def no_budget(m):
    remove(m, "PodDisruptionBudget", "semblant-worker")


@breaks("scalers", "keda")
def fixed_replicas_beside_a_scaler(m):
    m.get("Deployment", "semblant-gateway")["spec"]["replicas"] = 2


@breaks("scalers")
def replicas_by_nobody(m):
    del m.get("Deployment", "semblant-gateway")["spec"]["replicas"]


@breaks("scalers", "hpa")
def a_scaler_of_nothing(m):
    scaler = m.get("HorizontalPodAutoscaler", "semblant-worker")["spec"]
    scaler["scaleTargetRef"]["name"] = "semblant-workers"


@breaks("scalers", "hpa")
def cpu_alone(m):
    metrics = m.get("HorizontalPodAutoscaler", "semblant-gateway")["spec"]["metrics"]
    metrics[:] = [metric for metric in metrics if metric["type"] == "Resource"]


@breaks("scalers", "keda")
def a_trigger_without_credentials(m):
    remove(m, "TriggerAuthentication", "semblant-database")


@breaks("slow_scale_down", "keda")
def servers_given_up_early(m):
    scaled = m.get("ScaledObject", "semblant-triton")["spec"]["advanced"]
    rules = scaled["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
    rules["stabilizationWindowSeconds"] = 300


@breaks("slow_scale_down", "hpa")
def servers_given_up_by_default(m):
    del m.get("HorizontalPodAutoscaler", "semblant-triton")["spec"]["behavior"]


@breaks("settings")
def a_misspelt_setting(m):
    config(m)["SEMBLANT_MAX_CONCURENCY"] = "8"


@breaks("settings")
def an_invalid_value(m):
    config(m)["SEMBLANT_PROTOCOLS"] = "all"


@breaks("settings")
def what_is_no_setting(m):
    config(m)["LOG_LEVEL"] = "info"


@breaks("listening")
def another_port_than_the_containers(m):
    config(m)["SEMBLANT_PORT"] = "8080"


@breaks("listening")
def a_worker_without_probes(m):
    del config(m)["SEMBLANT_WORKER_PROBE_PORT"]


@breaks("listening")
def nobody_reaches_it(m):
    config(m)["SEMBLANT_HOST"] = "127.0.0.1"


@breaks("listening")
def everybody_may_call(m):
    config(m)["SEMBLANT_AUTH"] = "off"


@breaks("listening", "cert-manager")
def no_certificate_at_its_place(m):
    config(m)["SEMBLANT_GRPC_TLS_KEY"] = "/etc/other/tls.key"


@breaks("grace")
def a_longer_deadline(m):
    config(m)["SEMBLANT_REQUEST_DEADLINE_S"] = "120"


@breaks("grace")
def a_longer_drain(m):
    config(m)["SEMBLANT_WORKER_DRAIN_S"] = "90"


@breaks("grace")
def a_server_that_waits_for_longer(m):
    arguments = container(m, "semblant-triton")["args"]
    arguments[-1] = "--exit-timeout-secs=60"


@breaks("grace")
def a_gateway_that_ends_at_once(m):
    del container(m)["lifecycle"]


@breaks("network")
def no_default(m):
    remove(m, "NetworkPolicy", "default-deny")
    remove(m, "NetworkPolicy", "semblant-triton")


@breaks("network")
def workers_for_everybody(m):
    m.get("NetworkPolicy", "semblant-worker")["spec"]["ingress"].append({})


@breaks("network")
def triton_for_clients(m):
    rules = m.get("NetworkPolicy", "semblant-triton")["spec"]["ingress"]
    rules[0]["from"].append({"namespaceSelector": {}})


@breaks("network")
def the_metadata_of_the_cloud(m):
    for rule in m.get("NetworkPolicy", "semblant-gateway")["spec"]["egress"][1:]:
        rule["to"][0]["ipBlock"].pop("except", None)


@breaks("network")
def no_names(m):
    remove(m, "NetworkPolicy", "semblant-dns")


@breaks("network", "migrations")
def a_job_without_its_database(m):
    remove(m, "NetworkPolicy", "semblant-migrations")


@breaks("network", "tracing")
def no_way_to_the_collector(m):
    remove(m, "NetworkPolicy", "semblant-tracing")


@breaks("network")
def a_way_to_a_collector_that_nobody_has_chosen(m):
    rules = m.get("NetworkPolicy", "semblant-gateway")["spec"]["egress"]
    collector = {"namespaceSelector": {"matchLabels": {"semblant/access": "tracing"}}}
    rules.append({"to": [collector], "ports": [{"port": 4318, "protocol": "TCP"}]})


@breaks("queries", "monitoring")
def an_alert_on_nothing(m):
    rule = m.get("PrometheusRule", "semblant-service")["spec"]["groups"][0]["rules"][0]
    rule["expr"] = "semblant_modell_ready == 0"


@breaks("queries", "keda")
def a_query_that_is_none(m):
    trigger = m.get("ScaledObject", "semblant-triton")["spec"]["triggers"][0]
    trigger["metadata"]["query"] += ")"


@breaks("queries", "monitoring")
def a_dashboard_of_nothing(m):
    data = m.get("ConfigMap", "semblant-dashboards")["data"]
    name = "semblant-jobs.json"
    data[name] = data[name].replace("semblant_jobs_queued", "semblant_jobs_waiting")


@pytest.mark.parametrize("name", MUTATIONS)
def test_what_is_broken_is_found(name):
    mutation = MUTATIONS[name]
    manifests = rendered("cpu", *mutation.components)
    policy = POLICIES[mutation.policy]
    assert not list(policy(manifests))
    mutation.change(manifests)
    assert list(policy(manifests))


def test_every_policy_is_shown_to_find_something():
    assert {mutation.policy for mutation in MUTATIONS.values()} == POLICIES.keys()


KINDS = (
    *("Deployment", "NetworkPolicy", "PodDisruptionBudget", "ScaledObject"),
    *("TriggerAuthentication", "ServiceMonitor", "PrometheusRule", "Certificate", "Job"),
    *("HTTPRoute", "GRPCRoute", "HorizontalPodAutoscaler"),
)


def example(kind):
    for components in (ALL, ("gateway-api",), ("hpa",)):
        found = next(rendered("cpu", *components).of(kind), None)
        if found is not None:
            return found
    raise AssertionError(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_that_there_is_not_is_found(kind):
    each = example(kind)
    assert not list(invalid([each]))
    each["spec"]["replicaz"] = 1
    assert list(invalid([each]))


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_or_version_that_there_is_not_is_found(kind):
    each = example(kind)
    each["apiVersion"] = each["apiVersion"].replace("/v", "/v9")
    assert list(invalid([each]))


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("ScaledObject", lambda spec: spec["triggers"][0]["metadata"].update(treshold="1")),
        ("ScaledObject", lambda spec: spec["triggers"][0].update(metricType="Utilization")),
        ("ScaledObject", lambda spec: spec["triggers"][0]["metadata"].update(threshold=1)),
        ("ServiceMonitor", lambda spec: spec["endpoints"][0].update(interval="15 s")),
        ("PrometheusRule", lambda spec: spec["groups"][0]["rules"][0].pop("expr")),
        ("PrometheusRule", lambda spec: spec["groups"][0]["rules"][0].update(record="a")),
        ("Certificate", lambda spec: spec.pop("dnsNames")),
        ("Certificate", lambda spec: spec["usages"].append("server")),
        ("HTTPRoute", lambda spec: spec["rules"][0]["timeouts"].update(request="1.5s")),
        ("HTTPRoute", lambda spec: spec["hostnames"].append("https://example.com")),
        ("GRPCRoute", lambda spec: spec["rules"][0]["backendRefs"][0].pop("port")),
        ("TriggerAuthentication", lambda spec: spec["secretTargetRef"][0].pop("key")),
    ],
)
def test_a_value_that_cannot_be_is_found(kind, change):
    each = example(kind)
    change(each["spec"])
    assert list(invalid([each]))
