"""A supervised process ends with its owner, however the owner ends."""

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
process = SupervisedProcess([sys.executable, "-c", "import signal; signal.pause()"], log=Path(sys.argv[1]) / "log", remove=Path(sys.argv[1]))
print(process.pid, flush=True)
sys.stdin.read()
"""


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until_gone(pid: int) -> None:
    wait_until(lambda: not is_alive(pid), lambda: f"{pid} is still running")


def test_stop_ends_the_supervised_command_and_keeps_its_output(tmp_path: Path) -> None:
    process = SupervisedProcess(
        [sys.executable, "-c", "print('hello', flush=True); import signal; signal.pause()"], log=tmp_path / "log"
    )
    wait_until(lambda: "hello" in process.tail(), process.tail)
    assert is_alive(process.pid)
    assert not process.ended
    process.stop()
    wait_until_gone(process.pid)
    assert "hello" in process.tail()


def test_a_supervised_command_that_ends_by_itself_returns_its_exit_code_and_keeps_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    process = SupervisedProcess([sys.executable, "-c", "raise SystemExit(7)"], log=tmp_path / "log", remove=folder)
    assert process.wait(20) == 7
    process.stop()
    assert folder.exists()


def test_killing_the_owner_ends_the_supervised_command_and_removes_its_folder(tmp_path: Path) -> None:
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
