"""The commands and environment of the compose file start real processes, which become ready and stop on SIGTERM."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from cli.services import SERVICE_NAMES
from tests.deploy.deployment_files import ROOT, compose, interpolate
from tests.parts.ports import free_ports
from tests.parts.supervised_process import SupervisedProcess
from tests.parts.waiting import wait_until

TIMEOUT = 60.0


def environment(name: str, servers: str, database: str, port: int) -> dict[str, str]:
    """The environment that compose gives a service, with this machine's addresses in place of the containers'."""
    composed = compose()["services"][name]["environment"]
    interpolated = {key: interpolate(str(value), {"BATON_SECRET_KEYS": "k" * 32}) for key, value in composed.items()}
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("BATON_")}
    return {
        **inherited,
        **interpolated,
        "BATON_KAFKA_BOOTSTRAP_SERVERS": servers,
        "BATON_DATABASE_URL": database,
        "BATON_HOST": "127.0.0.1",
        "BATON_PORT": str(port),
        "BATON_SMTP_HOST": "127.0.0.1",
    }


def command(name: str) -> list[str]:
    """The service's command in compose, run by this Python."""
    program, *words = compose()["services"][name]["command"]
    assert program == "baton"
    return [sys.executable, "-m", "cli", *words]


@pytest.fixture(scope="module")
def topics() -> str:
    return f"t{uuid4().hex[:8]}"


@pytest.fixture
def running_services(
    kafka: str, postgres: str, topics: str, tmp_path: Path
) -> Iterator[dict[str, tuple[SupervisedProcess, str]]]:
    """Migrate, then start all four services; yields name to (process, its URL)."""
    ports = dict(zip(SERVICE_NAMES, free_ports(len(SERVICE_NAMES)), strict=True))
    prefix = {"BATON_KAFKA_TOPIC_PREFIX": topics}
    completed = subprocess.run(
        command("migrate"),
        env=environment("migrate", kafka, postgres, 0) | prefix,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert completed.returncode == 0, completed.stderr
    with ExitStack() as stack:
        services = {}
        for name, port in ports.items():
            env = environment(name, kafka, postgres, port) | prefix | {"PYTHONPATH": str(ROOT)}
            process = SupervisedProcess(command(name), log=tmp_path / name, env=env)
            stack.callback(process.stop)
            services[name] = (process, f"http://127.0.0.1:{port}")
        yield services


def wait_until_ready(process: SupervisedProcess, url: str) -> str:
    """Wait until `/readyz` answers 200; returns its body."""
    last = [""]

    def is_ready() -> bool:
        assert not process.ended, process.tail()
        try:
            response = httpx.get(f"{url}/readyz", timeout=5, trust_env=False)
        except httpx.HTTPError as error:
            last[0] = repr(error)
            return False
        last[0] = response.text
        return response.status_code == 200

    wait_until(is_ready, lambda: f"{last[0]}\n{process.tail()}", TIMEOUT)
    return last[0]


def test_all_four_services_become_ready_refuse_requests_without_a_key_and_stop_on_sigterm(
    running_services: dict[str, tuple[SupervisedProcess, str]],
) -> None:
    for process, url in running_services.values():
        assert '"problems":[]' in wait_until_ready(process, url)
        assert httpx.get(f"{url}/healthz", trust_env=False).json() == {"status": "alive"}
        assert httpx.get(f"{url}/metrics", trust_env=False).status_code == 401
    assert httpx.get(f"{running_services['router'][1]}/v1/leads", trust_env=False).status_code == 401
    for process, _ in running_services.values():
        os.kill(process.pid, signal.SIGTERM)
    for name, (process, _) in running_services.items():
        assert process.wait(30) == 0, f"{name}:\n{process.tail()}"


def test_a_service_on_an_empty_database_refuses_to_start_and_names_baton_migrate(kafka: str, postgres: str) -> None:
    completed = subprocess.run(
        command("timer"),
        env=environment("timer", kafka, postgres, 0),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert completed.returncode == 2
    assert "run `baton migrate`" in completed.stderr
