"""When people are notified: delays, repeated events, and topics that are faster than one another."""

from typing import Any

import pytest

from shared.agreement.model import Channel
from shared.events import (
    LeadAccepted,
    LeadContacted,
    LeadRecycled,
    RosterChanged,
    SlaEscalated,
    SlaWarned,
)
from shared.events.base import Event
from tests.notifier.harness import LEAD, PEOPLE, NotifierHarness, agreement, assigned, clock, published, sla, text_of
from tests.notifier.notice_events import EMAIL, MINUTE, assign_and_send, notified, outcome
from tests.service_harness import TUESDAY


@pytest.fixture
def database_url() -> str:
    """SQLite alone: the same statements run on PostgreSQL in the tests of links, mails and races."""
    return ""


async def test_a_channel_with_a_delay_goes_while_its_cause_is_open(empty_notifier: NotifierHarness) -> None:
    await empty_notifier.set_up(agreement(manager=(EMAIL, Channel(channel="webhook:pager", after=600))))
    await assign_and_send(empty_notifier)
    await empty_notifier.handle(sla(SlaEscalated, do=("notify manager",)))
    await empty_notifier.mails(2)
    assert (await empty_notifier.states(channel="webhook:pager")) == [
        ("breached", "manager", "webhook:pager", "waiting")
    ]
    await empty_notifier.service.advance(minutes=9, seconds=59)
    await empty_notifier.service.run_due()
    assert (await empty_notifier.states(channel="webhook:pager"))[0][3] == "waiting"
    await empty_notifier.service.advance(seconds=1)
    await empty_notifier.service.run_due()
    (row,) = await empty_notifier.notices(channel="webhook:pager")
    assert row["state"] != "waiting" or row["attempts"] == 1


async def test_a_channel_with_a_delay_stays_silent_once_its_cause_is_answered(empty_notifier: NotifierHarness) -> None:
    await empty_notifier.set_up(agreement(manager=(EMAIL, Channel(channel="webhook:pager", after=600))))
    await assign_and_send(empty_notifier)
    await empty_notifier.handle(sla(SlaEscalated, do=("notify manager",)))
    await empty_notifier.mails(2)
    await empty_notifier.handle(outcome(LeadAccepted))
    await empty_notifier.service.advance(minutes=11)
    await empty_notifier.service.run_due()
    assert (await empty_notifier.states(channel="webhook:pager"))[0][3] == "suppressed"


async def test_an_unavailable_channel_is_skipped_or_replaced_by_email(
    empty_notifier: NotifierHarness,
) -> None:
    slack, sms = Channel(channel="slack"), Channel(channel="sms", after=600)
    await empty_notifier.set_up(agreement(owner=(slack, EMAIL), manager=(sms, slack)))
    await assign_and_send(empty_notifier)
    assert await empty_notifier.emitted("notice.suppressed") == []
    await empty_notifier.handle(sla(SlaEscalated, do=("notify manager",)))
    assert {event.data.channel for event in await empty_notifier.emitted("notice.suppressed")} == {"slack", "sms"}
    assert await notified(empty_notifier) == [("breached", "manager", "omar")]
    await empty_notifier.mails(2)


async def test_the_same_event_handled_twice_notifies_once(notifier: NotifierHarness) -> None:
    event = Event(assigned(), LEAD, "/test", TUESDAY)
    await notifier.service.handle_events(event)
    await notifier.service.handle_events(event)
    assert len(await notifier.notices()) == 1


async def test_an_sla_event_that_arrives_before_its_assignment_is_handled_after_it(notifier: NotifierHarness) -> None:
    await notifier.handle(sla(SlaEscalated, do=("notify manager",)))
    await notifier.handle(sla(SlaWarned, owner="eve", epoch=2))
    assert await notifier.states() == []
    await assign_and_send(notifier)
    assert await notified(notifier) == [("breached", "manager", "omar")]
    await notifier.handle(assigned("eve", 2))
    assert sorted(await notified(notifier)) == [("breached", "manager", "omar"), ("warned", "owner", "eve")]


async def test_a_step_that_notifies_and_moves_is_announced_whichever_topic_is_faster(notifier: NotifierHarness) -> None:
    await assign_and_send(notifier)
    step = Event(sla(SlaEscalated, do=("notify owner", "notify manager", "reassign")), LEAD, "/test", TUESDAY)
    await notifier.handle(assigned("eve", 2, previous_owner="dan"), causationid=step.id)
    await notifier.service.handle_events(step)
    await notifier.handle(clock(TUESDAY + 15 * MINUTE, epoch=2))
    assert sorted(await notified(notifier)) == [("breached", "manager", "omar"), ("breached", "owner", "dan")]
    await notifier.mails(4)
    (owner,) = [mail for mail in notifier.mailbox.mails if "dan@" in mail["To"] and mail["Subject"].startswith("Late")]
    assert "The lead goes to somebody else now." in text_of(owner)
    assert "?do=" not in text_of(owner)


async def test_a_step_that_moves_the_lead_does_not_suppress_its_own_notices(notifier: NotifierHarness) -> None:
    await assign_and_send(notifier)
    notifier.mailbox.replies += ["451 later", "451 later"]
    step = Event(sla(SlaEscalated, do=("notify manager", "return to marketing")), LEAD, "/test", TUESDAY)
    await notifier.service.handle_events(step)
    await notifier.handle(outcome(LeadRecycled, reason="accept breached"), causationid=step.id)
    assert "suppressed" not in {state for *_, state in await notifier.states()}
    await notifier.until_idle()
    await notifier.expire_waits()
    await notifier.mails(3)


@pytest.mark.parametrize("kind", [SlaWarned, SlaEscalated])
async def test_a_step_of_a_lead_that_was_answered_or_moved_meanwhile_is_suppressed(
    notifier: NotifierHarness, kind: Any
) -> None:
    more = {"do": ("notify owner", "notify manager")} if kind is SlaEscalated else {}
    await assign_and_send(notifier)
    await notifier.handle(outcome(LeadAccepted))
    await notifier.handle(sla(kind, **more))
    await notifier.handle(assigned("eve", 2))
    await notifier.handle(sla(kind, **more))
    assert await notified(notifier) == []
    assert len(await notifier.emitted("notice.suppressed")) == (4 if more else 2)


async def test_an_assignment_waits_for_its_version_and_its_person_in_order(empty_notifier: NotifierHarness) -> None:
    await empty_notifier.handle(assigned())
    await empty_notifier.handle(outcome(LeadContacted))
    await empty_notifier.handle(sla(SlaEscalated, do=("notify manager",)))
    assert await empty_notifier.states() == []
    for person in PEOPLE:
        await empty_notifier.handle(RosterChanged(rep=person), subject=f"rep:{person.id}")
    await empty_notifier.handle(published(agreement()), subject="agreement:1")
    assert await empty_notifier.states() == [
        ("assigned", "owner", "dan", "suppressed"),
        ("breached", "manager", "omar", "suppressed"),
    ]
    (lead,) = await empty_notifier.service.sql("SELECT * FROM leads")
    assert (lead["state"], lead["owner"]) == ("contacted", "dan")


async def test_an_event_deferred_while_another_process_brought_its_version_is_handled_at_the_recheck(
    empty_notifier: NotifierHarness,
) -> None:
    await empty_notifier.set_up()
    raw = Event(assigned(), LEAD, "/test", TUESDAY).encode()
    async with empty_notifier.service.db.transaction() as tx:
        await tx.execute(
            empty_notifier.service.service.metadata.tables["deferred_events"].insert(),
            {"lead": LEAD, "missing": "agreement:1", "body": raw},
        )
    await empty_notifier.handle(outcome(LeadAccepted))
    assert await empty_notifier.states() == []
    await empty_notifier.expire_waits()
    assert await empty_notifier.states() == [("assigned", "owner", "dan", "suppressed")]
