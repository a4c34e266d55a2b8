"""Words for the promises of sales on a lead, shared by mails, pages and timelines."""

PROMISE_LABELS = {"accept": "accept", "first_touch": "first touch"}
PROMISE_TASKS = {"accept": "accept or decline", "first_touch": "reach them"}
PROMISE_NOUNS = {"accept": "accept or decline", "first_touch": "the first touch"}


def promise_label(promise: str) -> str:
    """The promise as a label; a promise without a label is shown by its name."""
    return PROMISE_LABELS.get(promise, promise.replace("_", " "))


def promise_task(promise: str) -> str:
    """The owner's task, to follow "12 min left to": "reach them"."""
    return PROMISE_TASKS.get(promise, promise.replace("_", " "))


def promise_noun(promise: str) -> str:
    """The promise as a noun, for sentences such as "was due for the first touch"."""
    return PROMISE_NOUNS.get(promise, promise.replace("_", " "))
