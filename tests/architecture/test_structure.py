"""Every service has its six rooms, and `domain/` decides without a clock, without waiting and without the outside."""

import ast
import sys
from pathlib import Path

import pytest

from tests.architecture.source_trees import ROOT, SERVICES, dotted, imports, python_files, tree

DOMAINS = [path for path in python_files("services") if "domain" in path.parts]
PURE_BASE = ("shared.base.durations", "shared.base.promises", "shared.base.rfc3339", "shared.base.roster")
"""Modules of shared/base that only compute, so that domains may import them."""
PURE = [*DOMAINS, *python_files("shared/agreement"), *(Path(f"{name.replace('.', '/')}.py") for name in PURE_BASE)]
ALL = python_files("cli", "services", "shared", "tests")
CLOCKS = (
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.monotonic",
    "time.perf_counter",
    "time.sleep",
    "random.random",
    "uuid4",
    "new_id",
)
OUTSIDE = {
    "asyncio", "socket", "sqlite3", "subprocess", "threading", "urllib", "http", "smtplib", "ssl", "os", "random",
    "secrets", "time", "select", "selectors", "multiprocessing", "concurrent", "shutil", "tempfile", "logging",
}  # fmt: skip
WELCOME = {"pydantic", "pydantic_core"}
STABLE_ID = {"shared", "shared.base", "shared.base.ids", "shared.base.ids.stable_id"}


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_its_rooms(name: str) -> None:
    home = ROOT / "services" / name
    for room in ("app.py", "settings.py"):
        assert (home / room).is_file(), f"{name} has no {room}"
    for room in ("api", "handlers", "store"):
        assert (home / f"{room}.py").is_file() != (home / room).is_dir(), f"{name} has no {room}, or two"
    assert (home / "domain").is_dir(), f"{name} has no domain/"
    assert list((home / "migrations").glob("0001_*.py")), f"{name} has no first migration"


@pytest.mark.parametrize("path", PURE, ids=str)
def test_what_is_pure_never_waits_and_never_asks_what_time_it_is(path: Path) -> None:
    for node in ast.walk(tree(path)):
        where = f"{path}:{getattr(node, 'lineno', 0)}"
        waits = ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith
        assert not isinstance(node, waits), f"{where} waits"
        if isinstance(node, ast.Attribute | ast.Name):
            name = dotted(node)
            asks = any(name == clock or name.endswith(f".{clock}") for clock in CLOCKS)
            assert not asks, f"{where} asks {name}; pass the value in"


@pytest.mark.parametrize("path", DOMAINS, ids=str)
def test_domain_imports_only_what_is_pure(path: Path) -> None:
    own = ".".join(path.parts[:3])
    for module, line in imports(path):
        top = module.split(".")[0]
        fine = (
            top in WELCOME
            or (top in sys.stdlib_module_names and top not in OUTSIDE)
            or module.startswith(("shared.events", "shared.agreement", own, *PURE_BASE))
            or module in STABLE_ID
        )
        assert fine, f"{path}:{line} imports {module}"


@pytest.mark.parametrize("name", SERVICES)
def test_only_app_reads_settings_and_only_store_knows_sql(name: str) -> None:
    for path in python_files(f"services/{name}"):
        rooms = path.parts[2:]
        found = {module for module, _ in imports(path)}
        if rooms[0] == "handlers" or rooms[0] == "handlers.py":
            assert "fastapi" not in {module.split(".")[0] for module in found}, f"{path} knows of HTTP"
        if rooms[0] in {"api", "api.py"}:
            assert "shared.store.outbox" not in found, f"{path} writes the outbox itself"


@pytest.mark.parametrize("path", ALL, ids=str)
def test_every_file_opens_with_what_it_is_and_holds_one_noun(path: Path) -> None:
    text = (ROOT / path).read_text()
    if path.name == "__init__.py" and not text.strip():
        return
    said = ast.get_docstring(tree(path))
    assert said, f"{path} does not say what it is"
    first = said.split("\n\n")[0].strip()
    assert first.rstrip("`\"'").endswith((".", "?", ":")), f"{path} opens with no sentence: {first!r}"
    assert text.count("\n") < 300 or "migrations" in path.parts, f"{path} holds more than one noun"


@pytest.mark.parametrize("name", SERVICES)
def test_app_is_a_map_that_fits_on_a_screen(name: str) -> None:
    text = (ROOT / "services" / name / "app.py").read_text()
    assert text.count("\n") <= 80
    assert any(
        isinstance(node, ast.FunctionDef) and node.name == "build"
        for node in tree(Path(f"services/{name}/app.py")).body
    )
