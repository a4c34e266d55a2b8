"""The handler of due clocks: each takes its next step (warn, due, settle, breach, escalate)."""

from dataclasses import replace

from services.timer import store
from services.timer.domain import advance as domain
from services.timer.domain.clock import Clock, ClockEvents
from services.timer.handlers.clock_batch import ClockBatch, load_batch
from shared.store.tx import Tx
from shared.work.schedule import ScheduledItem


async def advance(tx: Tx, items: list[ScheduledItem]) -> None:
    """Move each due clock one step forward and emit what that step means."""
    locked = await store.lock_clocks(tx, [item.id for item in items])
    clocks: dict[str, list[Clock]] = {}
    for clock in locked.values():
        clocks.setdefault(clock.lead, []).append(clock)
    batch = await load_batch(tx, clocks)
    settling = {clock.lead for clock in locked.values() if clock.next_step == "settle"}
    batch.pending = await store.pending_actions_of(tx, settling) if settling else {}
    item_of = {item.id: item for item in items}
    for clock in locked.values():
        if clock.is_open and clock.next_step:
            if _may_have_unread_answer(tx, clock, item_of[clock.id]):
                batch.recheck(clock)
            else:
                batch.update(*_advanced(batch, clock))
    await batch.save()


def _may_have_unread_answer(tx: Tx, clock: Clock, item: ScheduledItem) -> bool:
    """Whether an answer may be published that this service has not read yet.

    Breaches and escalation steps are deferred until the consumer has read everything that was published until a moment
    after they came due. So each escalation step has a settle time too.
    """
    progress = tx.context.progress.get(tx.service)
    if progress is None or clock.next_step not in ("settle", "escalate"):
        return False
    return item.clock == "now" or not progress.caught_up_to(item.at - tx.context.settle / 2)


def _advanced(batch: ClockBatch, clock: Clock) -> tuple[Clock, ClockEvents]:
    if clock.next_step == "settle":
        # The stored hold may be old: a pending action may have come while another process started the clock.
        clock = replace(clock, held_until=batch.hold_until(clock))
    return domain.advance(
        clock,
        promise=batch.promise_of(clock),
        calendar=batch.calendar_of(clock),
        step_counts=batch.step_counts,
        now=batch.tx.now,
        wall=batch.tx.wall,
    )
