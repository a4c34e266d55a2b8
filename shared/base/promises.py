"""What sales promises on a lead, in words for people: one place for mails, pages and timelines."""

PROMISE_LABELS = {"accept": "accept", "first_touch": "first touch"}
PROMISE_TASKS = {"accept": "accept or decline", "first_touch": "reach them"}
PROMISE_NOUNS = {"accept": "accept or decline", "first_touch": "the first touch"}


def promise_label(promise: str) -> str:
    """The promise as a label; one without a label by its name."""
    return PROMISE_LABELS.get(promise, promise.replace("_", " "))


def promise_task(promise: str) -> str:
    """What the owner has to do, after "12 min left to": reach them."""
    return PROMISE_TASKS.get(promise, promise.replace("_", " "))


def promise_noun(promise: str) -> str:
    """The promise inside a sentence: "was due for the first touch"."""
    return PROMISE_NOUNS.get(promise, promise.replace("_", " "))
