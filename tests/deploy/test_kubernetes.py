"""The Kubernetes files run the same image with commands, settings and probes that exist."""

from cli.docs import command_names
from cli.services import SERVICE_NAMES
from tests.deploy.deployment_files import IMAGE, known_settings, kubernetes


def test_four_kubernetes_deployments_and_a_job_run_one_image_with_commands_that_exist() -> None:
    kinds = {}
    for item in kubernetes():
        if item["kind"] in {"Deployment", "Job"}:
            (container,) = item["spec"]["template"]["spec"]["containers"]
            assert container["image"] == IMAGE
            assert container["command"][0] == "baton"
            assert container["command"][1] in command_names()
            assert container["envFrom"] == [{"configMapRef": {"name": "baton"}}, {"secretRef": {"name": "baton"}}]
            kinds[container["command"][1]] = item["kind"]
    assert kinds == dict.fromkeys(SERVICE_NAMES, "Deployment") | {"migrate": "Job"}


def test_every_deployment_has_a_liveness_and_a_readiness_probe() -> None:
    for item in kubernetes():
        if item["kind"] == "Deployment":
            (container,) = item["spec"]["template"]["spec"]["containers"]
            assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
            assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_every_kubernetes_service_selects_the_pods_of_its_deployment() -> None:
    labels = {
        item["metadata"]["name"]: item["spec"]["template"]["metadata"]["labels"]
        for item in kubernetes()
        if item["kind"] == "Deployment"
    }
    selectors = {
        item["metadata"]["name"]: item["spec"]["selector"] for item in kubernetes() if item["kind"] == "Service"
    }
    assert selectors == labels


def test_the_config_map_holds_known_settings_and_no_secret() -> None:
    (config,) = [item["data"] for item in kubernetes() if item["kind"] == "ConfigMap"]
    assert set(config) <= known_settings()
    assert not set(config) & {"BATON_SECRET_KEYS", "BATON_DATABASE_URL"}
    assert not [item for item in kubernetes() if item["kind"] == "Secret"]
