"""What a channel answered."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether it was taken; `final` means that trying again is pointless. `why` holds no personal data."""

    sent: bool
    why: str = ""
    final: bool = False
