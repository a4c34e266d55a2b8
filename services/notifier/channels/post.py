"""The post: hands a composed notice to its channel."""

from services.notifier.channels.email import Email
from services.notifier.channels.outcome import Outcome
from services.notifier.channels.webhook import Webhook
from services.notifier.domain.wording import Composed
from services.notifier.settings import Settings
from shared.access import Access


class Post:
    """All channels of a process."""

    def __init__(self, settings: Settings) -> None:
        self._email = Email(settings)
        self._webhook = Webhook()

    async def send(self, item: Composed, access: Access) -> Outcome:
        """Send one notice."""
        channel = item.notice["channel"]
        if channel.startswith("webhook:"):
            name = channel.removeprefix("webhook:")
            target = access.target(name)
            if target is None:
                return Outcome(
                    False, f"there is no target {name}; make it with `baton targets create {name} URL`", final=True
                )
            return await self._webhook.send(target, item.notice["id"], item.payload)
        if not item.address:
            return Outcome(False, "the person has no address in the roster", final=True)
        return await self._email.send(item)

    async def close(self) -> None:
        """Give connections back."""
        await self._webhook.close()
