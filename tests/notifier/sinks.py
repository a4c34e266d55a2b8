"""A real mail server and a real HTTP receiver on this machine, which keep what they get and answer as a test wants."""

import asyncio
import email
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

from tests.parts.ports import free_ports


@dataclass
class Mailbox:
    """The mails that a mail server took, and its next answers (`replies`: one for each DATA, then 250)."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    attempted_ids: list[str] = field(default_factory=list)
    sessions: set[int] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    """Recipients to refuse, each with the answer."""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        mail = email.message_from_bytes(envelope.content, _class=EmailMessage, policy=default)
        self.attempted_ids.append(str(mail["Message-ID"]))
        self.sessions.add(id(session))
        answer = self.replies.pop(0) if self.replies else "250 taken"
        if answer.startswith("250"):
            self.mails.append(mail)
        return answer


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """A mail server on a free port."""
    mailbox = Mailbox(port=free_ports(1)[0])
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


@dataclass
class Receiver:
    """The requests that an HTTP server got, and its next `statuses` (then 200)."""

    url: str = ""
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)


@contextmanager
def http_receiver() -> Iterator[Receiver]:
    """An HTTP server on a free port."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
            status = receiver.statuses.pop(0) if receiver.statuses else 200
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("location", receiver.url)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


async def eventually(check: Any, seconds: float = 20.0) -> Any:
    """Return the first true result of `check`; fail after `seconds` without one."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        result = check()
        result = await result if asyncio.iscoroutine(result) else result
        if result:
            return result
        assert asyncio.get_running_loop().time() < deadline, "The condition never became true."
        await asyncio.sleep(0.01)
