"""The mail server of the demo: receives notices over SMTP and shows the mails in the browser."""

import asyncio
import html
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP
from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from shared.base.errors import NotFound

ACTION_LINK = re.compile(r"https?://\S+/a/[^\s?]+")


@dataclass(frozen=True, slots=True)
class Mail:
    """One delivered mail."""

    number: int
    to: str
    subject: str
    text: str
    html: str

    @property
    def action_link(self) -> str | None:
        """The URL of the action link in the mail, or None."""
        match = ACTION_LINK.search(self.text)
        return match.group(0) if match else None


class Mailbox:
    """All delivered mails, and the queues of the subscribers to new mails."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self._queues: list[asyncio.Queue[Mail]] = []
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """Listen on a free port of this machine; returns the port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    def stop(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.close()

    def subscribe(self) -> "asyncio.Queue[Mail]":
        """A queue that receives every mail from now on."""
        queue: asyncio.Queue[Mail] = asyncio.Queue()
        self._queues.append(queue)
        return queue

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Accept one mail."""
        self._deliver(envelope.rcpt_tos[0], envelope.content)
        return "250 accepted"

    def _deliver(self, to: str, content: bytes) -> None:
        parsed = message_from_bytes(content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        text, page = parsed.get_body(("plain",)), parsed.get_body(("html",))
        mail = Mail(
            len(self.mails),
            to,
            str(parsed["subject"]),
            text.get_content() if text else "",
            page.get_content() if page else "",
        )
        self.mails.append(mail)
        for queue in self._queues:
            queue.put_nowait(mail)


def mail_routes(mailbox: Mailbox) -> APIRouter:
    """Routes of the pages that show the mails."""
    router = APIRouter()

    @router.get("/demo/mail", include_in_schema=False)
    async def listed() -> Response:
        rows = "".join(
            f'<tr><td>{html.escape(mail.to)}</td><td><a href="/demo/mail/{mail.number}">{html.escape(mail.subject)}</a></td></tr>'
            for mail in reversed(mailbox.mails)
        )
        return HTMLResponse(_page(f"<h1>{len(mailbox.mails)} mails</h1><table>{rows}</table>"))

    @router.get("/demo/mail/{number}", include_in_schema=False)
    async def shown(number: int) -> Response:
        if not 0 <= number < len(mailbox.mails):
            raise NotFound(f"There is no mail {number}.")
        return HTMLResponse(mailbox.mails[number].html)

    return router


def _page(body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Mail - the demo</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="/static/web/baton.css"></head>'
        f'<body class="link"><main><div class="card">{body}</div></main></body></html>'
    )
