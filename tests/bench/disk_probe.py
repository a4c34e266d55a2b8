"""The disk probe: measures how long a durable write of 8 kB takes while a benchmark runs."""

import os
import threading
import time
from pathlib import Path
from types import TracebackType

from tests.bench.report import percentile

INTERVAL = 0.02
STALL = 100.0


class DiskProbe:
    """A context manager that writes 50 times a second while it is entered; `milliseconds` holds each write's duration."""

    def __init__(self, folder: Path) -> None:
        self.milliseconds: list[float] = []
        self._path = folder / f"probe-{time.monotonic_ns()}"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "DiskProbe":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()
        self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        handle = os.open(self._path, os.O_CREAT | os.O_WRONLY, 0o600)
        block = b"\0" * 8192
        try:
            while not self._stop.is_set():
                begin = time.perf_counter()
                os.pwrite(handle, block, 0)
                os.fdatasync(handle)
                self.milliseconds.append((time.perf_counter() - begin) * 1000)
                self._stop.wait(INTERVAL)
        finally:
            os.close(handle)

    @property
    def summary(self) -> str:
        """The median, 99th percentile and maximum in milliseconds, with a warning if a write took over 100 ms."""
        worst = max(self.milliseconds, default=float("nan"))
        warning = ", THE DISK STALLED" if worst > STALL else ""
        return f"disk probe p50 {percentile(self.milliseconds, 0.5):.1f} p99 {percentile(self.milliseconds, 0.99):.1f} max {worst:.0f} ms{warning}"
