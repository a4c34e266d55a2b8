"""Assigned, mailed, opened, answered: the whole way of one notice."""

import asyncio
from datetime import timedelta
from pathlib import Path

from shared.events import LeadAccepted
from tests.notifier.house import assigned, clock, house, html_of, link_of, text_of
from tests.notifier.post_office import eventually, mail_server
from tests.rooms import TUESDAY


async def test_an_assigned_lead_is_mailed_and_the_link_accepts_it(tmp_path: Path) -> None:
    with mail_server() as box:
        async with house(tmp_path, box) as here:
            await here.furnish()
            await here.hear(assigned())
            await here.hear(clock(TUESDAY + timedelta(minutes=15)))
            await eventually(lambda: box.mails)
            (mail,) = box.mails
            text = text_of(mail)
            assert "Ada Byron, Analytical Engines is yours." in text
            assert "16:15 (15 minutes from now)" in text
            assert "everyone else" in text
            assert "Ada Byron" in html_of(mail)
            (sent,) = await eventually(lambda: here.said("notice.sent"))
            assert sent.data.message_id == mail["Message-ID"]
            path = link_of(mail)
            page = await here.web.get(path)
            assert page.status_code == 200
            assert "Ada Byron" in page.text
            assert await here.said("action.taken") == []
            pressed = asyncio.create_task(here.web.post(path, data={"action": "accept"}))
            (taken,) = await eventually(lambda: here.said("action.taken"))
            assert taken.data.by == "dan"
            await here.hear(
                LeadAccepted(owner="dan", epoch=1, by="dan", answered_at=taken.data.answered_at, action=taken.id)
            )
            shown = await pressed
            assert "Done: you have accepted Ada Byron" in shown.text
