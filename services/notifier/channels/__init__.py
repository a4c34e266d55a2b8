"""Channels: one file for each way to reach people and systems, and the dispatcher that picks one for a notice."""

from services.notifier.channels.email import Email, SmtpServer
from services.notifier.channels.webhook import Webhook
from services.notifier.domain.message import OutgoingMessage, SendResult
from shared.access.cache import Access
from shared.base.clock import Clock


class Channels:
    """All channels of a process."""

    def __init__(self, smtp: SmtpServer) -> None:
        self._email = Email(smtp)
        self._webhook = Webhook()

    async def send(self, outgoing: OutgoingMessage, access: Access, clock: Clock) -> SendResult:
        """Send one notice by its channel."""
        kind, _, name = outgoing.notice.channel.partition(":")
        if kind == "webhook":
            destination = access.destination(name)
            if destination is None:
                reason = f"there is no destination {name}; create it with `baton destinations create {name} URL`"
                return SendResult(False, reason)
            return await self._webhook.send(destination, outgoing, clock.local().wall)
        if not outgoing.address:
            return SendResult(False, "the person has no address in the roster", final=True)
        return await self._email.send(outgoing)

    async def close_idle(self) -> None:
        """Close idle connections."""
        await self._email.close_idle()

    async def close(self) -> None:
        """Close all connections."""
        await self._email.close_idle()
        await self._webhook.close()
