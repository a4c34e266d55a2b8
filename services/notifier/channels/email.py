"""Email over SMTP: one recipient each, the same Message-ID at every try, a connection for as many mails as there are."""

import asyncio
from email.message import EmailMessage

import aiosmtplib

from services.notifier.channels.mail import Unusable, mail
from services.notifier.channels.outcome import Outcome
from services.notifier.domain.message import Composed
from services.notifier.settings import Settings
from shared.base import failpoints

CONNECTIONS = 6
TIMEOUT = 10.0
EXCHANGE = 20.0


class Email:
    """One SMTP server; connections are kept while there is something to send."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._idle: list[aiosmtplib.SMTP] = []
        self._slots = asyncio.Semaphore(CONNECTIONS)

    async def send(self, item: Composed) -> Outcome:
        """Send one mail; a refusal for good is final, anything else is tried again."""
        if not self._settings.smtp_host:
            return Outcome(False, "BATON_SMTP_HOST is not set")
        try:
            composed = mail(item, self._settings.smtp_from)
        except Unusable as error:
            return Outcome(False, str(error), final=True)
        async with self._slots:
            try:
                await asyncio.wait_for(self._exchange(composed), EXCHANGE)
            except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
                return refusal(error)
        return Outcome(True)

    async def _exchange(self, composed: EmailMessage) -> None:
        kept = bool(self._idle)
        client = self._idle.pop() if kept else await self._connect()
        try:
            await self._one(client, composed)
        except aiosmtplib.SMTPServerDisconnected:
            if not kept:
                raise
            # A kept connection that the server has closed meanwhile says nothing about this mail.
            await self._one(await self._connect(), composed)

    async def _one(self, client: aiosmtplib.SMTP, composed: EmailMessage) -> None:
        done = False
        try:
            failpoints.hit("before_data")
            await client.send_message(composed)
            done = True
        except aiosmtplib.SMTPResponseException:
            done = True
            raise
        except aiosmtplib.SMTPRecipientsRefused:
            done = True
            raise
        finally:
            if done and client.is_connected:
                self._idle.append(client)
            else:
                client.close()

    async def _connect(self) -> aiosmtplib.SMTP:
        own = self._settings
        client = aiosmtplib.SMTP(
            hostname=own.smtp_host,
            port=own.smtp_port,
            username=own.smtp_username or None,
            password=own.smtp_password or None,
            start_tls=own.smtp_starttls,
            use_tls=own.smtp_tls,
            timeout=TIMEOUT,
        )
        await client.connect()
        return client

    async def rest(self) -> None:
        """Say goodbye on connections that nobody needs now."""
        idle, self._idle = self._idle, []
        for client in idle:
            try:
                await asyncio.wait_for(client.quit(), TIMEOUT)
            except Exception:  # Whatever it is, a connection that nobody needs is no reason to stop.
                client.close()


def refusal(error: Exception) -> Outcome:
    """What a failure means: only a refusal of the address or of the mail itself is for good."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        codes = sorted({one.code for one in error.recipients})
        said = ", ".join(map(str, codes))
        return Outcome(False, f"the mail server refused the address ({said})", final=all(code >= 500 for code in codes))
    if isinstance(error, aiosmtplib.SMTPDataError):
        return Outcome(False, f"the mail server refused the mail ({error.code})", final=error.code >= 500)
    if isinstance(error, aiosmtplib.SMTPNotSupported):
        return Outcome(False, "the mail server cannot take this address or this way to sign in")
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return Outcome(False, f"the mail server answered {error.code}")
    return Outcome(False, f"the mail server cannot be reached ({type(error).__name__})")
