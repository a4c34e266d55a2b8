"""The lock files pin every dependency by version and hash, and name no package index or machine."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("runtime.txt", "dev.txt")
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+) \\$", re.M)


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_of_a_lock_file_is_a_pin_a_hash_or_a_comment(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text()
    for line in text.splitlines():
        assert re.fullmatch(
            r"[a-z0-9][a-z0-9._-]*==\S+ \\|    --hash=sha256:[0-9a-f]{64}( \\)?|    # via.*|    #   .*|", line
        ) or line.startswith("# The following"), line
    assert "://" not in text
    assert len(PIN.findall(text)) > 50


def test_both_lock_files_pin_the_same_versions() -> None:
    runtime, dev = (dict(PIN.findall((ROOT / "requirements" / name).read_text())) for name in LOCKS)
    assert {name: dev.get(name) for name in runtime} == runtime


def test_every_dependency_of_the_project_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = {
        "runtime.txt": project["project"]["dependencies"] + project["build-system"]["requires"],
        "dev.txt": project["project"]["optional-dependencies"]["dev"],
    }
    for name, requirements in groups.items():
        pinned = dict(PIN.findall((ROOT / "requirements" / name).read_text()))
        for requirement in requirements:
            bare = re.split(r"[\[<>=~! ]", requirement)[0].lower().replace("_", "-")
            assert bare in pinned, f"{requirement} is not in requirements/{name}; run `make lock`"
