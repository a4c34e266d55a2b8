"""Each command file is imported only when its command is called."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from cli.__main__ import app
from cli.lazy import COMMANDS, LazyCommand
from tests.running_system import ROOT

PROGRAM = """
import json, sys
from cli.__main__ import main
try:
    main()
except SystemExit:
    pass
print(json.dumps([name for name in sys.modules if name.startswith(("cli.", "services."))]), file=sys.stderr)
"""
COMMAND_MODULES = {source.partition(":")[0] for source, _ in COMMANDS.values()}


def modules_after(folder: Path, *arguments: str) -> set[str]:
    """The modules of commands and services that are loaded when `baton ARGUMENTS` has ended."""
    completed = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
    )
    return set(json.loads(completed.stderr.splitlines()[-1]))


def test_help_imports_no_command_and_no_service(tmp_path: Path) -> None:
    assert modules_after(tmp_path, "--help") <= {"cli.__main__", "cli.lazy"}


def test_up_imports_no_other_command(tmp_path: Path) -> None:
    loaded = modules_after(tmp_path, "up", "--data", "/dev/null/x")
    assert not loaded & COMMAND_MODULES
    assert not {name for name in loaded if name.startswith("cli.demo")}
    assert "services.router.app" in loaded


def test_a_command_imports_only_its_own_file(tmp_path: Path) -> None:
    assert modules_after(tmp_path, "bench") & COMMAND_MODULES == {"cli.bench"}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_short_help_of_a_command_is_the_first_sentence_of_its_own_help(name: str) -> None:
    lazy = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    assert isinstance(lazy, LazyCommand)
    assert lazy.load().help.split("\n\n")[0].startswith(lazy.help.rstrip("."))
