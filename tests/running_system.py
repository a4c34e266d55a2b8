"""Starts whole systems for tests: embedded in one process, or wide as the compose file does, on Kafka and PostgreSQL."""

import os
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import run
from uuid import uuid4

import orjson
import yaml

from shared.base.settings import Settings
from shared.bus.embedded import EmbeddedBus
from shared.bus.kafka import KafkaBus
from shared.bus.port import Bus
from tests.notifier.sinks import Mailbox, mail_server
from tests.parts.ports import free_ports
from tests.parts.supervised_process import SupervisedProcess
from tests.parts.waiting import wait_until

ROOT = Path(__file__).resolve().parents[1]
SECRET_KEYS = "stories-" + "k" * 32
COMMAND_TIMEOUT = 60.0
SERVICES = ("router", "timer", "notifier", "console")
PROCESSES = {"router": 2, "timer": 2}
"""Processes per service in the wide form; a service that is not named has one."""


@dataclass
class RunningSystem:
    """A running system: `urls` of the processes of each service, an admin key, the mails that it sends, and its settings."""

    urls: dict[str, list[str]]
    key: str
    mailbox: Mailbox
    environment: dict[str, str]
    settings: Settings
    processes: dict[str, SupervisedProcess] = field(default_factory=dict)

    def bus(self) -> Bus:
        """A bus client of its own, to publish records from outside the services."""
        return EmbeddedBus(self.settings.data_dir / "log.db") if self.settings.embedded else KafkaBus(self.settings)

    def baton(self, *arguments: str) -> tuple[int, str]:
        """Run a `baton` command against the system; return its exit code and its output."""
        result = run(
            [sys.executable, "-m", "cli", *arguments],
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT,
            cwd=ROOT,
            env={**os.environ, **self.environment},
        )
        return result.returncode, result.stdout + result.stderr


def _common_environment(mailbox: Mailbox) -> dict[str, str]:
    return {
        "BATON_CLOCK": "row",
        "BATON_SETTLE": "100ms",
        "BATON_SECRET_KEYS": SECRET_KEYS,
        "BATON_SMTP_HOST": "127.0.0.1",
        "BATON_SMTP_PORT": str(mailbox.port),
        "BATON_LOG_LEVEL": "warning",
    }


def _clean_environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("BATON_") or name.startswith("BATON_TEST")
    }


@contextmanager
def embedded_system(
    folder: Path | None = None, launcher: list[str] | None = None, **more: str
) -> Iterator[RunningSystem]:
    """Run `baton up` as one process. `launcher` is a command put before it; `more` are further settings."""
    with ExitStack() as cleanup, tempfile.TemporaryDirectory() as temporary:
        mailbox = cleanup.enter_context(mail_server())
        data = folder or Path(temporary)
        (port,) = free_ports(1)
        environment = {
            "BATON_DATA_DIR": str(data),
            "BATON_PORT": str(port),
            **_common_environment(mailbox),
            **more,
        }
        process = start([*(launcher or []), "up"], environment, data / "stderr.log")
        cleanup.callback(process.stop)
        url = f"http://127.0.0.1:{port}"
        wait_until_ready(url, process)
        key = orjson.loads((data / "run.json").read_bytes())["key"]
        urls = {name: [url] for name in SERVICES}
        yield RunningSystem(urls, key, mailbox, environment, _settings(environment), {"up": process})


@contextmanager
def wide_system(
    servers: str, database: str, launchers: Mapping[str, list[str]] | None = None
) -> Iterator[RunningSystem]:
    """Run the compose file's own commands and environment, with the addresses of the broker and the database here.

    `launchers` maps a process (`router-0`) to a command that is put before its own."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    with ExitStack() as cleanup, tempfile.TemporaryDirectory() as temporary:
        mailbox = cleanup.enter_context(mail_server())
        ports = {f"{name}-{n}": port for name in SERVICES for n, port in enumerate(free_ports(PROCESSES.get(name, 1)))}
        here = {
            "BATON_KAFKA_BOOTSTRAP_SERVERS": servers,
            "BATON_DATABASE_URL": database,
            "BATON_HOST": "127.0.0.1",
            "BATON_KAFKA_TOPIC_PREFIX": f"baton-{uuid4().hex[:8]}",
            "BATON_PUBLIC_URL": f"http://127.0.0.1:{ports['notifier-0']}",
            **_common_environment(mailbox),
        }
        composed = {name: here.get(name, str(value)) for name, value in compose["router"]["environment"].items()}
        environment = composed | here
        _run(_command(compose["migrate"]), environment)
        processes = {}
        for place, port in ports.items():
            own_command = _command(compose[place.partition("-")[0]])[3:]
            arguments = [*(launchers or {}).get(place, []), *own_command]
            log = Path(temporary) / f"{place}.log"
            processes[place] = start(arguments, {**environment, "BATON_PORT": str(port)}, log)
            cleanup.callback(processes[place].stop)
        urls = {
            name: [f"http://127.0.0.1:{port}" for place, port in ports.items() if place.startswith(name)]
            for name in SERVICES
        }
        for place, process in processes.items():
            wait_until_ready(f"http://127.0.0.1:{ports[place]}", process)
        key = _create_admin_key(environment)
        yield RunningSystem(urls, key, mailbox, environment, _settings(environment), processes)


def _command(service: Mapping[str, object]) -> list[str]:
    program, *arguments = [str(word) for word in service["command"]]  # type: ignore[attr-defined]
    assert program == "baton"
    return [sys.executable, "-m", "cli", *arguments]


def start(arguments: list[str], environment: dict[str, str], log: Path) -> SupervisedProcess:
    """Start one process. `arguments` follow `baton`, or are a whole command that begins with an absolute path."""
    command = arguments if arguments[0].startswith("/") else [sys.executable, "-m", "cli", *arguments]
    return SupervisedProcess(command, log=log, env={**_clean_environment(), **environment, "PYTHONPATH": str(ROOT)})


def wait_until_ready(url: str, process: SupervisedProcess) -> None:
    """Wait until `/readyz` answers 200. Raises AssertionError with the end of the log when the process ends before."""

    def is_ready() -> bool:
        assert not process.ended, process.tail(4000)
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            return False

    wait_until(is_ready, lambda: process.tail(4000))


def _create_admin_key(environment: dict[str, str]) -> str:
    command = [sys.executable, "-m", "cli", "keys", "create", "stories", "--role", "admin"]
    return _run(command, environment).strip()


def _run(command: list[str], environment: dict[str, str]) -> str:
    """Run a command to its end; return what it printed. Raises AssertionError with its errors when it fails."""
    result = run(command, capture_output=True, text=True, env={**_clean_environment(), **environment}, cwd=ROOT)
    assert result.returncode == 0, result.stderr
    return result.stdout


def _settings(environment: dict[str, str]) -> Settings:
    names = {name.removeprefix("BATON_").lower(): value for name, value in environment.items()}
    known = {name: value for name, value in names.items() if name in Settings.model_fields}
    return Settings(**known)  # type: ignore[arg-type]
