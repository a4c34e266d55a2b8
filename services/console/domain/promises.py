"""Labels of promises on the pages."""

LABELS = {"accept": "accept", "first_touch": "first touch"}


def promise_label(promise: str) -> str:
    """The label of a promise in lower case; a promise without a label is its own."""
    return LABELS.get(promise, promise)
