"""Errors of webhook requests: the signature does not hold, or the body cannot be read."""


class SignatureError(Exception):
    """The request is not proved to be authentic; the message is a reason code, explained in `verify.REASONS`."""


class UnreadableBody(ValueError):
    """A body that holds no lead we can read. `reason` is one sentence and repeats nothing of the body."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
