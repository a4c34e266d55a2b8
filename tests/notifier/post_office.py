"""A real mail server and a real HTTP receiver on this machine, which keep what they are sent and answer as they are told."""

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
    """What a mail server took, and what it will answer next (`say`: one answer for each DATA, then 250)."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    say: list[str] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    sessions: set[int] = field(default_factory=set)
    refuse: dict[str, str] = field(default_factory=dict)
    """Recipient to the answer that it is refused with."""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        mail = email.message_from_bytes(envelope.content, _class=EmailMessage, policy=default)
        self.tried.append(str(mail["Message-ID"]))
        self.sessions.add(id(session))
        answer = self.say.pop(0) if self.say else "250 taken"
        if answer.startswith("250"):
            self.mails.append(mail)
        return answer


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """A mail server on a free port."""
    box = Mailbox(port=free_ports(1)[0])
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


@dataclass
class Receiver:
    """What an HTTP server was posted, and the statuses that it will answer next (then 200)."""

    url: str = ""
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    say: list[int] = field(default_factory=list)


@contextmanager
def http_receiver() -> Iterator[Receiver]:
    """An HTTP server on a free port."""
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
            status = found.say.pop(0) if found.say else 200
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("location", found.url)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


async def eventually(check: Any, seconds: float = 20.0) -> Any:
    """What `check` answers once it is true; fails when it never is."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        found = check()
        found = await found if asyncio.iscoroutine(found) else found
        if found:
            return found
        assert asyncio.get_running_loop().time() < deadline, "It never came true."
        await asyncio.sleep(0.01)
