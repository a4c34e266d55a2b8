"""A command that fails prints one sentence and no traceback, and exits with the documented code."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running_system import ROOT

EXAMPLE = ROOT / "cli" / "demo" / "agreement.yaml"
UNREACHABLE = {
    "BATON_BUS": "kafka",
    "BATON_DATABASE_URL": "postgresql+asyncpg://u:p@127.0.0.1:1/x",
    "BATON_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "BATON_SECRET_KEYS": "k" * 40,
}


def baton(folder: Path, *words: str, **settings: str) -> tuple[int, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("BATON_")}
    environment = {**inherited, "BATON_DATA_DIR": str(folder / "data"), "PYTHONPATH": str(ROOT), **settings}
    command = [sys.executable, "-m", "cli", *words]
    completed = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=folder, env=environment)
    return completed.returncode, completed.stdout + completed.stderr


@pytest.mark.parametrize(
    ("words", "settings", "code", "message"),
    [
        (("agreement", "new", "nosuch/x.yaml"), {}, 2, "nosuch/x.yaml cannot be used: No such file or directory."),
        (("agreement", "check", "nosuch.yaml"), {}, 2, "nosuch.yaml cannot be read: No such file or directory."),
        (("agreement", "print", str(EXAMPLE), "--out", "nosuch/a.html"), {}, 2, "nosuch/a.html cannot be used"),
        (("roster", "export", "nosuch/x.csv"), {}, 2, "nosuch/x.csv cannot be used"),
        (("up", "--agreement", "nosuch.yaml"), {}, 2, "nosuch.yaml cannot be used"),
        (("up", "--data", "/dev/null/x"), {}, 2, "/dev/null/x cannot be used: Not a directory."),
        (("keys", "list"), {"BATON_SETTLE": "never"}, 2, "'never' is no duration; write 2s or 500ms."),
        (("keys", "list"), {"BATON_ADMIN_KEI": "x"}, 2, "BATON_ADMIN_KEI is unknown. Did you mean BATON_ADMIN_KEY?"),
        (("keys", "list"), {"BATON_URL": "nonsense"}, 2, "'nonsense' is no URL; write https://host."),
        (("keys", "list"), {"BATON_URL": "http://127.0.0.1:1"}, 2, "does not answer"),
        (("audit",), UNREACHABLE, 1, "The database or the brokers cannot be reached"),
        (("migrate",), UNREACHABLE, 1, "The database or the brokers cannot be reached"),
        (("keys", "create", "x", "--role", "intake"), UNREACHABLE, 1, "The database or the brokers cannot be reached"),
        (("dlq", "list", "--state", "nope"), {}, 2, "Invalid value for '--state'"),
    ],
)
def test_a_command_that_fails_says_why_in_one_sentence(
    words: tuple[str, ...], settings: dict[str, str], code: int, message: str, tmp_path: Path
) -> None:
    returned, printed = baton(tmp_path, *words, **settings)
    assert message in printed
    assert (returned, "Traceback" in printed) == (code, False), printed


def test_baton_up_names_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, printed = baton(tmp_path, "up", "--port", str(taken.getsockname()[1]))
    assert (code, "Nothing can listen on 127.0.0.1 port" in printed, "Traceback" in printed) == (2, True, False), (
        printed
    )


def test_baton_deadline_shows_the_deadline_in_the_zone_of_its_calendar(tmp_path: Path) -> None:
    words = ("deadline", "--agreement", str(EXAMPLE), "--calendar", "hq", "--from", "2026-12-04T16:50")
    code, printed = baton(tmp_path, *words, "--within", "2 hours")
    assert (code, "Mon 2026-12-07 10:20:00 -0500  counted" in printed) == (0, True), printed
    code, printed = baton(tmp_path, *words, "--within", "2 hours", "--end", "2026-12-04T17:00")
    assert (code, "exactly one of" in printed) == (2, True), printed


def test_keys_commands_on_a_stopped_system_leave_a_private_folder_and_no_run_file(tmp_path: Path) -> None:
    assert baton(tmp_path, "keys", "create", "forms", "--role", "intake")[0] == 0
    code, printed = baton(tmp_path, "keys", "list")
    assert (code, "forms" in printed) == (0, True), printed
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0, (
        "The data folder holds leads and must be readable by its owner only."
    )
    assert not (tmp_path / "data" / "run.json").exists()
