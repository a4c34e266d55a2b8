"""Running systems for the stories: embedded in one process, and wide as the compose file starts it, on Kafka and PostgreSQL."""

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
from tests.notifier.post_office import Mailbox, mail_server
from tests.parts.leash import Leashed
from tests.parts.patience import wait_until
from tests.parts.ports import free_ports

ROOT = Path(__file__).resolve().parents[1]
SECRET_KEYS = "stories-" + "k" * 32
COMMAND_TIMEOUT = 60.0
PROCESSES = {"router": 2, "timer": 2}
"""How many processes of a service the wide form runs here; one of each other."""


@dataclass
class RunningSystem:
    """A running system: `urls` by service, an admin key, the mails that it sends, and its settings for tools."""

    urls: dict[str, list[str]]
    key: str
    mailbox: Mailbox
    environment: dict[str, str]
    settings: Settings
    processes: dict[str, Leashed] = field(default_factory=dict)

    def bus(self) -> Bus:
        """A way of one's own onto the road, for whoever wants to put something there."""
        return EmbeddedBus(self.settings.data_dir / "log.db") if self.settings.embedded else KafkaBus(self.settings)

    def baton(self, *arguments: str) -> tuple[int, str]:
        """Run a tool of the command line against it; returns its exit code and what it printed."""
        done = run(
            [sys.executable, "-m", "cli", *arguments],
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT,
            cwd=ROOT,
            env={**os.environ, **self.environment},
        )
        return done.returncode, done.stdout + done.stderr


def _common_environment(box: Mailbox) -> dict[str, str]:
    return {
        "BATON_CLOCK": "row",
        "BATON_SETTLE": "100ms",
        "BATON_SECRET_KEYS": SECRET_KEYS,
        "BATON_SMTP_HOST": "127.0.0.1",
        "BATON_SMTP_PORT": str(box.port),
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
    """`baton up` as a process of its own."""
    with ExitStack() as ends, tempfile.TemporaryDirectory() as made:
        box = ends.enter_context(mail_server())
        data = folder or Path(made)
        (port,) = free_ports(1)
        own = {"BATON_DATA_DIR": str(data), "BATON_PORT": str(port), **_common_environment(box), **more}
        process = start([*(launcher or []), "up"], own, data / "stderr.log")
        ends.callback(process.stop)
        url = f"http://127.0.0.1:{port}"
        wait_until_ready(url, process)
        key = orjson.loads((data / "run.json").read_bytes())["key"]
        yield RunningSystem({name: [url] for name in SERVICES}, key, box, own, _settings(own), {"up": process})


SERVICES = ("router", "timer", "notifier", "console")


@contextmanager
def wide_system(
    servers: str, database: str, launchers: Mapping[str, list[str]] | None = None
) -> Iterator[RunningSystem]:
    """The compose file's own commands and environment, with the addresses of the broker and the database here.

    `launchers` put a command of theirs before that of a process (`router-0`)."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    with ExitStack() as ends, tempfile.TemporaryDirectory() as made:
        box = ends.enter_context(mail_server())
        here = {
            "BATON_KAFKA_BOOTSTRAP_SERVERS": servers,
            "BATON_DATABASE_URL": database,
            "BATON_HOST": "127.0.0.1",
            "BATON_KAFKA_TOPIC_PREFIX": f"baton-{uuid4().hex[:8]}",
            **_common_environment(box),
        }
        ports = {f"{name}-{n}": port for name in SERVICES for n, port in enumerate(free_ports(PROCESSES.get(name, 1)))}
        here["BATON_PUBLIC_URL"] = f"http://127.0.0.1:{ports['notifier-0']}"
        environment = {
            name: here.get(name, str(value)) for name, value in compose["router"]["environment"].items()
        } | here
        done = run(
            _command(compose["migrate"]),
            capture_output=True,
            text=True,
            env={**_clean_environment(), **environment},
            cwd=ROOT,
        )
        assert done.returncode == 0, done.stderr
        processes = {}
        for place, port in ports.items():
            name = place.partition("-")[0]
            own = {**environment, "BATON_PORT": str(port)}
            words = [*(launchers or {}).get(place, []), *_command(compose[name])[3:]]
            process = start(words, own, Path(made) / f"{place}.log")
            processes[place] = process
            ends.callback(process.stop)
        urls = {
            name: [f"http://127.0.0.1:{port}" for place, port in ports.items() if place.startswith(name)]
            for name in SERVICES
        }
        for place, process in processes.items():
            wait_until_ready(f"http://127.0.0.1:{ports[place]}", process)
        key = _create_admin_key(environment)
        yield RunningSystem(urls, key, box, environment, _settings(environment), processes)


def _command(service: Mapping[str, object]) -> list[str]:
    words = [str(word) for word in service["command"]]  # type: ignore[attr-defined]
    assert words[0] == "baton"
    return [sys.executable, "-m", "cli", *words[1:]]


def start(arguments: list[str], environment: dict[str, str], log: Path) -> Leashed:
    """One process; `words` are what follows `baton`, or a whole command that begins with a path."""
    command = arguments if arguments[0].startswith("/") else [sys.executable, "-m", "cli", *arguments]
    return Leashed(command, log=log, env={**_clean_environment(), **environment, "PYTHONPATH": str(ROOT)})


def wait_until_ready(url: str, process: Leashed) -> None:
    """Wait until it answers that it is ready. Raises AssertionError with its log when it ends before."""

    def answers() -> bool:
        assert not process.ended, process.tail(4000)
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            return False

    wait_until(answers, lambda: process.tail(4000))


def _create_admin_key(environment: dict[str, str]) -> str:
    command = [sys.executable, "-m", "cli", "keys", "create", "stories", "--role", "admin"]
    done = run(command, capture_output=True, text=True, env={**_clean_environment(), **environment}, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _settings(environment: dict[str, str]) -> Settings:
    names = {name.removeprefix("BATON_").lower(): value for name, value in environment.items()}
    known = {name: value for name, value in names.items() if name in Settings.model_fields}
    return Settings(**known)  # type: ignore[arg-type]
