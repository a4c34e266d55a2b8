"""The post: hands a composed notice to its channel."""

from services.notifier.channels.email import Email
from services.notifier.channels.outcome import Outcome
from services.notifier.channels.webhook import Webhook
from services.notifier.domain.message import Composed
from services.notifier.settings import Settings
from shared.access.cache import Access
from shared.base.clock import Clock


class Post:
    """All channels of a process."""

    def __init__(self, settings: Settings) -> None:
        self._email = Email(settings)
        self._webhook = Webhook()

    async def send(self, item: Composed, access: Access, clock: Clock) -> Outcome:
        """Send one notice."""
        kind, _, name = item.notice.channel.partition(":")
        if kind == "webhook":
            target = access.destination(name)
            if target is None:
                why = f"there is no target {name}; make it with `baton targets create {name} URL`"
                return Outcome(False, why)
            return await self._webhook.send(target, item, clock.local().wall)
        if not item.address:
            return Outcome(False, "the person has no address in the roster", final=True)
        return await self._email.send(item)

    async def rest(self) -> None:
        """Nothing is to be sent now."""
        await self._email.rest()

    async def close(self) -> None:
        """Give connections back."""
        await self._email.rest()
        await self._webhook.close()
