"""The report of a benchmark run: the machine and versions, one line per measurement, and failed checks."""

import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

PACKAGES = ("fastapi", "uvicorn", "sqlalchemy", "asyncpg", "aiosqlite", "aiokafka")


class Report:
    """Collects the lines and the errors of a run; `quiet` keeps them from being printed."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.lines: list[str] = []
        self.errors: list[str] = []
        self._quiet = quiet

    def add(self, line: str) -> None:
        """Add one line, and print it unless `quiet`."""
        self.lines.append(line)
        if not self._quiet:
            print(line, flush=True)

    def check(self, what: str, actual: object, expected: object) -> None:
        """Check that the measured work was done; a difference is an error of the run."""
        if actual != expected:
            self.errors.append(f"{what}: {actual}, not {expected}")
            self.add(f"  WRONG  {self.errors[-1]}")


def machine() -> str:
    """The time, the CPUs, the memory and the load, in one line."""
    model = "unknown"
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        model = names[0] if names else platform.machine()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    now = datetime.now(UTC)
    return (
        f"{now:%Y-%m-%d %H:%M} UTC, {os.cpu_count()} CPUs ({model}), {memory:.0f} GiB, load {load:.1f} before the run"
    )


def versions() -> str:
    """The versions of Python, the system and the main packages, in one line."""
    python = f"Python {sys.version.split()[0]}"
    return ", ".join([python, platform.system() + " " + platform.release(), *(f"{n} {version(n)}" for n in PACKAGES)])


def ratios(candidate: Sequence[float], base: Sequence[float]) -> str:
    """The median of the rounds' ratios of candidate to base, with the smallest and the largest."""
    values = [a / b if b else float("nan") for a, b in zip(candidate, base, strict=True)]
    return f"{median(values):.2f} ({min(values):.2f}..{max(values):.2f})"


def percentile(values: Sequence[float], fraction: float) -> float:
    """The value that this fraction (0 to 1) of the values does not exceed; NaN when there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))] if ordered else float("nan")
