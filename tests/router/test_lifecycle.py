"""The lead lifecycle in any order of events: one owner at a time, epochs only grow, a refusal emits an event."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.router.app import build
from services.router.domain.lead import OWNED
from services.router.domain.lifecycle import ACTIONS, AUTOMATIC, TRANSITIONS, next_state
from services.router.handlers import actions
from services.router.handlers.outcomes import LeadAction
from services.router.settings import Settings
from shared.events import ActionTaken, SlaEscalated
from tests.router.samples import enquire, publish_agreement
from tests.service_harness import TUESDAY, ServiceHarness, service_harness

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("answer"), st.sampled_from(ACTIONS), st.integers(0, 4)),
        st.tuples(
            st.just("escalated"),
            st.sampled_from(("reassign", "return to marketing", "recycle as stalled")),
            st.integers(0, 4),
        ),
        st.tuples(st.just("manager"), st.sampled_from(("reassign", "assign", "claim")), st.integers(0, 4)),
        st.tuples(st.just("enquiry"), st.sampled_from(("ebook", "demo_request", "pricing")), st.integers(0, 1)),
        st.tuples(st.just("time"), st.just(""), st.integers(1, 30)),
    ),
    min_size=1,
    max_size=14,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_a_lead_has_one_owner_at_a_time_whatever_happens(steps: list[tuple[str, str, int]]) -> None:
    asyncio.run(_run_steps(steps))


async def _run_steps(steps: list[tuple[str, str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with service_harness(build(Settings()), Path(folder)) as router:
            await publish_agreement(router)
            lead = await enquire(router, email="ada@proseware.example", activity="ebook")
            epoch = 1
            for kind, word, number in steps:
                before = await _row(router, lead)
                events = await _step(router, lead, before, kind, word, number)
                now = await _row(router, lead)
                assert now["epoch"] >= epoch
                epoch = now["epoch"]
                await _check_invariants(router, lead, now)
                if kind == "answer" and now["state"] == before["state"] and now["epoch"] == before["epoch"]:
                    assert events, "an action that changes nothing is refused with an event"


async def _step(router: ServiceHarness, lead: str, row: Any, kind: str, word: str, number: int) -> list[Any]:
    if kind == "answer":
        reason = "overloaded" if word == "decline" else None
        taken = ActionTaken(
            lead=lead, epoch=number, action=word, by=row["owner"] or "dan", reason=reason, answered_at=TUESDAY
        )
        return await router.handle(taken, subject=lead)
    if kind == "escalated":
        escalated = SlaEscalated(
            clock="c",
            lead=lead,
            promise="accept",
            epoch=number,
            due_at=TUESDAY,
            terms_version=1,
            step=1,
            do=(word,),
            at=TUESDAY,
        )
        return await router.handle(escalated, subject=lead)
    if kind == "manager":
        async with router.db.transaction() as tx:
            to = ("dan", "eve", "inbound", "dach", "nobody")[number] if word != "reassign" else None
            await actions.apply(tx, [LeadAction(lead, row["epoch"], word, "omar", tx.now, to=to)])
            return list(tx.events)
    if kind == "enquiry":
        await enquire(router, email="ada@proseware.example", activity=word)
        return []
    await router.advance(hours=number)
    return await router.run_due()


async def _row(router: ServiceHarness, lead: str) -> Any:
    (row,) = await router.sql("SELECT * FROM leads WHERE id = :id", id=lead)
    return row


async def _check_invariants(router: ServiceHarness, lead: str, row: Any) -> None:
    """Check what holds for every lead at every moment."""
    standing = await router.sql("SELECT * FROM assignments WHERE lead = :id AND ended_at IS NULL", id=lead)
    every = await router.sql("SELECT * FROM assignments WHERE lead = :id", id=lead)
    if row["state"] in OWNED:
        assert [(item["owner"], item["epoch"]) for item in standing] == [(row["owner"], row["epoch"])]
    else:
        assert standing == []
    assert len(every) == row["epoch"]
    (open_leads,) = await router.sql(
        "SELECT count(*) AS n FROM leads WHERE state IN ('assigned', 'accepted', 'contacted')"
    )
    assert open_leads["n"] <= 1


def test_every_lead_transition_leads_to_a_state_of_the_table() -> None:
    states = set(TRANSITIONS) | {"declined", "qualified"}
    for following in TRANSITIONS.values():
        assert set(following.values()) <= states
    for state, following in AUTOMATIC.items():
        assert {state, *following} <= states


def test_an_action_that_the_lead_table_does_not_have_is_refused_with_a_sentence() -> None:
    for state in TRANSITIONS:
        for action in ACTIONS:
            outcome = next_state(state, action)
            assert outcome == TRANSITIONS[state].get(action, outcome)
            if action not in TRANSITIONS[state]:
                assert str(getattr(outcome, "why", "")).endswith(".")
