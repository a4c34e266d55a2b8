"""`python -m tests.kills.kill_at_failpoint POINT HIT COMMAND...`: run `baton COMMAND...`, and SIGKILL itself at a failpoint."""

import itertools
import os
import signal
import sys

from cli.__main__ import main
from shared.base import failpoints


def kill_at(name: str, hit: int) -> None:
    """SIGKILL this process when the failpoint `name` is reached for the `hit`-th time."""
    count = itertools.count(1)

    def reached(point: str) -> None:
        if point == name and next(count) == hit:
            os.kill(os.getpid(), signal.SIGKILL)

    failpoints.on_hit = reached


if __name__ == "__main__":
    assert sys.argv[1] in failpoints.POINTS
    kill_at(sys.argv[1], int(sys.argv[2]))
    sys.argv = ["baton", *sys.argv[3:]]
    main()
