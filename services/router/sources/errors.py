"""The one error of reading a body."""


class UnreadableBody(ValueError):
    """A body, or one element of it, that holds no lead we can read. `reason` is one sentence without its values."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
