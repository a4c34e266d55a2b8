"""Emitted events are counted and logged once they are committed, with ids that connect one log with the next."""

import logging

import pytest
from prometheus_client import REGISTRY

from shared.store.database import Database
from tests.shared.store.events import suppressed


def _counted(kind: str) -> float:
    return REGISTRY.get_sample_value("baton_events_emitted_total", {"service": "timer", "type": kind}) or 0.0


async def test_only_committed_events_are_counted_and_logged(db: Database, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "shared.store.database")
    kind = suppressed().type
    before = _counted(kind)
    async with db.transaction() as tx:
        first = tx.emit(suppressed(), subject="lead-1")
        tx.emit(suppressed(), subject="lead-2", cause=first)
    with pytest.raises(ZeroDivisionError):
        async with db.transaction() as tx:
            tx.emit(suppressed(), subject="lead-3")
            raise ZeroDivisionError
    assert _counted(kind) == before + 2
    lines = [(record.service, record.lead, record.correlation) for record in caplog.records]  # type: ignore[attr-defined]
    assert lines == [("timer", "lead-1", "lead-1"), ("timer", "lead-2", "lead-1")]
