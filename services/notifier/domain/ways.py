"""By which channels a role is told: the agreed ones that are here, email when none of them is."""

from shared.agreement.model import Channel, ExecutableAgreement

EMAIL = "email"


def ways(agreement: ExecutableAgreement | None, role: str) -> tuple[tuple[Channel, ...], tuple[str, ...]]:
    """(the channels to use, the agreed channels that email stands in for). One that is not here yet is passed over."""
    named = agreement.channels_of(role.removeprefix("former ")) if agreement else (Channel(channel=EMAIL),)
    here = tuple(channel for channel in named if channel.channel == EMAIL or channel.channel.startswith("webhook:"))
    if here:
        return here, ()
    after = min(channel.after for channel in named)
    return (Channel(channel=EMAIL, after=after),), tuple(channel.channel for channel in named)
