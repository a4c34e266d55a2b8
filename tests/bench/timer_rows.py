"""Fills the timer's tables for the benchmark: many pending deadlines, and breached clocks whose first escalation step is due."""

from datetime import timedelta
from typing import Any

import asyncpg

from shared.agreement.model import EscalationStep, ExecutableAgreement, Member, Promise, Target, Team
from shared.agreement.time.calendar import CalendarSpec

VERSION = 1
AGREEMENT = ExecutableAgreement(
    name="Bench",
    timezone="America/New_York",
    teams={"inbound": Team(manager="omar", members=(Member(rep="dan"),), calendar="hq")},
    calendars={"hq": CalendarSpec(timezone="America/New_York", hours={"mon-fri": ("09:00-17:30",)}, holidays="US")},
    holidays={"hq": {}},
    promises={
        "accept": Promise(
            name="accept",
            targets={"hot": Target(within="15 minutes")},
            steps=(
                EscalationStep(after=0, do=("notify owner", "notify manager")),
                EscalationStep(after=7200, do=("notify manager",)),
            ),
        )
    },
)
REP = '{"id": "dan", "name": "Dan", "timezone": "America/New_York"}'
_ID = "'{}' || lpad(n::text, 7, '0') || '-0000-7000-8000-000000000000'"
_CLOCKS = """
INSERT INTO clocks (id, lead, promise, epoch, round, owner, team, tier, terms_version, routing_version, state, next_step, started_at,
  due_at, breached_at, verdict, why, escalation_step, skipped, off_hours, within, in_words)
SELECT id, 'L' || substr(id, 2), 'accept', 1, 0, 'dan', 'inbound', 'hot', 1, 1, $2, $3, now() - interval '20 minutes',
  now() + $4::interval + n * $5::interval, $6::timestamptz, '', '', 0, '[]', false, '15 minutes', 'until then'
FROM (SELECT n, {id} AS id FROM generate_series(1, $1::int) n) rows
"""
_SCHEDULED = """
INSERT INTO scheduled_items (id, kind, subject, at, clock) SELECT id, 'clock', lead, due_at, 'now' FROM clocks WHERE id LIKE $1
"""
_PLAIN = """
INSERT INTO scheduled_items (id, kind, subject, at, clock)
SELECT id, 'plain', 'L' || substr(id, 2), now() - interval '1 minute', 'now'
FROM (SELECT {id} AS id FROM generate_series(1, $1::int) n) rows
"""


class TimerRows:
    """The tables of one case, written directly with SQL."""

    def __init__(self, conn: "asyncpg.Connection[Any]") -> None:
        self._conn = conn

    async def insert_pending(self, number: int) -> None:
        """Empty the tables and insert `number` running clocks, due from tomorrow on, each with its scheduled item."""
        await self._conn.execute(
            "TRUNCATE clocks, scheduled_items, outbox, sequences, breaches, step_counts, agreements, people, roster_version; SET synchronous_commit = on"
        )
        compiled = AGREEMENT.model_dump_json()
        await self._conn.execute(
            "INSERT INTO agreements (version, hash, published_at, compiled) VALUES (1, 'bench', now(), $1::text::jsonb)",
            compiled,
        )
        await self._conn.execute("INSERT INTO people (id, doc) VALUES ('dan', $1::text::jsonb)", REP)
        await self._insert_clocks("P", number, "running", "due", timedelta(days=1), timedelta(milliseconds=50))
        await self._conn.execute("VACUUM ANALYZE clocks")
        await self._conn.execute("VACUUM ANALYZE scheduled_items")

    async def insert_breached(self, number: int) -> None:
        """Insert `number` breached clocks whose first escalation step is due now."""
        await self._insert_clocks("B", number, "breached", "escalate", -timedelta(minutes=1), timedelta(0))
        await self._conn.execute("ANALYZE scheduled_items")

    async def insert_plain(self, number: int) -> None:
        """Insert `number` due scheduled items that have no clock."""
        await self._conn.execute(_PLAIN.format(id=_ID.format("Q")), number)
        await self._conn.execute("ANALYZE scheduled_items")

    async def claim_plain(self, limit: int = 1000) -> int:
        """Claim and delete up to `limit` due items in one statement and commit; returns how many."""
        rows = await self._conn.fetch(
            "DELETE FROM scheduled_items WHERE id = ANY(ARRAY(SELECT id FROM scheduled_items WHERE clock = 'now' AND at <= clock_timestamp()"
            " ORDER BY at LIMIT $1 FOR UPDATE SKIP LOCKED)) RETURNING id, kind, subject, at, clock, data",
            limit,
        )
        return len(rows)

    async def count_results(self) -> tuple[int, int, int]:
        """The results of the escalation steps: escalations in the outbox, clocks on their second step, items rescheduled."""
        counts = await self._conn.fetchrow(
            "SELECT (SELECT count(*) FROM outbox WHERE convert_from(body, 'UTF8') LIKE '%baton.sla.escalated.v1%'),"
            " (SELECT count(*) FROM clocks WHERE id LIKE 'B%' AND escalation_step = 1),"
            " (SELECT count(*) FROM scheduled_items WHERE id LIKE 'B%' AND at > now())"
        )
        assert counts is not None
        return int(counts[0]), int(counts[1]), int(counts[2])

    async def clear(self) -> None:
        """Delete the rows of a round and vacuum the tables."""
        await self._conn.execute("TRUNCATE outbox, sequences, breaches, step_counts")
        await self._conn.execute("DELETE FROM scheduled_items WHERE id LIKE 'B%' OR id LIKE 'Q%'")
        await self._conn.execute("DELETE FROM clocks WHERE id LIKE 'B%'")
        await self._conn.execute("VACUUM scheduled_items")
        await self._conn.execute("VACUUM clocks")

    async def _insert_clocks(
        self, prefix: str, number: int, state: str, step: str, first_due: timedelta, interval: timedelta
    ) -> None:
        statement = _CLOCKS.format(id=_ID.format(prefix))
        breached = await self._conn.fetchval("SELECT now()") if state == "breached" else None
        await self._conn.execute(statement, number, state, step, first_due, interval, breached, timeout=600)
        await self._conn.execute(_SCHEDULED, f"{prefix}%", timeout=600)
