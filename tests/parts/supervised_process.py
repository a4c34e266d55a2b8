"""Runs a command that cannot outlive the process that started it, however that process ends.

This file also runs as the supervisor between the two: it starts the command, and when its standard input closes (the
owner stopped or was killed), it ends the command with `stop_with`, then KILL, and removes the command's folder. The
folder of a command that ends by itself is kept.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

GRACE = 10.0


class SupervisedProcess:
    """A running command. `pid` is the command's own, not the supervisor's."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
        remove: Path | None = None,
        stop_with: signal.Signals = signal.SIGTERM,
    ) -> None:
        instructions = {"command": list(command), "user": user, "remove": str(remove or ""), "signal": int(stop_with)}
        self.log = log
        with log.open("ab") as out:
            self._supervisor = subprocess.Popen(
                [sys.executable, __file__, json.dumps(instructions)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=out,
                env=dict(env) if env is not None else None,
                start_new_session=True,
            )
        assert self._supervisor.stdout is not None
        self.pid = int(self._supervisor.stdout.readline() or 0)

    @property
    def ended(self) -> bool:
        """Whether the command has ended."""
        return self._supervisor.poll() is not None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the command to end by itself; returns its exit code. Raises subprocess.TimeoutExpired."""
        return self._supervisor.wait(timeout)

    def stop(self) -> None:
        """Stop the command and wait until it has ended."""
        for pipe in (self._supervisor.stdin, self._supervisor.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._supervisor.wait(GRACE + 5)

    def tail(self, characters: int = 2000) -> str:
        """The end of the command's output."""
        return self.log.read_text(errors="replace")[-characters:] if self.log.exists() else ""


def _supervise(instructions: dict[str, object]) -> int:
    command = [str(part) for part in instructions["command"]]  # type: ignore[attr-defined]
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=sys.stderr, user=instructions["user"] or None, start_new_session=True
    )
    print(child.pid, flush=True)
    orphaned = threading.Event()
    threading.Thread(
        target=_end_when_orphaned, args=(child, int(str(instructions["signal"])), orphaned), daemon=True
    ).start()
    code = child.wait()
    if orphaned.is_set() and instructions["remove"]:
        shutil.rmtree(str(instructions["remove"]), ignore_errors=True)
    return code if code >= 0 else 128 - code


def _end_when_orphaned(child: "subprocess.Popen[bytes]", signal_number: int, orphaned: threading.Event) -> None:
    while os.read(0, 4096):
        pass
    orphaned.set()
    child.send_signal(signal_number)
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        child.kill()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(_supervise(json.loads(sys.argv[1])))
