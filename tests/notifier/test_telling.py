"""Who is told what: each event reaches the people that the agreement names, and what no longer matters is not sent."""

from datetime import timedelta
from typing import Any

import pytest

from shared.agreement.compiled import Channel
from shared.agreement.roster import Away, Rep
from shared.events import (
    LeadAccepted,
    LeadContacted,
    LeadDeclined,
    LeadEnquiredAgain,
    LeadHeld,
    LeadRecycled,
    LeadUnrouted,
    RosterChanged,
    SlaBreached,
    SlaEscalated,
    SlaWarned,
    SlaWithdrawn,
)
from shared.events.base import Event
from tests.notifier.house import CARD, LEAD, PEOPLE, House, agreement, assigned, clock, published, sla, text_of
from tests.notifier.post_office import eventually
from tests.rooms import TUESDAY

MINUTE = timedelta(minutes=1)
EMAIL = Channel(channel="email")


@pytest.fixture
def database_url() -> str:
    """SQLite alone: the same statements run on PostgreSQL in the tests of links, mails and races."""
    return ""


def rep(name: str, **changes: Any) -> RosterChanged:
    (found,) = [person for person in PEOPLE if person.id == name]
    return RosterChanged(rep=found.model_copy(update=changes))


def away() -> tuple[Away, ...]:
    return (Away(start=TUESDAY - MINUTE, until=TUESDAY + timedelta(days=3)),)


def said_by(kind: Any, epoch: int = 1, **more: Any) -> Any:
    return kind(owner="dan", epoch=epoch, by="dan", answered_at=TUESDAY, **more)


async def begun(here: House, **fields: Any) -> None:
    """Dan has the lead, and his mail is sent."""
    await here.hear(assigned(**fields))
    await here.hear(clock(TUESDAY + 15 * MINUTE))
    await here.rest()


async def told(here: House, *skip: str) -> list[tuple[str, str, str]]:
    """(kind, role, person or channel) of the notices."""
    return [state[:3] for state in await here.states() if state[0] not in (*skip, "assigned")]


async def test_the_owner_is_told_with_a_link_for_each_action(here: House) -> None:
    await begun(here)
    (mail,) = await here.mails(1)
    text = text_of(mail)
    assert (mail["To"], mail["Subject"]) == (
        "Dan Reyes <dan@northwind.example>",
        "Hot lead: Ada Byron, Analytical Engines",
    )
    assert "Please answer by 16:15 (15 minutes from now)." in text
    assert "Why you: rule “everyone else”." in text
    assert [line.split(":")[0] for line in text.splitlines() if "?do=" in line] == [
        "Accept",
        "I have contacted them",
        "Decline",
    ]


async def test_the_mail_waits_a_moment_for_the_clock_and_no_longer(here: House) -> None:
    await here.hear(assigned())
    assert await here.states() == [("assigned", "owner", "dan", "waiting")]
    await here.soon()
    (mail,) = await here.mails(1)
    assert "answer by" not in text_of(mail)


async def test_a_clock_that_came_first_is_not_waited_for(here: House) -> None:
    await here.hear(clock(TUESDAY + 15 * MINUTE))
    await here.hear(assigned())
    (mail,) = await here.mails(1)
    assert "Please answer by 16:15" in text_of(mail)


async def test_breached_alone_tells_nobody_and_a_held_lead_neither(here: House) -> None:
    await begun(here)
    assert SlaBreached not in here.room.service.hears
    await here.hear(LeadHeld(tier="hot", why="closed"))
    assert await told(here) == []


async def test_a_warning_goes_to_the_owner(here: House) -> None:
    await begun(here)
    await here.room.later(minutes=11, seconds=15)
    await here.hear(sla(SlaWarned, due_at=TUESDAY + 15 * MINUTE))
    mails = await here.mails(2)
    assert mails[1]["Subject"] == "Due soon: Ada Byron, Analytical Engines"
    assert "Please answer by 16:15 (4 minutes from now)." in text_of(mails[1])
    assert "?do=accept" in text_of(mails[1])


async def test_a_rung_tells_everybody_it_names_each_what_to_do(here: House) -> None:
    await begun(here)
    await here.room.later(minutes=15)
    await here.hear(sla(SlaEscalated, do=("tell owner", "tell manager", "tell ops"), due_at=TUESDAY + 15 * MINUTE))
    await here.mails(4)
    by_person = {str(mail["To"]): text_of(mail) for mail in here.box.mails[1:]}
    assert set(by_person) == {
        "Dan Reyes <dan@northwind.example>",
        "Omar Haddad <omar@northwind.example>",
        "Otis Ray <otis@northwind.example>",
    }
    assert "You have not kept: accept or decline was due 16:15" in by_person["Dan Reyes <dan@northwind.example>"]
    manager = by_person["Omar Haddad <omar@northwind.example>"]
    assert "Dan Reyes has not kept: accept or decline was due 10:15" in manager
    assert "Call Dan Reyes, or give the lead to somebody else." in manager
    assert "?do=" not in manager


@pytest.mark.parametrize(
    ("gone", "expected"),
    [
        ((), ("manager", "omar")),
        (("omar",), ("manager", "bea")),
        (("omar", "bea"), ("manager", "vera")),
        (("omar", "bea", "vera"), ("manager", "otis")),
    ],
)
async def test_a_rung_reaches_the_manager_or_backup_or_their_manager_or_ops(
    here: House, gone: tuple[str, ...], expected: tuple[str, str]
) -> None:
    await begun(here)
    for number, name in enumerate(gone):
        change = {"away": away()} if number % 2 == 0 else {"active": False}
        await here.hear(rep(name, **change), subject=f"rep:{name}")
    await here.hear(sla(SlaEscalated, do=("tell manager",)))
    assert await told(here) == [("breached", *expected)]
    mails = await here.mails(2)
    assert ("You get this because Omar Haddad cannot be reached now." in text_of(mails[1])) == bool(gone)


async def test_who_is_found_is_found_when_the_rung_fires(here: House) -> None:
    await begun(here)
    await here.hear(published(agreement().model_copy(update={"teams": {}}), 2), subject="agreement:2")
    await here.hear(rep("dan", manager="bea"), subject="rep:dan")
    await here.hear(sla(SlaEscalated, do=("tell manager",)))
    assert await told(here) == [("breached", "manager", "bea")]


async def test_a_manager_who_owns_the_lead_is_not_told_twice_but_theirs_is(here: House) -> None:
    await begun(here, owner="omar")
    await here.hear(sla(SlaEscalated, owner="omar", do=("tell owner", "tell manager")))
    assert sorted(await told(here)) == [("breached", "manager", "bea"), ("breached", "owner", "omar")]


async def test_when_nobody_at_all_can_be_reached_that_is_said(bare: House) -> None:
    await bare.furnish(None, Rep(id="dan", name="Dan", email="dan@northwind.example"))
    await begun(bare)
    await bare.hear(sla(SlaEscalated, do=("tell manager",)))
    (said,) = await bare.said("notice.suppressed")
    assert said.data.why.startswith("Nobody with the role manager can be reached")


async def test_an_owner_who_is_away_is_stood_in_for(here: House) -> None:
    await here.hear(rep("dan", away=away(), backup="eve"), subject="rep:dan")
    await begun(here)
    (mail,) = await here.mails(1)
    assert mail["To"] == "Eve Lund <eve@northwind.example>"
    assert "?do=" not in text_of(mail)


async def test_a_person_who_comes_back_is_told_to_the_owner(here: House) -> None:
    await begun(here)
    await here.hear(said_by(LeadAccepted))
    back = LeadEnquiredAgain(lead=CARD, owner="dan", epoch=1, enquiry="x", agreement=1, pinned=1, tier="hot", round=2)
    await here.hear(back)
    mails = await here.mails(2)
    assert mails[1]["Subject"] == "Came back: Ada Byron, Analytical Engines"
    assert "?do=contacted" in text_of(mails[1])
    assert "?do=accept" not in text_of(mails[1])


async def test_a_lead_that_nobody_got_is_told_to_whom_the_agreement_says_and_only_then(here: House) -> None:
    await here.hear(LeadUnrouted(tier="hot", why="No rule matches."))
    assert await told(here) == []
    await here.hear(LeadUnrouted(tier="hot", why="No rule matches.", alert="ops", alert_due=True))
    (mail,) = await here.mails(1)
    assert mail["To"] == "Otis Ray <otis@northwind.example>"
    assert "No rule matches." in text_of(mail)


async def test_a_recycled_lead_is_told_to_marketing(here: House) -> None:
    await begun(here)
    await here.hear(said_by(LeadRecycled, reason="unresponsive", lead=CARD))
    mails = await here.mails(2)
    assert mails[1]["To"] == "Maya Frost <maya@northwind.example>"
    assert "It comes back to marketing: unresponsive." in text_of(mails[1])


@pytest.mark.parametrize(
    "given", [{"people": {"marketing": ("bea",)}}, {"signed_by": {"marketing": "BEA@northwind.example"}}]
)
async def test_the_agreement_may_name_who_a_role_is(bare: House, given: dict[str, Any]) -> None:
    people = tuple(person for person in PEOPLE if person.id != "maya")
    await bare.furnish(agreement().model_copy(update=given), *people)
    await begun(bare)
    await bare.hear(said_by(LeadRecycled, reason="unresponsive"))
    assert await told(bare) == [("recycled", "marketing", "bea")]


async def test_a_withdrawn_breach_of_a_lead_that_moved_is_told_to_both_owners(here: House) -> None:
    await begun(here)
    await here.hear(assigned("eve", 2))
    withdrawn = sla(SlaWithdrawn, answered_at=TUESDAY, by="dan", applied=False, present_owner="eve")
    await here.hear(withdrawn)
    assert sorted(await told(here)) == [("withdrawn", "former owner", "dan"), ("withdrawn", "owner", "eve")]
    await here.soon()
    await here.mails(4)
    texts = {str(mail["To"]): text_of(mail) for mail in here.box.mails if mail["Subject"].startswith("Breach")}
    assert "You had answered in time (16:00)" in texts["Dan Reyes <dan@northwind.example>"]
    assert "Eve Lund keeps the lead." in texts["Dan Reyes <dan@northwind.example>"]
    assert "You keep the lead." in texts["Eve Lund <eve@northwind.example>"]
    await here.hear(sla(SlaWithdrawn, answered_at=TUESDAY, by="dan", applied=True))
    assert len(await told(here)) == 2


@pytest.mark.parametrize(
    "answer", [LeadAccepted, LeadContacted, (LeadDeclined, {"reason": "not a fit", "side": "theirs"}), "moved"]
)
async def test_an_answer_stops_what_still_asks_for_it(here: House, answer: Any) -> None:
    here.box.say += ["451 later"]
    await here.hear(assigned())
    await here.hear(clock(TUESDAY + 15 * MINUTE))
    await eventually(lambda: here.box.tried)
    await here.rest()
    if answer == "moved":
        await here.hear(assigned("eve", 2))
    else:
        kind, more = answer if isinstance(answer, tuple) else (answer, {})
        await here.hear(said_by(kind, **more))
    assert (await here.states(epoch=1)) == [("assigned", "owner", "dan", "suppressed")]
    (said,) = await here.said("notice.suppressed")
    assert said.data.why.startswith("It no longer matters")
    await here.soon()
    assert [mail for mail in here.box.mails if "dan@" in mail["To"]] == []


async def test_a_channel_with_a_delay_goes_while_its_cause_is_open(bare: House) -> None:
    await bare.furnish(agreement(manager=(EMAIL, Channel(channel="webhook:pager", after=600))))
    await begun(bare)
    await bare.hear(sla(SlaEscalated, do=("tell manager",)))
    await bare.mails(2)
    assert (await bare.states(channel="webhook:pager")) == [("breached", "manager", "webhook:pager", "waiting")]
    await bare.room.later(minutes=9, seconds=59)
    await bare.room.tick()
    assert (await bare.states(channel="webhook:pager"))[0][3] == "waiting"
    await bare.room.later(seconds=1)
    await bare.room.tick()
    (row,) = await bare.notices(channel="webhook:pager")
    assert row["state"] != "waiting" or row["attempts"] == 1


async def test_a_channel_with_a_delay_stays_silent_once_its_cause_is_answered(bare: House) -> None:
    await bare.furnish(agreement(manager=(EMAIL, Channel(channel="webhook:pager", after=600))))
    await begun(bare)
    await bare.hear(sla(SlaEscalated, do=("tell manager",)))
    await bare.mails(2)
    await bare.hear(said_by(LeadAccepted))
    await bare.room.later(minutes=11)
    await bare.room.tick()
    assert (await bare.states(channel="webhook:pager"))[0][3] == "suppressed"


async def test_a_channel_that_is_not_here_is_passed_over_or_stood_in_for_by_email(bare: House) -> None:
    slack, sms = Channel(channel="slack"), Channel(channel="sms", after=600)
    await bare.furnish(agreement(owner=(slack, EMAIL), manager=(sms, slack)))
    await begun(bare)
    assert await bare.said("notice.suppressed") == []
    await bare.hear(sla(SlaEscalated, do=("tell manager",)))
    assert {event.data.channel for event in await bare.said("notice.suppressed")} == {"slack", "sms"}
    assert await told(bare) == [("breached", "manager", "omar")]
    await bare.mails(2)


async def test_the_same_event_heard_twice_tells_once(here: House) -> None:
    event = Event(assigned(), LEAD, "/test", TUESDAY)
    await here.room.hear_events(event)
    await here.room.hear_events(event)
    assert len(await here.notices()) == 1


async def test_the_timer_may_be_faster_than_the_assignment_it_speaks_of(here: House) -> None:
    await here.hear(sla(SlaEscalated, do=("tell manager",)))
    await here.hear(sla(SlaWarned, owner="eve", epoch=2))
    assert await here.states() == []
    await begun(here)
    assert await told(here) == [("breached", "manager", "omar")]
    await here.hear(assigned("eve", 2))
    assert sorted(await told(here)) == [("breached", "manager", "omar"), ("warned", "owner", "eve")]


async def test_a_rung_that_tells_and_moves_is_told_whichever_topic_is_faster(here: House) -> None:
    await begun(here)
    rung = Event(sla(SlaEscalated, do=("tell owner", "tell manager", "reassign")), LEAD, "/test", TUESDAY)
    await here.hear(assigned("eve", 2, previous_owner="dan"), causationid=rung.id)
    await here.room.hear_events(rung)
    await here.hear(clock(TUESDAY + 15 * MINUTE, epoch=2))
    assert sorted(await told(here)) == [("breached", "manager", "omar"), ("breached", "owner", "dan")]
    await here.mails(4)
    (owner,) = [mail for mail in here.box.mails if "dan@" in mail["To"] and mail["Subject"].startswith("Late")]
    assert "It goes to somebody else now." in text_of(owner)
    assert "?do=" not in text_of(owner)


async def test_the_move_of_a_rung_does_not_hush_its_own_words(here: House) -> None:
    await begun(here)
    here.box.say += ["451 later", "451 later"]
    rung = Event(sla(SlaEscalated, do=("tell manager", "return to marketing")), LEAD, "/test", TUESDAY)
    await here.room.hear_events(rung)
    await here.hear(said_by(LeadRecycled, reason="accept breached"), causationid=rung.id)
    assert "suppressed" not in {state for *_, state in await here.states()}
    await here.rest()
    await here.soon()
    await here.mails(3)


@pytest.mark.parametrize("kind", [SlaWarned, SlaEscalated])
async def test_a_rung_of_a_lead_that_was_answered_or_moved_meanwhile_is_not_told(here: House, kind: Any) -> None:
    more = {"do": ("tell owner", "tell manager")} if kind is SlaEscalated else {}
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
    await bare.hear(sla(SlaEscalated, do=("tell manager",)))
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
        await tx.run(
            bare.room.service.metadata.tables["waiting"].insert(), {"lead": LEAD, "needs": "agreement:1", "body": raw}
        )
    await bare.hear(said_by(LeadAccepted))
    assert await bare.states() == []
    await bare.soon()
    assert await bare.states() == [("assigned", "owner", "dan", "suppressed")]
