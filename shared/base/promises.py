"""What sales promises on a lead, in words for people."""

PROMISE_LABELS = {"accept": "accept", "first_touch": "first touch"}


def promise_label(promise: str) -> str:
    """The promise as people read it; one without a label by its name."""
    return PROMISE_LABELS.get(promise, promise.replace("_", " "))
