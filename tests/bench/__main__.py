"""`python -m tests.bench [intake] [timer] [lead] [memory] [--short]`: print ratios, and the machine and versions they were measured on."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace

from tests.bench import intake, lead, memory, timer
from tests.bench.report import Report, machine, versions
from tests.bench.sizes import FULL, SHORT, Size

PARTS: dict[str, Callable[[Size, Report], None]] = {
    "intake": intake.run,
    "timer": timer.run,
    "lead": lead.run,
    "memory": memory.run,
}


def main() -> int:
    """Run the parts; returns 1 when a check on the work done failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("--short", action="store_true", help="everything in about two minutes")
    parser.add_argument("--rate", type=float, help="leads per second in the lead part, instead of 100")
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}; choose from {', '.join(PARTS)}")
    size = SHORT if options.short else FULL
    size = replace(size, rate=options.rate or size.rate)
    report = Report()
    report.add(machine())
    report.add(versions())
    for name in options.parts or PARTS:
        PARTS[name](size, report)
    report.add(f"{len(report.errors)} errors" if report.errors else "No errors.")
    return 1 if report.errors else 0


if __name__ == "__main__":
    sys.exit(main())
