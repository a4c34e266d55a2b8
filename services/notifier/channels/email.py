"""Email over SMTP: one recipient per mail, the same Message-ID at every attempt, connections reused while mails wait."""

import asyncio
from dataclasses import dataclass
from email.message import EmailMessage

import aiosmtplib

from services.notifier.channels.mime import UnsendableMail, mime_message
from services.notifier.domain.message import OutgoingMessage, SendResult
from shared.base import failpoints

MAX_CONNECTIONS = 6
TIMEOUT = 10.0
"""Seconds for one SMTP command."""
DELIVERY_TIMEOUT = 20.0
"""Seconds for one mail."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """The mail server and the sender of all mails. `start_tls` None means: use STARTTLS when the server offers it."""

    host: str
    port: int = 25
    username: str = ""
    password: str = ""
    start_tls: bool | None = None
    use_tls: bool = False
    sender: str = "Baton <baton@localhost>"


class Email:
    """One SMTP server, with its idle connections."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._idle: list[aiosmtplib.SMTP] = []
        self._slots = asyncio.Semaphore(MAX_CONNECTIONS)

    async def send(self, outgoing: OutgoingMessage) -> SendResult:
        """Send one mail; only a permanent refusal is final."""
        if not self._server.host:
            return SendResult(False, "BATON_SMTP_HOST is not set")
        try:
            message = mime_message(outgoing, self._server.sender)
        except UnsendableMail as error:
            return SendResult(False, str(error), final=True)
        async with self._slots:
            try:
                await asyncio.wait_for(self._deliver(message), DELIVERY_TIMEOUT)
            except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
                return failure_result(error)
        return SendResult(True)

    async def _deliver(self, message: EmailMessage) -> None:
        reused = bool(self._idle)
        client = self._idle.pop() if reused else await self._connect()
        try:
            await self._send_on(client, message)
        except aiosmtplib.SMTPServerDisconnected:
            if not reused:
                raise
            # The server closed the idle connection before this mail, so a new connection may succeed.
            await self._send_on(await self._connect(), message)

    async def _send_on(self, client: aiosmtplib.SMTP, message: EmailMessage) -> None:
        reusable = False
        try:
            failpoints.hit("before_data")
            await client.send_message(message)
            reusable = True
        except (aiosmtplib.SMTPResponseException, aiosmtplib.SMTPRecipientsRefused):
            reusable = True
            raise
        finally:
            if reusable and client.is_connected:
                self._idle.append(client)
            else:
                client.close()

    async def _connect(self) -> aiosmtplib.SMTP:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username or None,
            password=server.password or None,
            start_tls=server.start_tls,
            use_tls=server.use_tls,
            timeout=TIMEOUT,
        )
        await client.connect()
        return client

    async def close_idle(self) -> None:
        """Close idle connections."""
        idle, self._idle = self._idle, []
        for client in idle:
            try:
                await asyncio.wait_for(client.quit(), TIMEOUT)
            except Exception:  # Drop a connection on which QUIT fails.
                client.close()


def failure_result(error: Exception) -> SendResult:
    """The result of an SMTP failure, final only when the server refuses the address or the mail with a 5xx code."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        codes = sorted({refused.code for refused in error.recipients})
        listed = ", ".join(map(str, codes))
        final = all(code >= 500 for code in codes)
        return SendResult(False, f"the mail server refused the address ({listed})", final=final)
    if isinstance(error, aiosmtplib.SMTPDataError):
        return SendResult(False, f"the mail server refused the mail ({error.code})", final=error.code >= 500)
    if isinstance(error, aiosmtplib.SMTPNotSupported):
        return SendResult(False, "the mail server does not support this address or this way to sign in")
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return SendResult(False, f"the mail server answered {error.code}")
    return SendResult(False, f"the mail server cannot be reached ({type(error).__name__})")
