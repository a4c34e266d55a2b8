"""An idle system sends its databases at most 40 statements per service in 60 seconds, heartbeats included."""

import asyncio
from collections import Counter
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import event, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from cli.services import SERVICE_NAMES, build_all_services
from shared.base.settings import Settings
from shared.runtime.process import running
from tests.parts.postgres import temporary_database
from tests.running_system import wide_system

MAX_STATEMENTS, SPAN = 40, 60.0
SPANS = [pytest.param(15.0, id="15s"), pytest.param(60.0, id="60s", marks=pytest.mark.prove)]
STATEMENT_MARKS = (" statement: ", " execute ")


@pytest.mark.parametrize("seconds", SPANS)
async def test_an_idle_embedded_process_sends_its_databases_few_statements(
    seconds: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    counts: Counter[str] = Counter()
    async with running(build_all_services(), Settings(data_dir=tmp_path / "data", secret_keys="k" * 32)) as state:
        for name, db in state.resources.databases.items():
            for engine in {db.engines.writer, db.engines.reader}:

                def count(*_: object, name: str = name) -> None:
                    counts[name] += 1

                event.listen(engine.sync_engine, "before_cursor_execute", count)
        await asyncio.sleep(2)
        counts.clear()
        await asyncio.sleep(seconds)
        statements = dict(counts)
    assert all(statements.get(name, 0) <= MAX_STATEMENTS * seconds / SPAN for name in SERVICE_NAMES), statements


@pytest.mark.wide
@pytest.mark.parametrize("seconds", SPANS)
async def test_idle_processes_of_the_wide_form_send_postgresql_few_statements(
    seconds: float, kafka: str, postgres_server: str
) -> None:
    folder = parse_qs(urlsplit(postgres_server).query).get("host", [""])[0]
    log = Path(folder) / "log"
    if not log.exists():
        pytest.fail(
            "The log of the server named in BATON_TEST_POSTGRES cannot be read; unset it, so that the test starts its own."
        )
    with temporary_database(postgres_server) as database:
        name = make_url(database).database
        engine = create_async_engine(postgres_server, isolation_level="AUTOCOMMIT")
        async with engine.connect() as conn:
            await conn.execute(text(f"ALTER DATABASE \"{name}\" SET log_statement = 'all'"))
        await engine.dispose()
        with wide_system(kafka, database) as site:
            await asyncio.sleep(8)
            before = log.stat().st_size
            await asyncio.sleep(seconds)
            with log.open("rb") as lines:
                lines.seek(before)
                logged = [
                    line
                    for line in lines.read().decode(errors="replace").splitlines()
                    if any(word in line for word in STATEMENT_MARKS)
                ]
            processes = len(site.processes)
    counted = [line for line in logged if not any(word in line for word in ("BEGIN", "COMMIT", "ROLLBACK"))]
    assert counted, "PostgreSQL logged no statement, so nothing was counted."
    assert len(counted) <= MAX_STATEMENTS * seconds / SPAN * processes, Counter(
        line.split(":", 3)[-1].strip()[:90] for line in counted
    ).most_common(8)
