"""Payload values are coerced to the types of canonical fields, and to None where they are ambiguous."""

import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.router.sources import coerce

NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (250, 250), ("1,200", 1200), ("1.200", 1200), ("1 200", 1200), (f"1{NBSP}200", 1200), ("1'200", 1200), ("250.0", 250),
        (250.0, 250), ("-3", -3), ("0", 0), ("12,50", None), ("250.5", None), ("50-200", None), ("1000+", None),
        ("many", None), ("", None), (True, None), (None, None), ([1], None), ("١٢", None), ("1_0", None), ("1e3", None),
    ],
)  # fmt: skip
def test_an_integer_is_whole_and_never_a_band(value: Any, expected: int | None) -> None:
    assert coerce.integer(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("77.5", 77.5), ("77,5", 77.5), ("1,200.5", 1200.5), ("1.200,5", 1200.5), ("87", 87), (87.0, 87), ("-4", -4),
        ("nan", None), ("inf", None), ("1e9", None), ("0x1", None), ("A", None), (False, None), ("9" * 300, None),
    ],
)  # fmt: skip
def test_a_number_is_read_with_a_decimal_point_and_a_decimal_comma(value: Any, expected: float | None) -> None:
    number = coerce.number(value)
    assert (number, type(number)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("value", "minimum"),
    [
        ("50-200", 50), ("50 – 200 employees", 50), ("1,000 - 5,000", 1000), ("1000+", 1000), ("10 to 20", 10),
        ("> 500", 500), ("more than 500 people", 500), ("<50", 0), ("up to 10", 0), ("5000 or more", 5000),
    ],
)  # fmt: skip
def test_an_employee_band_is_kept_as_given_and_has_a_minimum(value: str, minimum: int) -> None:
    assert coerce.band(value) == value
    assert coerce.band_minimum(value) == minimum


@pytest.mark.parametrize("value", ["250", "many", "2026-01-01", "-", "", "1-2-3", "+49 30 1234567", "1" * 41 + "-2"])
def test_a_text_that_is_not_a_band_is_none(value: str) -> None:
    assert coerce.band(value) is None
    assert coerce.band_minimum(value) is None


def test_a_hundred_hostile_bands_are_rejected_quickly() -> None:
    started = time.perf_counter()
    for _ in range(100):
        assert coerce.band("1" + " " * 1_900 + "x") is None
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    ("value", "zone", "expected"),
    [
        ("2026-09-21T06:46:39-07:00", None, "2026-09-21T13:46:39Z"),
        ("2026-09-21T13:46:39Z", None, "2026-09-21T13:46:39Z"),
        ("2026-09-21T13:46:39.5Z", None, "2026-09-21T13:46:39.500Z"),
        (1789999999001, None, "2026-09-21T14:13:19.001Z"),
        ("1790000000", None, "2026-09-21T14:13:20Z"),
        ("2026-09-21T13:46:39", None, None),
        ("2026-09-21 13:46:39", "Europe/Berlin", "2026-09-21T11:46:39Z"),
        ("2026-01-21", "Europe/Berlin", "2026-01-20T23:00:00Z"),
        ("0001-01-01T00:00:00+23:00", None, None),
        ("9" * 15, None, None),
        ("yesterday", "Europe/Berlin", None),
        (True, None, None),
        (None, None, None),
    ],
)
def test_a_timestamp_becomes_utc_and_one_without_a_zone_needs_the_configured_zone(
    value: Any, zone: str | None, expected: str | None
) -> None:
    assert coerce.timestamp(value, ZoneInfo(zone) if zone else None) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True), (False, False), ("Yes", True), ("on", True), ("1", True), (1, True), ("no", False), ("OFF", False),
        (0, False), ("", None), ("maybe", None), (None, None), (2, None), ([True], None),
    ],
)  # fmt: skip
def test_a_boolean_is_read_from_the_words_that_forms_use(value: Any, expected: bool | None) -> None:
    assert coerce.boolean(value) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://www.Northwind.example/about?x=1", "northwind.example"), ("northwind.example", "northwind.example"),
        ("//northwind.example", "northwind.example"), ("http://user:secret@northwind.example:8080/", "northwind.example"),
        ("localhost", None), ("n/a", None), ("http://[", None), ("Northwind Energy", None), ("", None), (7, None),
    ],
)  # fmt: skip
def test_a_url_is_reduced_to_its_hostname(value: Any, expected: str | None) -> None:
    assert coerce.hostname(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" Omar.Haddad@Humongous.EXAMPLE ", "Omar.Haddad@humongous.example"),
        ("mailto:ana@x.example", "ana@x.example"),
        ("Ana Silva <ana@X.example>", "ana@x.example"),
        ("<a@x.example> <b@x.example>", "<a@x.example> <b@x.example>"),
        ("<>", None),
        ("mailto:", None),
        ("", None),
        (3, "3"),
    ],
)
def test_an_email_keeps_the_case_of_its_local_part(value: Any, expected: str | None) -> None:
    assert coerce.email(value) == expected


def test_line_breaks_are_kept_in_multiline_text_and_removed_from_text() -> None:
    assert coerce.text(" a\r\n\tb\u2028c\x00d\u202ee ") == "a b cde"
    assert coerce.multiline_text(" a\r\nb\u202ec\n\n ") == "a\nbc"


def test_a_text_list_is_split_at_separators_without_repetitions() -> None:
    assert coerce.text_list("Demo request; Pricing, Demo request") == ("Demo request", "Pricing")
    assert coerce.text_list(["a", None, "", 1, {"x": 1}, "a"]) == ("a", "1")
    assert len(coerce.text_list([str(n) for n in range(1_000)])) == 50
    assert coerce.slug("Demo  Request!") == "demo_request"
