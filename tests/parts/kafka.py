"""Runs a real Kafka broker from its Maven jars on free ports; it ends with the process that started it. `make kafka` runs one."""

import os
import shutil
import string
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL

from tests.parts import Missing
from tests.parts.ports import free_ports
from tests.parts.supervised_process import SupervisedProcess
from tests.parts.waiting import wait_for_interrupt, wait_until

ROOT = Path(__file__).resolve().parents[2]
SETUP = ROOT / "deploy" / "kafka"
JARS = ROOT / ".parts" / "kafka"
STARTED = "Kafka Server started"
MISSING_MESSAGE = "no Kafka here (install Java 17 and Maven, or name a running one in BATON_TEST_KAFKA)"
TIMEOUT = 60.0


class Broker:
    """One broker with fixed ports and one folder; it can be killed and restarted without losing its records."""

    def __init__(self) -> None:
        jars = _jars()
        self.folder = Path(tempfile.mkdtemp(prefix="baton-kafka-"))
        self.port, controller = free_ports(2)
        template = string.Template((SETUP / "server.properties").read_text())
        properties = template.substitute(broker=self.port, controller=controller, data=self.folder / "data")
        (self.folder / "server.properties").write_text(properties)
        logging = f"-Dlog4j2.configurationFile=file:{SETUP / 'log4j2.xml'}"
        self._java = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", logging, "-cp", f"{jars}/*"]
        self._process: SupervisedProcess | None = None
        self._tool(
            "format", "-t", self._tool("random-uuid"), "-c", str(self.folder / "server.properties"), "--standalone"
        )

    @property
    def servers(self) -> str:
        """The value for BATON_KAFKA_BOOTSTRAP_SERVERS."""
        return f"127.0.0.1:{self.port}"

    def _tool(self, *words: str) -> str:
        command = [*self._java, "kafka.tools.StorageTool", *words]
        completed = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=True)
        return completed.stdout.strip().splitlines()[-1]

    def start(self) -> None:
        """Start the broker and wait until it serves. Raises RuntimeError with the end of its log."""
        log = self.folder / f"log-{time.monotonic_ns()}"
        command = [*self._java, "-Xms256m", "-Xmx768m", "kafka.Kafka", str(self.folder / "server.properties")]
        self._process = SupervisedProcess(command, log=log, remove=self.folder, stop_with=SIGKILL)
        process = self._process
        wait_until(lambda: process.ended or STARTED in process.tail(100_000), process.tail, TIMEOUT)
        if process.ended:
            raise RuntimeError(f"Kafka did not start:\n{process.tail()}")

    def kill(self) -> None:
        """Kill the broker with SIGKILL; `start` restarts it with its records."""
        assert self._process is not None, "start() comes before kill()"
        os.kill(self._process.pid, 9)
        self._process.wait(10)

    def stop(self) -> None:
        """Stop the broker and remove its folder."""
        if self._process:
            self._process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def kafka() -> Iterator[str]:
    """The address of a broker: the one that BATON_TEST_KAFKA names, else a temporary one. Raises Missing."""
    if named := os.environ.get("BATON_TEST_KAFKA"):
        yield named
        return
    broker = Broker()
    try:
        broker.start()
        yield broker.servers
    finally:
        broker.stop()


def _jars() -> Path:
    """The folder of the jars; Maven fetches them the first time. Raises Missing."""
    if shutil.which("java") is None:
        raise Missing(MISSING_MESSAGE)
    if not (JARS / "complete").exists():
        if shutil.which("mvn") is None:
            raise Missing(MISSING_MESSAGE)
        command = ["mvn", "-q", "-B", "-f", str(SETUP / "pom.xml"), "dependency:copy-dependencies"]
        options = ["-DincludeScope=runtime", f"-DoutputDirectory={JARS}"]
        completed = subprocess.run([*command, *options], capture_output=True, text=True, timeout=600)
        if completed.returncode:
            raise Missing(f"Maven could not fetch Kafka's jars: {completed.stdout.strip()[-400:]}")
        (JARS / "complete").touch()
    return JARS


def main() -> None:
    """Run a broker until Ctrl-C."""
    try:
        with kafka() as servers:
            print(f"BATON_KAFKA_BOOTSTRAP_SERVERS={servers}", flush=True)
            wait_for_interrupt()
    except KeyboardInterrupt:
        print("\nStopped.")
    except Missing as missing:
        raise SystemExit(f"There is {missing}.") from missing


if __name__ == "__main__":
    main()
