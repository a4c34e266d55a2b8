"""Email: both parts say the same, nothing is injected, a failed mail is retried under its Message-ID, each at least once."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.channels.mime import header_text
from services.notifier.handlers.delivery import RETRY_DELAYS
from services.notifier.settings import Settings
from shared.base import failpoints
from shared.base.errors import CannotStart
from shared.base.roster import Rep
from shared.base.settings import load
from shared.events import LeadAccepted, RosterChanged
from tests.notifier.harness import CARD, LEAD, NotifierHarness, assigned, clock, html_of, running_notifier, text_of
from tests.notifier.sinks import Mailbox, eventually
from tests.parts.ports import free_ports
from tests.service_harness import TUESDAY


async def assign(notifier: NotifierHarness, lead: str = LEAD, **fields: object) -> None:
    await notifier.handle(clock(TUESDAY + timedelta(minutes=15)), subject=lead)
    await notifier.handle(assigned(lead=CARD.model_copy(update={"id": lead}), **fields), subject=lead)


async def test_the_text_and_html_parts_of_a_mail_say_the_same(notifier: NotifierHarness) -> None:
    await assign(notifier)
    (mail,) = await notifier.mails(1)
    assert mail.get_content_type() == "multipart/alternative"
    text, html = text_of(mail), html_of(mail)
    links = [line.split(": ", 1)[1] for line in text.splitlines() if "?do=" in line]
    assert len(links) == 3
    for phrase in (
        *links,
        "Please answer by 16:15 (in 15 minutes).",
        "everyone else",
        "Head of Computing",
        "hot",
    ):
        assert phrase in text
        assert phrase in html
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Id"] == "<leads.baton.example>"
    assert mail["From"] == "Baton <baton@localhost>"
    assert "src=" not in html


async def test_a_mail_that_is_refused_for_now_is_retried_under_the_same_message_id(notifier: NotifierHarness) -> None:
    notifier.mailbox.replies += ["451 busy", "451 busy"]
    await assign(notifier)
    for attempt in (1, 2):
        await notifier.until_idle()
        (row,) = await notifier.notices()
        assert (row["state"], row["attempts"], row["error"]) == (
            "waiting",
            attempt,
            "the mail server refused the mail (451)",
        )
        await notifier.expire_waits()
    (mail,) = await notifier.mails(1)
    assert notifier.mailbox.attempted_ids == [mail["Message-ID"]] * 3
    (sent,) = await notifier.emitted("notice.sent")
    assert (sent.data.attempts, sent.data.message_id) == (3, mail["Message-ID"])
    assert await notifier.service.sql("SELECT * FROM scheduled_items") == []


async def test_the_delays_between_attempts_grow_and_are_jittered(notifier: NotifierHarness) -> None:
    notifier.mailbox.replies += ["451 busy"] * (len(RETRY_DELAYS) + 1)
    await assign(notifier)
    waits = []
    for _ in RETRY_DELAYS:
        await notifier.until_idle()
        async with notifier.service.db.reading() as tx:
            wall = tx.wall
            (row,) = await tx.rows(notifier.service.service.metadata.tables["scheduled_items"].select())
        waits.append((row["at"] - wall).total_seconds())
        await notifier.expire_waits()
    assert all(pause * 0.4 < wait <= pause for pause, wait in zip(RETRY_DELAYS, waits, strict=True)), waits
    await notifier.until_idle()
    (failed,) = await notifier.emitted("notice.failed")
    assert (failed.data.attempts, failed.data.why) == (len(RETRY_DELAYS) + 1, "the mail server refused the mail (451)")
    assert await notifier.emitted("notice.sent") == []
    assert await notifier.service.sql("SELECT * FROM scheduled_items") == []


@pytest.mark.parametrize(
    ("answer", "state"), [("550 no such person", "failed"), ("450 mailbox busy", "waiting"), ("452 full", "waiting")]
)
async def test_a_refused_address_is_final_only_when_the_server_says_so(
    notifier: NotifierHarness, answer: str, state: str
) -> None:
    notifier.mailbox.refused["dan@northwind.example"] = answer
    await assign(notifier)
    await notifier.until_idle()
    (row,) = await notifier.notices()
    assert row["state"] == state
    assert "dan" not in row["error"]


async def test_an_invalid_address_fails_at_once_and_other_mails_are_sent(notifier: NotifierHarness) -> None:
    nobody = Rep(id="eve", name="Eve\r\nBcc: all@northwind.example", email="eve at northwind")
    await notifier.handle(RosterChanged(rep=nobody), subject="rep:eve")
    await assign(notifier, owner="eve")
    await assign(notifier, lead=LEAD[:-1] + "2")
    await notifier.mails(1)
    assert sorted(await notifier.states()) == [
        ("assigned", "owner", "dan", "sent"),
        ("assigned", "owner", "eve", "failed"),
    ]


async def test_no_name_of_a_lead_or_a_person_becomes_a_header(notifier: NotifierHarness) -> None:
    nasty = "Ada\r\nBcc: all@northwind.example\r\n\r\nbody\x00\u2028x"
    await notifier.handle(
        RosterChanged(rep=Rep(id="dan", name=f"Dan\r\nX-Evil: 1 {'é' * 300}", email="dan@northwind.example")),
        subject="rep:dan",
    )
    await assign(notifier)
    await notifier.mails(1)
    await notifier.handle(assigned(epoch=2, lead=CARD.model_copy(update={"name": nasty})))
    await notifier.expire_waits()
    for mail in await notifier.mails(2):
        assert mail["Bcc"] is None
        assert mail["X-Evil"] is None
        assert len(mail["To"].addresses) == 1


@given(st.text())
def test_a_header_is_one_line_of_printable_characters(text: str) -> None:
    header = header_text(text)
    assert header.isprintable()
    assert len(header) <= 160


async def test_many_mails_share_few_connections(notifier: NotifierHarness) -> None:
    leads = [f"{LEAD[:-3]}{number:03d}" for number in range(40)]
    for lead in leads:
        await assign(notifier, lead=lead)
    mails = await notifier.mails(40)
    assert len({mail["Message-ID"] for mail in mails}) == 40
    assert len(notifier.mailbox.sessions) <= 20


async def test_a_mail_server_that_is_away_keeps_mails_waiting(tmp_path: Path, mailbox: Mailbox) -> None:
    async with running_notifier(tmp_path, Mailbox(port=free_ports(1)[0])) as away:
        await away.set_up()
        await assign(away)
        await away.until_idle()
        (row,) = await away.notices()
        assert (row["state"], row["error"]) == ("waiting", "the mail server cannot be reached (SMTPConnectError)")
    async with running_notifier(tmp_path, mailbox) as back:
        await back.expire_waits()
        await back.mails(1)


@pytest.mark.parametrize("point", ["intent_claimed", "before_data", "after_250_before_mark"])
async def test_a_process_that_dies_sends_its_mail_at_the_next_start_under_the_same_id(
    tmp_path: Path, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    dead = asyncio.Event()

    def die(name: str) -> None:
        if name == point:
            dead.set()
            raise asyncio.CancelledError

    async with running_notifier(tmp_path, mailbox) as notifier:
        await notifier.set_up()
        monkeypatch.setattr(failpoints, "on_hit", die)
        await assign(notifier)
        await asyncio.wait_for(dead.wait(), 5)
        await asyncio.sleep(0)
        notifier.tasks[0].cancel()
        (row,) = await notifier.notices()
        assert row["state"] == "sending"
    monkeypatch.setattr(failpoints, "on_hit", lambda name: None)
    twice = point == "after_250_before_mark"
    async with running_notifier(tmp_path, mailbox) as again:
        await again.mails(2 if twice else 1)
        assert {mail["Message-ID"] for mail in mailbox.mails} == {row["message_id"]}
        (sent,) = await again.emitted("notice.sent")
        assert sent.data.attempts == 2


async def test_a_notice_whose_lease_ran_out_is_sent_again_under_the_same_id(notifier: NotifierHarness) -> None:
    await assign(notifier)
    await notifier.until_idle()
    await notifier.service.sql("UPDATE notices SET state = 'sending', sent_at = NULL")
    await notifier.service.sql(
        "INSERT INTO scheduled_items (id, kind, subject, at, clock, data) SELECT 'send:' || id, 'send', lead, created_at, 'wall',"
        " '{\"notice\": \"' || id || '\"}' FROM notices"
    )
    await notifier.expire_waits(idle_first=False)
    await notifier.mails(2)
    assert len({mail["Message-ID"] for mail in notifier.mailbox.mails}) == 1


async def test_a_waiting_notice_that_was_answered_is_not_sent_even_when_no_event_suppressed_it(
    notifier: NotifierHarness,
) -> None:
    notifier.mailbox.replies += ["451 busy"]
    await assign(notifier)
    await eventually(lambda: notifier.mailbox.attempted_ids)
    await notifier.until_idle()
    await notifier.service.sql("UPDATE leads SET state = 'accepted'")
    await notifier.expire_waits()
    await notifier.until_idle()
    assert await notifier.states() == [("assigned", "owner", "dan", "suppressed")]
    assert notifier.mailbox.mails == []


async def test_a_notice_answered_while_it_is_being_sent_is_either_sent_or_suppressed(notifier: NotifierHarness) -> None:
    await assign(notifier)
    await notifier.handle(LeadAccepted(owner="dan", epoch=1, by="dan", answered_at=TUESDAY))
    await notifier.until_idle()
    (row,) = await notifier.notices()
    verdicts = len(await notifier.emitted("notice.sent")), len(await notifier.emitted("notice.suppressed"))
    assert verdicts == {"sent": (1, 0), "suppressed": (0, 1)}[row["state"]]


@pytest.mark.parametrize("sender", ["nobody", "Baton <>", "a@b@c"])
def test_an_invalid_sender_address_stops_the_start_with_a_sentence(sender: str) -> None:
    with pytest.raises(CannotStart, match="BATON_SMTP_FROM is unusable"):
        load(Settings, smtp_from=sender)


def test_starttls_may_be_left_empty() -> None:
    assert Settings.model_validate({"smtp_starttls": ""}).smtp_starttls is None
