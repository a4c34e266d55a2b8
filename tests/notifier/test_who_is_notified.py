"""Who is notified of what: each event reaches the people that the agreement names, and outdated notices are suppressed."""

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
from tests.notifier.harness import CARD, PEOPLE, NotifierHarness, agreement, assigned, clock, published, sla, text_of
from tests.notifier.notice_events import MINUTE, assign_and_send, away, notified, outcome, rep
from tests.notifier.sinks import eventually
from tests.service_harness import TUESDAY


@pytest.fixture
def database_url() -> str:
    """SQLite alone: the same statements run on PostgreSQL in the tests of links, mails and races."""
    return ""


async def test_the_owner_is_notified_with_a_link_for_each_action(notifier: NotifierHarness) -> None:
    await assign_and_send(notifier)
    (mail,) = await notifier.mails(1)
    text = text_of(mail)
    assert (mail["To"], mail["Subject"]) == (
        "Dan Reyes <dan@northwind.example>",
        "Hot lead: Ada Byron, Analytical Engines",
    )
    assert "Please answer by 16:15 (in 15 minutes)." in text
    assert "Routing: everyone else." in text
    assert [line.split(":")[0] for line in text.splitlines() if "?do=" in line] == [
        "Accept",
        "I contacted them",
        "Decline",
    ]


async def test_the_assignment_mail_waits_briefly_for_the_clock_and_no_longer(notifier: NotifierHarness) -> None:
    await notifier.handle(assigned())
    assert await notifier.states() == [("assigned", "owner", "dan", "waiting")]
    await notifier.expire_waits()
    (mail,) = await notifier.mails(1)
    assert "answer by" not in text_of(mail)


async def test_the_assignment_mail_does_not_wait_for_a_clock_that_came_first(notifier: NotifierHarness) -> None:
    await notifier.handle(clock(TUESDAY + 15 * MINUTE))
    await notifier.handle(assigned())
    (mail,) = await notifier.mails(1)
    assert "Please answer by 16:15" in text_of(mail)


async def test_a_breach_by_itself_and_a_held_lead_notify_nobody(notifier: NotifierHarness) -> None:
    await assign_and_send(notifier)
    assert SlaBreached not in notifier.service.service.on_event
    await notifier.handle(LeadHeld(tier="hot", why="closed"))
    assert await notified(notifier) == []


async def test_a_warning_goes_to_the_owner(notifier: NotifierHarness) -> None:
    await assign_and_send(notifier)
    await notifier.service.advance(minutes=11, seconds=15)
    await notifier.handle(sla(SlaWarned, due_at=TUESDAY + 15 * MINUTE))
    mails = await notifier.mails(2)
    assert mails[1]["Subject"] == "Due soon: Ada Byron, Analytical Engines"
    assert "Please answer by 16:15 (in 4 minutes)." in text_of(mails[1])
    assert "?do=accept" in text_of(mails[1])


async def test_an_escalation_step_notifies_everybody_it_names_of_what_to_do(notifier: NotifierHarness) -> None:
    await assign_and_send(notifier)
    await notifier.service.advance(minutes=15)
    await notifier.handle(
        sla(SlaEscalated, do=("notify owner", "notify manager", "notify ops"), due_at=TUESDAY + 15 * MINUTE)
    )
    await notifier.mails(4)
    by_person = {str(mail["To"]): text_of(mail) for mail in notifier.mailbox.mails[1:]}
    assert set(by_person) == {
        "Dan Reyes <dan@northwind.example>",
        "Omar Haddad <omar@northwind.example>",
        "Otis Ray <otis@northwind.example>",
    }
    assert "You missed the deadline: accept or decline was due 16:15" in by_person["Dan Reyes <dan@northwind.example>"]
    manager = by_person["Omar Haddad <omar@northwind.example>"]
    assert "Dan Reyes missed the deadline: accept or decline was due 10:15" in manager
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
async def test_an_escalation_step_reaches_the_manager_their_backup_their_manager_or_ops(
    notifier: NotifierHarness, gone: tuple[str, ...], expected: tuple[str, str]
) -> None:
    await assign_and_send(notifier)
    for number, name in enumerate(gone):
        change = {"away": away()} if number % 2 == 0 else {"active": False}
        await notifier.handle(rep(name, **change), subject=f"rep:{name}")
    await notifier.handle(sla(SlaEscalated, do=("notify manager",)))
    assert await notified(notifier) == [("breached", *expected)]
    mails = await notifier.mails(2)
    assert ("You get this because Omar Haddad cannot be reached now." in text_of(mails[1])) == bool(gone)


async def test_the_recipients_of_a_step_are_chosen_when_it_fires(notifier: NotifierHarness) -> None:
    await assign_and_send(notifier)
    await notifier.handle(published(agreement().model_copy(update={"teams": {}}), 2), subject="agreement:2")
    await notifier.handle(rep("dan", manager="bea"), subject="rep:dan")
    await notifier.handle(sla(SlaEscalated, do=("notify manager",)))
    assert await notified(notifier) == [("breached", "manager", "bea")]


async def test_a_manager_who_owns_the_lead_is_notified_once_and_their_manager_too(notifier: NotifierHarness) -> None:
    await assign_and_send(notifier, owner="omar")
    await notifier.handle(sla(SlaEscalated, owner="omar", do=("notify owner", "notify manager")))
    assert sorted(await notified(notifier)) == [("breached", "manager", "bea"), ("breached", "owner", "omar")]


async def test_a_notice_that_nobody_can_receive_is_suppressed_with_a_reason(empty_notifier: NotifierHarness) -> None:
    await empty_notifier.set_up(None, Rep(id="dan", name="Dan", email="dan@northwind.example"))
    await assign_and_send(empty_notifier)
    await empty_notifier.handle(sla(SlaEscalated, do=("notify manager",)))
    (event,) = await empty_notifier.emitted("notice.suppressed")
    assert event.data.why.startswith("Nobody with the role manager can be reached")


async def test_the_backup_of_an_absent_owner_is_notified(notifier: NotifierHarness) -> None:
    await notifier.handle(rep("dan", away=away(), backup="eve"), subject="rep:dan")
    await assign_and_send(notifier)
    (mail,) = await notifier.mails(1)
    assert mail["To"] == "Eve Lund <eve@northwind.example>"
    assert "?do=" not in text_of(mail)


async def test_the_owner_is_notified_when_a_lead_enquires_again(notifier: NotifierHarness) -> None:
    await assign_and_send(notifier)
    await notifier.handle(outcome(LeadAccepted))
    back = LeadEnquiredAgain(
        lead=CARD, owner="dan", epoch=1, enquiry="x", routing_version=1, terms_version=1, tier="hot", enquiry_count=2
    )
    await notifier.handle(back)
    mails = await notifier.mails(2)
    assert mails[1]["Subject"] == "Asked again: Ada Byron, Analytical Engines"
    assert "?do=contacted" in text_of(mails[1])
    assert "?do=accept" not in text_of(mails[1])


async def test_an_unrouted_lead_is_announced_to_the_agreed_role_and_only_after_the_agreed_wait(
    notifier: NotifierHarness,
) -> None:
    await notifier.handle(LeadUnrouted(tier="hot", why="No rule matches."))
    assert await notified(notifier) == []
    await notifier.handle(LeadUnrouted(tier="hot", why="No rule matches.", alert="ops", alert_now=True))
    (mail,) = await notifier.mails(1)
    assert mail["To"] == "Otis Ray <otis@northwind.example>"
    assert "No rule matches." in text_of(mail)


async def test_marketing_is_notified_of_a_recycled_lead(notifier: NotifierHarness) -> None:
    await assign_and_send(notifier)
    await notifier.handle(outcome(LeadRecycled, reason="unresponsive", lead=CARD))
    mails = await notifier.mails(2)
    assert mails[1]["To"] == "Maya Frost <maya@northwind.example>"
    assert "This lead is back with marketing: unresponsive." in text_of(mails[1])


@pytest.mark.parametrize(
    "changes", [{"people": {"marketing": ("bea",)}}, {"signed_by": {"marketing": "BEA@northwind.example"}}]
)
async def test_the_agreement_may_name_the_people_of_a_role(
    empty_notifier: NotifierHarness, changes: dict[str, Any]
) -> None:
    people = tuple(person for person in PEOPLE if person.id != "maya")
    await empty_notifier.set_up(agreement().model_copy(update=changes), *people)
    await assign_and_send(empty_notifier)
    await empty_notifier.handle(outcome(LeadRecycled, reason="unresponsive"))
    assert await notified(empty_notifier) == [("recycled", "marketing", "bea")]


async def test_both_owners_are_notified_of_a_withdrawn_breach_of_a_lead_that_moved(notifier: NotifierHarness) -> None:
    await assign_and_send(notifier)
    await notifier.handle(assigned("eve", 2))
    withdrawn = sla(SlaWithdrawn, answered_at=TUESDAY, by="dan", applied=False, present_owner="eve")
    await notifier.handle(withdrawn)
    assert sorted(await notified(notifier)) == [("withdrawn", "former owner", "dan"), ("withdrawn", "owner", "eve")]
    await notifier.expire_waits()
    await notifier.mails(4)
    texts = {str(mail["To"]): text_of(mail) for mail in notifier.mailbox.mails if mail["Subject"].startswith("Breach")}
    assert "You answered in time (16:00)" in texts["Dan Reyes <dan@northwind.example>"]
    assert "Eve Lund keeps the lead." in texts["Dan Reyes <dan@northwind.example>"]
    assert "You keep the lead." in texts["Eve Lund <eve@northwind.example>"]
    await notifier.handle(sla(SlaWithdrawn, answered_at=TUESDAY, by="dan", applied=True))
    assert len(await notified(notifier)) == 2


@pytest.mark.parametrize(
    "answer", [LeadAccepted, LeadContacted, (LeadDeclined, {"reason": "not a fit", "side": "theirs"}), "moved"]
)
async def test_an_answer_suppresses_the_notices_that_ask_for_it(notifier: NotifierHarness, answer: Any) -> None:
    notifier.mailbox.replies += ["451 later"]
    await notifier.handle(assigned())
    await notifier.handle(clock(TUESDAY + 15 * MINUTE))
    await eventually(lambda: notifier.mailbox.attempted_ids)
    await notifier.until_idle()
    if answer == "moved":
        await notifier.handle(assigned("eve", 2))
    else:
        kind, more = answer if isinstance(answer, tuple) else (answer, {})
        await notifier.handle(outcome(kind, **more))
    assert (await notifier.states(epoch=1)) == [("assigned", "owner", "dan", "suppressed")]
    (event,) = await notifier.emitted("notice.suppressed")
    assert event.data.why.startswith("It no longer matters")
    await notifier.expire_waits()
    assert [mail for mail in notifier.mailbox.mails if "dan@" in mail["To"]] == []
