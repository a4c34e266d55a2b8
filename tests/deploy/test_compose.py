"""docker-compose.yml runs one image four times, with commands and settings that exist."""

import re
from typing import Any

import pytest

from cli.docs import command_names
from cli.services import SERVICE_NAMES, settings_class
from shared.base.settings import Settings
from tests.deploy.deployment_files import DEPLOY, IMAGE, compose, interpolate, known_settings

SERVICES: dict[str, dict[str, Any]] = compose()["services"]
OWN = {name: service for name, service in SERVICES.items() if service["image"] == IMAGE}


def test_compose_runs_one_image_four_times_and_once_to_migrate() -> None:
    assert set(OWN) == {*SERVICE_NAMES, "migrate"}
    assert len({str(service["build"]) for service in OWN.values()}) == 1
    assert {name: service["command"] for name, service in OWN.items()} == {name: ["baton", name] for name in OWN}


def test_every_command_of_compose_and_the_dockerfile_exists() -> None:
    commands = [service["command"] for service in OWN.values()]
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    commands += [re.findall(r'"([^"]+)"', line) for line in re.findall(r"^CMD (\[.*\])$", dockerfile, re.M)]
    for program, name, *_ in commands:
        assert program == "baton"
        assert name in command_names()


def test_every_setting_of_compose_and_the_dockerfile_is_known() -> None:
    known = known_settings()
    for name, service in OWN.items():
        assert set(service["environment"]) <= known, name
    named = set(re.findall(r"BATON_[A-Z_]+", (DEPLOY / "Dockerfile").read_text()))
    assert named <= known


def test_the_services_start_after_the_migration_which_waits_for_a_healthy_database_and_broker() -> None:
    for name in SERVICE_NAMES:
        assert OWN[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    for dependency, condition in OWN["migrate"]["depends_on"].items():
        assert condition == {"condition": "service_healthy"}
        assert "healthcheck" in SERVICES[dependency]


@pytest.mark.parametrize("name", SERVICE_NAMES)
def test_the_compose_environment_is_a_valid_configuration_of_the_wide_form(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in OWN[name]["environment"].items():
        monkeypatch.setenv(key, interpolate(str(value), {"BATON_SECRET_KEYS": "k" * 32}))
    settings = Settings(_env_file=None)
    settings.require_one_width()
    assert not settings.embedded
    assert settings.database_url == "postgresql+asyncpg://baton:baton@postgres:5432/baton"
    settings_class(name)(_env_file=None)  # type: ignore[call-arg]


def test_compose_has_no_default_for_the_secret_keys() -> None:
    secret_keys = OWN["router"]["environment"]["BATON_SECRET_KEYS"]
    assert secret_keys.startswith("${BATON_SECRET_KEYS:?")


def test_compose_opens_ports_on_the_loopback_address_only() -> None:
    for service in SERVICES.values():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:")


def test_the_broker_of_compose_has_the_version_that_tests_run() -> None:
    pom = (DEPLOY / "kafka" / "pom.xml").read_text()
    version = re.search(r"kafka_2\.13</artifactId>\s*<version>([^<]+)<", pom)
    assert version
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{version.group(1)}"
