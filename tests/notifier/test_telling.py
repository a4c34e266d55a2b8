"""Who is told what: each event reaches the people that the agreement names, and what no longer matters is not sent."""

from typing import Any

import pytest

from shared.base.roster import Rep
from shared.events import (
    LeadAccepted,
    LeadContacted,
    LeadDeclined,
    LeadEnquiredAgain,
    LeadHeld,
    LeadRecycled,
    LeadUnrouted,
    SlaBreached,
    SlaEscalated,
    SlaWarned,
    SlaWithdrawn,
)
from tests.notifier.house import CARD, PEOPLE, House, agreement, assigned, clock, published, sla, text_of
from tests.notifier.post_office import eventually
from tests.notifier.tellings import MINUTE, away, begun, rep, said_by, told
from tests.service_harness import TUESDAY


@pytest.fixture
def database_url() -> str:
    """SQLite alone: the same statements run on PostgreSQL in the tests of links, mails and races."""
    return ""


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
    assert SlaBreached not in here.room.service.on_event
    await here.hear(LeadHeld(tier="hot", why="closed"))
    assert await told(here) == []


async def test_a_warning_goes_to_the_owner(here: House) -> None:
    await begun(here)
    await here.room.advance(minutes=11, seconds=15)
    await here.hear(sla(SlaWarned, due_at=TUESDAY + 15 * MINUTE))
    mails = await here.mails(2)
    assert mails[1]["Subject"] == "Due soon: Ada Byron, Analytical Engines"
    assert "Please answer by 16:15 (4 minutes from now)." in text_of(mails[1])
    assert "?do=accept" in text_of(mails[1])


async def test_a_rung_tells_everybody_it_names_each_what_to_do(here: House) -> None:
    await begun(here)
    await here.room.advance(minutes=15)
    await here.hear(
        sla(SlaEscalated, do=("notify owner", "notify manager", "notify ops"), due_at=TUESDAY + 15 * MINUTE)
    )
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
    await here.hear(sla(SlaEscalated, do=("notify manager",)))
    assert await told(here) == [("breached", *expected)]
    mails = await here.mails(2)
    assert ("You get this because Omar Haddad cannot be reached now." in text_of(mails[1])) == bool(gone)


async def test_who_is_found_is_found_when_the_rung_fires(here: House) -> None:
    await begun(here)
    await here.hear(published(agreement().model_copy(update={"teams": {}}), 2), subject="agreement:2")
    await here.hear(rep("dan", manager="bea"), subject="rep:dan")
    await here.hear(sla(SlaEscalated, do=("notify manager",)))
    assert await told(here) == [("breached", "manager", "bea")]


async def test_a_manager_who_owns_the_lead_is_not_told_twice_but_theirs_is(here: House) -> None:
    await begun(here, owner="omar")
    await here.hear(sla(SlaEscalated, owner="omar", do=("notify owner", "notify manager")))
    assert sorted(await told(here)) == [("breached", "manager", "bea"), ("breached", "owner", "omar")]


async def test_when_nobody_at_all_can_be_reached_that_is_said(bare: House) -> None:
    await bare.furnish(None, Rep(id="dan", name="Dan", email="dan@northwind.example"))
    await begun(bare)
    await bare.hear(sla(SlaEscalated, do=("notify manager",)))
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
    back = LeadEnquiredAgain(
        lead=CARD, owner="dan", epoch=1, enquiry="x", routing_version=1, terms_version=1, tier="hot", enquiry_count=2
    )
    await here.hear(back)
    mails = await here.mails(2)
    assert mails[1]["Subject"] == "Came back: Ada Byron, Analytical Engines"
    assert "?do=contacted" in text_of(mails[1])
    assert "?do=accept" not in text_of(mails[1])


async def test_a_lead_that_nobody_got_is_told_to_whom_the_agreement_says_and_only_then(here: House) -> None:
    await here.hear(LeadUnrouted(tier="hot", why="No rule matches."))
    assert await told(here) == []
    await here.hear(LeadUnrouted(tier="hot", why="No rule matches.", alert="ops", alert_now=True))
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
