"""A part on a leash ends with its owner, however that one ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.parts.supervised_process import SupervisedProcess
from tests.parts.waiting import wait_until

OWNER = """
import sys
from pathlib import Path
from tests.parts.supervised_process import SupervisedProcess
held = SupervisedProcess([sys.executable, "-c", "import signal; signal.pause()"], log=Path(sys.argv[1]) / "log", remove=Path(sys.argv[1]))
print(held.pid, flush=True)
sys.stdin.read()
"""


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until_gone(pid: int) -> None:
    wait_until(lambda: not is_alive(pid), lambda: f"{pid} still lives")


def test_stop_ends_the_command_and_says_what_it_said(tmp_path: Path) -> None:
    held = SupervisedProcess(
        [sys.executable, "-c", "print('hello', flush=True); import signal; signal.pause()"], log=tmp_path / "log"
    )
    wait_until(lambda: "hello" in held.tail(), held.tail)
    assert is_alive(held.pid)
    assert not held.ended
    held.stop()
    wait_until_gone(held.pid)
    assert "hello" in held.tail()


def test_a_command_that_ends_by_itself_tells_its_code_and_keeps_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    held = SupervisedProcess([sys.executable, "-c", "raise SystemExit(7)"], log=tmp_path / "log", remove=folder)
    assert held.wait(20) == 7
    held.stop()
    assert folder.exists()


def test_a_killed_owner_takes_its_command_and_its_folder_along(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path.cwd()
    )
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    assert is_alive(pid)
    owner.send_signal(signal.SIGKILL)
    owner.wait(10)
    wait_until_gone(pid)
    wait_until(lambda: not folder.exists(), lambda: f"{folder} is still there")
