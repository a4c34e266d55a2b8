"""Who is told when: delays, repetitions, and topics that are faster than one another."""

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
from tests.notifier.house import LEAD, PEOPLE, House, agreement, assigned, clock, published, sla, text_of
from tests.notifier.tellings import EMAIL, MINUTE, begun, said_by, told
from tests.service_harness import TUESDAY


@pytest.fixture
def database_url() -> str:
    """SQLite alone: the same statements run on PostgreSQL in the tests of links, mails and races."""
    return ""


async def test_a_channel_with_a_delay_goes_while_its_cause_is_open(bare: House) -> None:
    await bare.furnish(agreement(manager=(EMAIL, Channel(channel="webhook:pager", after=600))))
    await begun(bare)
    await bare.hear(sla(SlaEscalated, do=("notify manager",)))
    await bare.mails(2)
    assert (await bare.states(channel="webhook:pager")) == [("breached", "manager", "webhook:pager", "waiting")]
    await bare.room.advance(minutes=9, seconds=59)
    await bare.room.run_due()
    assert (await bare.states(channel="webhook:pager"))[0][3] == "waiting"
    await bare.room.advance(seconds=1)
    await bare.room.run_due()
    (row,) = await bare.notices(channel="webhook:pager")
    assert row["state"] != "waiting" or row["attempts"] == 1


async def test_a_channel_with_a_delay_stays_silent_once_its_cause_is_answered(bare: House) -> None:
    await bare.furnish(agreement(manager=(EMAIL, Channel(channel="webhook:pager", after=600))))
    await begun(bare)
    await bare.hear(sla(SlaEscalated, do=("notify manager",)))
    await bare.mails(2)
    await bare.hear(said_by(LeadAccepted))
    await bare.room.advance(minutes=11)
    await bare.room.run_due()
    assert (await bare.states(channel="webhook:pager"))[0][3] == "suppressed"


async def test_a_channel_that_is_not_here_is_passed_over_or_stood_in_for_by_email(bare: House) -> None:
    slack, sms = Channel(channel="slack"), Channel(channel="sms", after=600)
    await bare.furnish(agreement(owner=(slack, EMAIL), manager=(sms, slack)))
    await begun(bare)
    assert await bare.said("notice.suppressed") == []
    await bare.hear(sla(SlaEscalated, do=("notify manager",)))
    assert {event.data.channel for event in await bare.said("notice.suppressed")} == {"slack", "sms"}
    assert await told(bare) == [("breached", "manager", "omar")]
    await bare.mails(2)


async def test_the_same_event_heard_twice_tells_once(here: House) -> None:
    event = Event(assigned(), LEAD, "/test", TUESDAY)
    await here.room.handle_events(event)
    await here.room.handle_events(event)
    assert len(await here.notices()) == 1


async def test_the_timer_may_be_faster_than_the_assignment_it_speaks_of(here: House) -> None:
    await here.hear(sla(SlaEscalated, do=("notify manager",)))
    await here.hear(sla(SlaWarned, owner="eve", epoch=2))
    assert await here.states() == []
    await begun(here)
    assert await told(here) == [("breached", "manager", "omar")]
    await here.hear(assigned("eve", 2))
    assert sorted(await told(here)) == [("breached", "manager", "omar"), ("warned", "owner", "eve")]


async def test_a_rung_that_tells_and_moves_is_told_whichever_topic_is_faster(here: House) -> None:
    await begun(here)
    rung = Event(sla(SlaEscalated, do=("notify owner", "notify manager", "reassign")), LEAD, "/test", TUESDAY)
    await here.hear(assigned("eve", 2, previous_owner="dan"), causationid=rung.id)
    await here.room.handle_events(rung)
    await here.hear(clock(TUESDAY + 15 * MINUTE, epoch=2))
    assert sorted(await told(here)) == [("breached", "manager", "omar"), ("breached", "owner", "dan")]
    await here.mails(4)
    (owner,) = [mail for mail in here.box.mails if "dan@" in mail["To"] and mail["Subject"].startswith("Late")]
    assert "It goes to somebody else now." in text_of(owner)
    assert "?do=" not in text_of(owner)


async def test_the_move_of_a_rung_does_not_hush_its_own_words(here: House) -> None:
    await begun(here)
    here.box.say += ["451 later", "451 later"]
    rung = Event(sla(SlaEscalated, do=("notify manager", "return to marketing")), LEAD, "/test", TUESDAY)
    await here.room.handle_events(rung)
    await here.hear(said_by(LeadRecycled, reason="accept breached"), causationid=rung.id)
    assert "suppressed" not in {state for *_, state in await here.states()}
    await here.rest()
    await here.soon()
    await here.mails(3)


@pytest.mark.parametrize("kind", [SlaWarned, SlaEscalated])
async def test_a_rung_of_a_lead_that_was_answered_or_moved_meanwhile_is_not_told(here: House, kind: Any) -> None:
    more = {"do": ("notify owner", "notify manager")} if kind is SlaEscalated else {}
    await begun(here)
    await here.hear(said_by(LeadAccepted))
    await here.hear(sla(kind, **more))
    await here.hear(assigned("eve", 2))
    await here.hear(sla(kind, **more))
    assert await told(here) == []
    assert len(await here.said("notice.suppressed")) == (4 if more else 2)


async def test_an_assignment_waits_for_its_version_and_its_person_in_order(bare: House) -> None:
    await bare.hear(assigned())
    await bare.hear(said_by(LeadContacted))
    await bare.hear(sla(SlaEscalated, do=("notify manager",)))
    assert await bare.states() == []
    for person in PEOPLE:
        await bare.hear(RosterChanged(rep=person), subject=f"rep:{person.id}")
    await bare.hear(published(agreement()), subject="agreement:1")
    assert await bare.states() == [
        ("assigned", "owner", "dan", "suppressed"),
        ("breached", "manager", "omar", "suppressed"),
    ]
    (lead,) = await bare.room.sql("SELECT * FROM leads")
    assert (lead["state"], lead["owner"]) == ("contacted", "dan")


async def test_what_came_unseen_in_another_process_is_found_at_the_next_look(bare: House) -> None:
    await bare.furnish()
    raw = Event(assigned(), LEAD, "/test", TUESDAY).encode()
    async with bare.room.db.transaction() as tx:
        await tx.execute(
            bare.room.service.metadata.tables["deferred_events"].insert(),
            {"lead": LEAD, "missing": "agreement:1", "body": raw},
        )
    await bare.hear(said_by(LeadAccepted))
    assert await bare.states() == []
    await bare.soon()
    assert await bare.states() == [("assigned", "owner", "dan", "suppressed")]
