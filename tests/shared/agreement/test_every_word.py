"""Each key and each fixed word of the whole example, misspelt in turn, is an error with its line and column."""

from pathlib import Path

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from shared.agreement.parse import parse

EXAMPLE = (Path(__file__).parent / "example.yaml").read_text(encoding="utf-8")
FREE_VALUES = {
    "a name or a sentence of the two sides": (
        *("agreement", "means", "reason", "why", "rule", "track", "campaign", "title", "items", "ours", "theirs"),
        *("disqualify", "people", "skills", "amount", "close_date", "probability"),
    ),
    "a value that a condition compares with": (
        "activity",
        "asset",
        "timeframe",
        "need",
        "budget",
        "utm.source",
        "domain",
        "email",
    ),
    "names that this very place defines": ("tier",),
    "the values of a web address or an address": (
        "content",
        "intro_call",
        "intro_mail",
        "signed_by",
        "marketing",
        "sales",
    ),
    "somebody of the roster, which a file alone does not know": ("rep", "manager", "members", "recycled_as", "state"),
    "a name of a list": ("country", "employees", "score", "email_kind", "plan"),
}
FREE = {name for names in FREE_VALUES.values() for name in names}
DEFINED = {"teams", "calendars", "content", "stage", "reads"}
"""Mappings whose keys are names that the two sides choose."""


def _places(node: Node, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], ScalarNode, bool]]:
    """(path, scalar, whether it is a key) of everything that is written."""
    found: list[tuple[tuple[str, ...], ScalarNode, bool]] = []
    if isinstance(node, MappingNode):
        for key, value in node.value:
            found.append(((*path, key.value), key, True))
            found += _places(value, (*path, key.value))
    elif isinstance(node, SequenceNode):
        for item in node.value:
            found += _places(item, path)
    elif isinstance(node, ScalarNode):
        found.append((path, node, False))
    return found


def _misspelt(scalar: ScalarNode) -> str:
    end = scalar.end_mark.index - (1 if scalar.style else 0)
    return EXAMPLE[:end] + "x" + EXAMPLE[end:]


NAMES_INSIDE = ("recycle as ", "webhook:", "rep:", "table:")
"""Words that end with a name of somebody's choice: a reason, a target, a person, a table's column."""


def _chosen_by_people(path: tuple[str, ...], text: str, is_key: bool) -> bool:
    if is_key:
        return len(path) >= 2 and (path[-2] in DEFINED or path[-1].startswith("signals."))
    return path[-1] in FREE or path[0] == "people" or text.startswith(NAMES_INSIDE)


def test_the_whole_example_is_read_without_an_error() -> None:
    parsed = parse(EXAMPLE)
    assert [problem for problem in parsed.problems if problem.severity == "error"] == []
    assert all(problem.message.startswith("not yet executed: ") for problem in parsed.problems)


def test_every_key_and_every_fixed_word_misspelt_is_an_error_where_it_stands() -> None:
    node = yaml.compose(EXAMPLE, Loader=yaml.SafeLoader)
    assert node is not None
    tried, silent, elsewhere = 0, [], []
    for path, scalar, is_key in _places(node):
        if _chosen_by_people(path, scalar.value, is_key):
            continue
        tried += 1
        errors = [problem for problem in parse(_misspelt(scalar)).problems if problem.severity == "error"]
        place = (scalar.start_mark.line + 1, scalar.start_mark.column + 1)
        if not errors:
            silent.append((path, scalar.value, place))
        elif place not in [(problem.line, problem.column) for problem in errors]:
            elsewhere.append((path, scalar.value, place, errors[0]))
    print(f"{tried} keys and words were misspelt")
    assert silent == []
    assert elsewhere == []
    assert tried > 400
