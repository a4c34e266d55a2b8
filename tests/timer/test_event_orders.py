"""Any order of due items, answers and repeats gives each clock one final verdict, the one that the stamps decide."""

import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.timer.app import build
from services.timer.settings import Settings
from shared.events import (
    ActionTaken,
    LeadAccepted,
    LeadContacted,
    LeadDeclined,
    LeadRecycled,
    SlaBreached,
    SlaEscalated,
)
from shared.events.base import Event, EventData
from tests.service_harness import TUESDAY, ServiceHarness, service_harness
from tests.timer.clock_helpers import LEAD, add_reference_data, answer, assigned

LIMIT = 15 * 60
OUTCOMES = {"accept": LeadAccepted, "contacted": LeadContacted, "decline": LeadDeclined, "recycle": LeadRecycled}
MORE = {"decline": {"reason": "overloaded", "side": "ours"}, "recycle": {"reason": "stalled"}}


@dataclass(frozen=True)
class Plan:
    """One lead's history, in seconds since its assignment: the owner's action and its stamp, the delays of its events,
    the timer's runs, and the reassignment."""

    action: str
    stamp: int
    read_after: int
    timer_runs: tuple[int, ...]
    taken_after: int | None
    reassigned: int | None

    @property
    def reassigned_first(self) -> bool:
        """Whether the lead is reassigned before the answer."""
        return self.reassigned is not None and self.reassigned <= self.stamp

    @property
    def verdict(self) -> str:
        """The expected verdict of the first owner's accept clock, computed from the stamps alone."""
        if self.reassigned_first or self.action == "recycle":
            end = self.reassigned if self.reassigned_first and self.reassigned is not None else self.stamp
            return "void" if end <= LIMIT else "missed"
        return "kept" if self.stamp <= LIMIT else "late"


AROUND_DUE = st.integers(LIMIT - 3, LIMIT + 3) | st.integers(0, 40 * 60)
PLANS = st.builds(
    Plan,
    action=st.sampled_from(sorted(OUTCOMES)),
    stamp=AROUND_DUE,
    read_after=st.integers(0, 20 * 60),
    timer_runs=st.lists(AROUND_DUE | st.integers(0, 70 * 60), max_size=6).map(tuple),
    taken_after=st.none() | st.integers(0, 60),
    reassigned=st.none() | AROUND_DUE,
)


def steps_of(plan: Plan) -> list[tuple[int, int, dict[str, Any], Any]]:
    """The sorted steps of a plan: (second, rank, envelope, event or None for a run of the timer). The lead's events keep
    their order; `action.taken` may come at any time."""
    steps: list[tuple[int, int, dict[str, Any], Any]] = [
        (timer_run, 9, {}, None) for timer_run in (*plan.timer_runs, 80 * 60)
    ]
    stamped = TUESDAY + timedelta(seconds=plan.stamp)
    if plan.taken_after is not None:
        taken = ActionTaken(lead=LEAD, epoch=1, action=plan.action, by="dan", answered_at=stamped)
        steps.append((plan.stamp + plan.taken_after, 1, {"id": "taken"}, taken))
    read_at = plan.stamp + plan.read_after
    if not plan.reassigned_first:
        outcome = answer(OUTCOMES[plan.action], stamped, action_id="taken", **MORE.get(plan.action, {}))
        steps.append((read_at, 2, {}, outcome))
    if plan.reassigned is not None:
        moved_at = plan.reassigned if plan.reassigned_first else max(plan.reassigned, read_at)
        moved = assigned("eve", epoch=2, at=TUESDAY + timedelta(seconds=plan.reassigned))
        steps.append((moved_at, 3, {}, moved))
    return sorted(steps, key=lambda step: step[:2])


async def run_plan(timer: ServiceHarness, plan: Plan) -> list[Event[EventData]]:
    """Run all steps of the plan; returns every event emitted."""
    emitted = await timer.handle(assigned(), subject=LEAD)
    for second, _, envelope, event in steps_of(plan):
        await timer.set_time(TUESDAY + timedelta(seconds=second))
        emitted += await (timer.handle(event, subject=LEAD, **envelope) if event else timer.run_due())
    timer.resources.clock.shift += timedelta(seconds=61)
    return emitted + await timer.run_due()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plan=PLANS)
async def test_each_clock_has_one_final_verdict_and_the_stamps_decide_it(plan: Plan) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with service_harness(build(Settings()), Path(folder), settle=timedelta(0)) as timer:
            await add_reference_data(timer)
            emitted = await run_plan(timer, plan)
            clocks = await timer.sql("SELECT * FROM clocks")
            due = {row["id"] for row in await timer.sql("SELECT id FROM scheduled_items WHERE kind = 'clock'")}
    (first,) = [row for row in clocks if row["promise"] == "accept" and row["epoch"] == 1]
    assert first["verdict"] == plan.verdict
    for row in clocks:
        about: list[Any] = [event.data for event in emitted if getattr(event.data, "clock", "") == row["id"]]
        stops = [data.verdict for data in about if data.type == "baton.clock.stopped.v1"]
        assert stops == ([row["verdict"]] if row["verdict"] else [])
        breached = sum(isinstance(data, SlaBreached) for data in about)
        assert breached <= 1
        steps = [data.step for data in about if isinstance(data, SlaEscalated)]
        assert steps == sorted(set(steps))
        withdrawn = sum(data.type == "baton.sla.withdrawn.v1" for data in about)
        assert withdrawn == (breached if row["verdict"] in ("kept", "void") else 0)
        assert (row["id"] in due) == bool(not row["verdict"] and row["next_step"])
