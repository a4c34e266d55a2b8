"""Every service has the same parts, `domain/` is pure, only `app.py` reads settings, and only `store/` knows SQL."""

import ast
import sys
from pathlib import Path

import pytest

from tests.architecture.source_trees import ROOT, SERVICES, dotted, imports, python_files, tree

DOMAIN_FILES = [path for path in python_files("services") if "domain" in path.parts]
PURE_BASE = ("shared.base.durations", "shared.base.promises", "shared.base.rfc3339", "shared.base.roster")
"""Modules of shared/base that only compute, so that domains may import them."""
PURE_FILES = [
    *DOMAIN_FILES,
    *python_files("shared/agreement"),
    *(Path(f"{name.replace('.', '/')}.py") for name in PURE_BASE),
]
SERVICE_FILES = [path for path in python_files("services") if len(path.parts) > 2 and "migrations" not in path.parts]
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
IMPURE_MODULES = {
    "asyncio", "socket", "sqlite3", "subprocess", "threading", "urllib", "http", "smtplib", "ssl", "os", "random",
    "secrets", "time", "select", "selectors", "multiprocessing", "concurrent", "shutil", "tempfile", "logging",
}  # fmt: skip
PURE_LIBRARIES = {"pydantic", "pydantic_core"}
PURE_SHARED = ("shared.events", "shared.agreement", *PURE_BASE)
STABLE_ID = {"shared", "shared.base", "shared.base.ids", "shared.base.ids.stable_id"}
SQL_LIBRARIES = {"sqlalchemy", "alembic", "asyncpg", "aiosqlite", "sqlite3"}
SQL_PLACES = (
    "shared/store", "shared/access", "shared/work", "shared/reference", "shared/bus/embedded.py",
    "shared/runtime/alembic", "shared/runtime/migrate.py", "shared/runtime/service.py",
)  # fmt: skip
"""Besides the `store/` and `migrations/` of each service: what keeps tables, and what opens or migrates databases."""


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_the_same_parts(name: str) -> None:
    home = ROOT / "services" / name
    for part in ("app.py", "settings.py"):
        assert (home / part).is_file(), f"{name} has no {part}"
    for part in ("api", "handlers", "store"):
        assert (home / f"{part}.py").is_file() != (home / part).is_dir(), f"{name} has no {part}, or two"
    assert (home / "domain").is_dir(), f"{name} has no domain/"
    assert list((home / "migrations").glob("0001_*.py")), f"{name} has no first migration"


@pytest.mark.parametrize("path", PURE_FILES, ids=str)
def test_pure_code_has_no_async_and_no_clock(path: Path) -> None:
    for node in ast.walk(tree(path)):
        where = f"{path}:{getattr(node, 'lineno', 0)}"
        asynchronous = ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith
        assert not isinstance(node, asynchronous), f"{where} is asynchronous; move it to a handler"
        if isinstance(node, ast.Attribute | ast.Name):
            name = dotted(node)
            reads_clock = any(name == clock or name.endswith(f".{clock}") for clock in CLOCKS)
            assert not reads_clock, f"{where} uses {name}; pass the value in"


@pytest.mark.parametrize("path", DOMAIN_FILES, ids=str)
def test_domain_imports_only_pure_code(path: Path) -> None:
    own = ".".join(path.parts[:3])
    for module, line in imports(path):
        top = module.split(".")[0]
        pure = (
            top in PURE_LIBRARIES
            or (top in sys.stdlib_module_names and top not in IMPURE_MODULES)
            or module.startswith((*PURE_SHARED, own))
            or module in STABLE_ID
        )
        assert pure, f"{path}:{line} imports {module}"


@pytest.mark.parametrize("path", SERVICE_FILES, ids=str)
def test_only_app_reads_settings(path: Path) -> None:
    if path.parts[2] in ("app.py", "settings.py"):
        return
    for module, line in imports(path):
        names_settings = module.endswith(".settings") or ".settings." in module or module == "os.environ"
        assert not names_settings, f"{path}:{line} imports {module}; let app.py pass the value in"
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute):
            assert dotted(node) != "os.environ", f"{path}:{node.lineno} reads the environment"


@pytest.mark.parametrize("path", python_files("cli", "services", "shared"), ids=str)
def test_only_stores_know_sql(path: Path) -> None:
    in_a_store = path.parts[0] == "services" and path.parts[2:] and path.parts[2] in ("store", "store.py", "migrations")
    if in_a_store or str(path).startswith(SQL_PLACES):
        return
    for module, line in imports(path):
        assert module.split(".")[0] not in SQL_LIBRARIES, f"{path}:{line} imports {module}; SQL belongs to a store"


@pytest.mark.parametrize("name", SERVICES)
def test_handlers_do_not_know_http(name: str) -> None:
    for path in python_files(f"services/{name}"):
        if path.parts[2] in ("handlers", "handlers.py", "domain", "store"):
            libraries = {module.split(".")[0] for module, _ in imports(path)}
            assert not libraries & {"fastapi", "starlette"}, f"{path} knows HTTP"


@pytest.mark.parametrize("path", python_files("cli", "services", "shared", "tests"), ids=str)
def test_every_file_opens_with_what_it_is_and_holds_one_noun(path: Path) -> None:
    text = (ROOT / path).read_text()
    if path.name == "__init__.py" and not text.strip():
        return
    docstring = ast.get_docstring(tree(path))
    assert docstring, f"{path} does not say what it is"
    first = docstring.split("\n\n")[0].strip()
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
