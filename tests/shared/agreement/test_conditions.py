"""Conditions keep their meaning, and never raise whatever facts a lead has."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.agreement.conditions.evaluate import ConditionResult
from shared.agreement.conditions.parse import parse_condition
from shared.agreement.conditions.tests import validate_test, value_passes

LISTS = {"partners": frozenset(("acme", "globex")), "empty": frozenset[str]()}

PASSES: list[tuple[Any, Any]] = [
    ("DE", "de"),
    ("Straße", "STRASSE"),
    ("NO", "NO"),
    (["DE", "AT"], "at"),
    ("01234", "01234"),
    ("200", 200),
    ("200", Decimal("200.0")),
    (">= 10", 10),
    ("> 0.3", Decimal("0.30000000000000001")),
    (">= 1_000", "1,200"),
    ("< 10", "9.99"),
    ("<= 70 %", "70"),
    ("= 5", 5),
    ("10 .. 50", 10),
    ("10 .. 50", 50),
    ("contains soft", "Northwind SOFTware"),
    ("starts with vp", "VP Sales"),
    ("ends with .example", "northwind.Example"),
    ("matches (VP|Chief)", "the vp of sales"),
    ("matches ^a.c$", "ABC"),
    ("in list:partners", "ACME"),
    ("not in list:partners", "umbrella"),
    ("known", "x"),
    ("known", 0),
    ("known", False),
    ("unknown", None),
    ("unknown", ""),
    ("unknown", []),
    ("unknown", [None, ""]),
    ("not DE", None),
    ("not known", None),
    ("not not DE", "DE"),
    ("true", True),
    (True, True),
    (True, "true"),
    ("false", False),
    ("demo_request", ["pricing_page", "demo_request"]),
    (["demo_request", "contact_sales"], ("contact_sales",)),
    (">= 10", [1, 12]),
]

FAILS: list[tuple[Any, Any]] = [
    ("DE", "DEX"),
    ("DE", None),
    (["DE", "AT"], None),
    ("01234", "1234"),
    ("01234", "668"),
    ("NO", False),
    ("1", True),
    ("> 10", 10),
    (">= 10", None),
    (">= 10", "many"),
    (">= 10", True),
    ("> 0.3", Decimal("0.3")),
    ("10 .. 50", 51),
    ("10 .. 50", "a few"),
    ("contains soft", None),
    ("matches ^a.c$", "abbc"),
    ("in list:partners", "umbrella"),
    ("in list:missing", "acme"),
    ("known", None),
    ("known", []),
    ("unknown", "x"),
    ("not DE", "DE"),
    ("not demo_request", ["pricing_page", "demo_request"]),
    ("true", False),
]


@pytest.mark.parametrize(("expected", "actual"), PASSES)
def test_a_value_that_meets_a_test_passes(expected: Any, actual: Any) -> None:
    assert value_passes(expected, actual, LISTS)


@pytest.mark.parametrize(("expected", "actual"), FAILS)
def test_a_value_that_does_not_meet_a_test_fails(expected: Any, actual: Any) -> None:
    assert not value_passes(expected, actual, LISTS)


@pytest.mark.parametrize(
    "bad",
    [
        {"a": {"b": "c"}},
        {"a": None},
        {"a": []},
        {"a": [["x"]]},
        {"a": ">= ten"},
        {"a": "matches ("},
        {"a": "matches (?=x)"},
        {"a": "in partners"},
        {"a": "in list:"},
        {"a": "not "},
        {"a": "not matches ("},
        {"any": "DE"},
        {"any": []},
        {"none": {}},
        {"any": [["DE"]]},
        {"a": "x" * 6_000},
        [],
        "country: DE",
    ],
)
def test_a_condition_that_cannot_be_understood_is_refused_in_one_sentence(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]{10,6100}\.$"):
        parse_condition(bad)


def test_a_condition_nested_without_end_is_refused() -> None:
    nested: dict[str, Any] = {"country": "DE"}
    for _ in range(5_000):
        nested = {"any": [nested]}
    with pytest.raises(ValueError, match="nested"):
        parse_condition(nested)


def test_every_leaf_of_a_condition_is_reported_even_after_the_first_failure() -> None:
    condition = parse_condition(
        {"country": ["DE", "AT"], "employees": ">= 1000", "any": [{"title": "contains vp"}, {"mql": "true"}]}
    )
    result = condition.evaluate({"country": "US", "title": "VP Sales"}, {})
    assert not result.passed
    assert [(leaf.field, leaf.actual, leaf.passed) for leaf in result.leaves] == [
        ("country", "US", False),
        ("employees", None, False),
        ("title", "VP Sales", True),
        ("mql", None, False),
    ]
    assert result.leaves[0].explain() == "country is US, wanted DE, AT"
    assert result.leaves[1].explain() == "employees is unknown, wanted >= 1000"


def test_a_number_too_long_for_text_is_compared_without_an_error() -> None:
    result = parse_condition({"employees": ["200", ">= 10", "contains 1", "known"]}).evaluate(
        {"employees": 10**6_000}, {}
    )
    assert result.passed
    assert result.leaves[0].actual == "a very large number"
    assert not value_passes(">= 10", 10**6_000, {})


FIELDS = ["country", "employees", "signals.honeypot", "activity"]
WORDS = st.sampled_from(
    [
        "DE",
        "known",
        "unknown",
        ">= 10",
        "< 3",
        "10 .. 50",
        "contains e",
        "starts with d",
        "ends with E",
        "matches d.*",
        "in list:partners",
    ]
)
TESTS: st.SearchStrategy[Any] = st.one_of(
    WORDS, WORDS.map("not {}".format), st.lists(WORDS, min_size=1, max_size=3), st.booleans(), st.integers()
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.decimals(),
        st.text(st.characters()),
        st.sampled_from(["DE", "acme", "12", "1,200", "\ud800"]),
    ),
    lambda one: st.one_of(st.lists(one, max_size=3), st.dictionaries(st.text(max_size=3), one, max_size=2)),
    max_leaves=4,
)
FACTS = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4)
CONDITIONS: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.dictionaries(st.sampled_from(FIELDS), TESTS, max_size=3),
    lambda one: st.dictionaries(
        st.sampled_from(["any", "all", "none"]), st.lists(one, min_size=1, max_size=3), min_size=1
    ),
    max_leaves=5,
)


@given(CONDITIONS, FACTS)
def test_evaluating_a_condition_never_raises_and_names_every_leaf(when: dict[str, Any], facts: dict[str, Any]) -> None:
    result = parse_condition(when).evaluate(facts, LISTS)
    assert isinstance(result, ConditionResult)
    assert len(result.leaves) == _tests(when)
    assert all(leaf.explain() for leaf in result.leaves)


def _tests(when: dict[str, Any]) -> int:
    return sum(sum(map(_tests, test)) if field in ("any", "all", "none") else 1 for field, test in when.items())


@given(st.one_of(WORDS, st.text(max_size=20)), VALUES)
def test_a_negated_test_is_the_complement(expected: str, actual: Any) -> None:
    try:
        validate_test(expected)
    except ValueError:
        return
    assert value_passes(f"not {expected}", actual, LISTS) is not value_passes(expected, actual, LISTS)


@given(st.lists(CONDITIONS, min_size=1, max_size=4), FACTS)
def test_combined_conditions_agree_with_their_parts(parts: list[dict[str, Any]], facts: dict[str, Any]) -> None:
    each = [parse_condition(part).evaluate(facts, LISTS).passed for part in parts]
    assert parse_condition({"any": parts}).evaluate(facts, LISTS).passed is any(each)
    assert parse_condition({"all": parts}).evaluate(facts, LISTS).passed is all(each)
    assert parse_condition({"none": parts}).evaluate(facts, LISTS).passed is not any(each)


@given(st.dictionaries(st.sampled_from(FIELDS), TESTS, min_size=1), FACTS)
def test_a_condition_holds_when_all_of_its_tests_pass(when: dict[str, Any], facts: dict[str, Any]) -> None:
    each = [value_passes(expected, facts.get(field), LISTS) for field, expected in when.items()]
    assert parse_condition(when).evaluate(facts, LISTS).passed is all(each)


@given(st.lists(TESTS.filter(lambda test: not isinstance(test, list)), min_size=1, max_size=4), VALUES)
def test_a_list_in_a_test_passes_when_any_of_its_values_does(expected: list[Any], actual: Any) -> None:
    assert value_passes(expected, actual, LISTS) is any(value_passes(one, actual, LISTS) for one in expected)


@given(st.lists(VALUES.filter(lambda one: not isinstance(one, list)), min_size=2, max_size=4), WORDS)
def test_a_list_of_a_lead_passes_when_any_of_its_items_does(actual: list[Any], expected: str) -> None:
    each = [value_passes(expected, one, LISTS) for one in actual]
    assert value_passes(expected, actual, LISTS) is (all(each) if expected == "unknown" else any(each))
