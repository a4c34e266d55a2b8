"""Hostile agreement files: parsing ends soon, reports line and column, and never raises."""

import random
import time
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from yaml.nodes import MappingNode, Node, SequenceNode

from shared.agreement.conditions.parse import parse_condition as condition
from shared.agreement.language.compile import compile_agreement
from shared.agreement.language.parse import parse_agreement
from shared.agreement.language.render import render_agreement, starter_agreement
from shared.agreement.model import ExecutableAgreement
from shared.agreement.time.duration import parse_duration

HEAD = "agreement: N\nsigned_by: {marketing: m@x.example, sales: s@x.example}\n"
EXAMPLE = (Path(__file__).parent / "example.yaml").read_text(encoding="utf-8")
DEMO = starter_agreement()
BOMB = "a: &a [x, x]\n" + "".join(
    f"{new}: &{new} [*{old}, *{old}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE = {
    "nested without end": ("a: " + "[" * 100_000, "nested more than 30 levels deep", (1, 33)),
    "nested and closed": ("a: " + "[" * 3_000 + "]" * 3_000, "nested more than 30 levels deep", (1, 33)),
    "aliases that multiply": (BOMB, "YAML alias", (2, 8)),
    "an alias of itself": ("a: &a [*a]", "YAML alias", (1, 8)),
    "a million values": (HEAD + "people: {sales: [" + "a, " * 300_000 + "a]}", "more than 20,000", None),
    "longer than a megabyte": (HEAD + "#" * 1_000_001, "longer than 1 MB", (1, 1)),
    "a number without end": (HEAD + "teams: {a: {members: [x], cap: {open: 1e999999999}}}", "whole number", (3, 39)),
    "a number of many digits": (HEAD + "goal: {average_deal: " + "9" * 5_000 + "}", "is not a number", (3, 22)),
    "an exponent": (HEAD + "goal: {average_deal: 1e9}", "is not a number", (3, 22)),
    "half a comma": (HEAD + 'goal: {average_deal: "1,5"}', "is not a number", (3, 22)),
    "a share with a comma": (HEAD + 'goal: {marketing_share: "60,5 %"}', "is not a share", (3, 25)),
    "a null byte": ("agreement: N\nx: \x00", "character here", (2, 4)),
    "half a character": ("agreement: N\n\ud800", "character here", (2, 1)),
    "two documents": (HEAD + "---\n" + HEAD, "another document", (3, 1)),
    "code in a tag": ('agreement: !!python/object/apply:os.system ["true"]', "must be text", (1, 12)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_quickly_with_its_place(name: str) -> None:
    text, message, place = HOSTILE[name]
    began = time.process_time()
    parsed = parse_agreement(text)
    assert time.process_time() - began < 10
    assert parsed.agreement is None
    problem = next(problem for problem in parsed.problems if message in problem.message)
    assert problem.severity == "error"
    if place:
        assert (problem.line, problem.column) == place


@given(st.text(max_size=200))
def test_parsing_an_agreement_never_raises(text: str) -> None:
    assert parse_agreement(text).problems
    parse_agreement(HEAD + text)


SHAPES = (
    *('""', "[]", "{}", "~", "[[]]", "[{}]", "0", "0 %", "1", "-1", "known", "{any: []}", "{any: {}}", "{country: []}"),
    *(
        "{a: b}",
        "[a, [b]]",
        '"not "',
        "0 minutes",
        "from goal",
        "5 days",
        "[~]",
        "{none: [{country: DE}]}",
        "5000 weeks",
    ),
    *('"="', "!!binary x", "2026-13-01", '"matches ("', "hot", "owner", "{within: 1 day}", "{before: next delivery}"),
)


def _spans(node: Node | None) -> list[tuple[int, int]]:
    """Where every value is written."""
    if isinstance(node, MappingNode):
        inner = [value for _, value in node.value]
    else:
        inner = list(node.value) if isinstance(node, SequenceNode) else []
    own = [(value.start_mark.index, value.end_mark.index) for value in inner]
    return own + [span for value in inner for span in _spans(value)]


PLACES = [
    (text, span)
    for text in (DEMO, DEMO, EXAMPLE)
    for span in _spans(yaml.compose(text, Loader=yaml.SafeLoader))
    if "\n" not in text[slice(*span)]
]


@settings(max_examples=100, deadline=timedelta(seconds=10))
@given(st.integers(0, 10**9))
def test_a_file_without_an_error_is_compiled_printed_and_evaluated_without_one(seed: int) -> None:
    chance = random.Random(seed)
    text, (begin, end) = chance.choice(PLACES)
    parsed = parse_agreement(text[:begin] + chance.choice(SHAPES) + text[end:])
    if parsed.agreement is None:
        assert any(problem.severity == "error" for problem in parsed.problems)
        return
    executable = compile_agreement(parsed.agreement, from_year=2026, years=1)
    assert ExecutableAgreement.model_validate(executable.model_dump(mode="json")) == executable
    for row in (*executable.refuse, *executable.fit, *executable.tiers, *executable.routing):
        condition(row.when).evaluate({}, {})
    condition(executable.sales_ready or {})
    condition(executable.needs.of if executable.needs else {})
    condition({grade.grade: grade.test for grade in executable.grades})
    for promise in executable.promises.values():
        assert promise.targets
        assert all(parse_duration(target.within).rest is not None for target in promise.targets.values())
    assert render_agreement(parsed.agreement, version=1, hash="sha256:0", signatures=[])
