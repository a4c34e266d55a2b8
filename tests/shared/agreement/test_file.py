"""The file as people write it: what is wrong is said where it is wrong, and what is right is executed."""

from datetime import date
from pathlib import Path

import pytest

from shared.agreement.language.compile import compile_agreement
from shared.agreement.language.parse import parse_agreement
from shared.agreement.language.render import render_agreement, starter_agreement, summary_sentences
from shared.agreement.language.signing import agreement_hash

START = starter_agreement()
EXAMPLE = (Path(__file__).parent / "example.yaml").read_text(encoding="utf-8")


def errors(text: str) -> list[tuple[int, int, str]]:
    return [(p.line, p.column, p.message) for p in parse_agreement(text).problems if p.severity == "error"]


def test_the_one_page_start_is_executed_as_it_stands() -> None:
    assert parse_agreement(START).problems == ()


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ("calendar: hq", "calendar: hqq", "There is no calendar 'hqq'; did you mean 'hq'?"),
        ("to: inbound", "to: inbond", "There is no team 'inbond'; did you mean 'inbound'?"),
        ("timezone: America/New_York\nsigned", "timezone: America/NewYork\nsigned", "is not a known time zone"),
        (
            "within: 15 minutes",
            "within: 15 minuets",
            "'15 minuets' is not a time such as 15 minutes, 4 hours or 2 days.",
        ),
        ("warn: 75 %", "warn: 75", "'75' is not a share such as 60 %."),
        ("except: [hot]", "except: [hott]", "There is no tier 'hott'; did you mean 'hot'?"),
        ("mon-fri: 09:00-17:30", "mon-fri: 9-17", "is not a window of hours"),
        ("holidays: US", "holidays: NOO", "'NOO' is not a country whose holidays are known"),
        ("owner: [email]", "owner: [e-mail]", "'e-mail' is not a channel; did you mean 'email'?"),
    ],
)
def test_a_mistake_is_named_with_what_was_meant(wrong: str, right: str, said: str) -> None:
    found = errors(START.replace(wrong, right))
    assert any(said in message for _, _, message in found), found
    line = START.replace(wrong, right).splitlines()[found[0][0] - 1]
    assert line[found[0][1] - 1 :]


def test_a_key_that_is_written_twice_is_an_error() -> None:
    assert errors(START + "\nunrouted: {alert: ops}\n")[0][2] == "'unrouted' is written twice; keep one of them."


def test_norway_and_ten_o_clock_are_read_as_they_are_written() -> None:
    text = START.replace("when: {email_kind: disposable}", "when: {country: [NO, SE]}").replace(
        "holidays: US", "holidays: NO"
    )
    parsed = parse_agreement(text)
    assert parsed.agreement is not None
    compiled = compile_agreement(parsed.agreement, from_year=2026)
    assert compiled.refuse[1].when == {"country": ["NO", "SE"]}
    assert compiled.calendars["hq"].holidays == "NO"
    assert date(2026, 5, 17) in compiled.holidays["hq"]


def test_a_rule_that_nothing_reaches_is_an_error() -> None:
    text = START.replace(
        "  - {rule: everyone, to: inbound}", "  - {rule: everyone, to: inbound}\n  - {rule: more, to: inbound}"
    )
    assert "Nothing reaches this rule: 'everyone'" in errors(text)[0][2]


def test_people_are_checked_against_the_roster_when_there_is_one() -> None:
    found = [p.message for p in parse_agreement(START, roster_ids=("omar", "dan")).problems if p.severity == "error"]
    assert found == ["'eve' is not in the roster."]


def test_a_budget_that_cannot_hold_is_warned_of() -> None:
    text = EXAMPLE.replace("budget: 90_000", "budget: 70_000")
    assert any(
        "The plan costs 79,800, which is over the budget of 70,000." in p.message
        for p in parse_agreement(text).problems
    )


@pytest.mark.parametrize("text", ["", "[]", "a: b: c", "x: &a [*a]", "\x00", "agreement: " + "[" * 5000, "&a a: *a"])
def test_whatever_is_no_agreement_is_an_error_and_never_an_exception(text: str) -> None:
    assert errors(text)


def test_the_document_says_the_agreement_in_sentences() -> None:
    parsed = parse_agreement(EXAMPLE)
    assert parsed.agreement is not None
    said = summary_sentences(parsed.agreement)
    assert (
        "Sales accepts or declines each hot lead within 15 minutes of business time, outside working hours within 4 hours."
        in said
    )
    page = render_agreement(parsed.agreement, version=3, hash=agreement_hash(EXAMPLE), signatures=[])
    assert "Northwind sales and marketing SLA" in page
    assert "http" not in page.replace("https://wiki.northwind.example", "")


def test_the_hash_does_not_depend_on_line_ends() -> None:
    assert agreement_hash("a\nb\n") == agreement_hash("\ufeffa\r\nb\r\n")
    assert agreement_hash("a\nb\n") != agreement_hash("a\nb")


def test_what_was_compiled_travels_as_json_and_comes_back_the_same() -> None:
    from shared.agreement.model import ExecutableAgreement

    parsed = parse_agreement(EXAMPLE)
    assert parsed.agreement is not None
    compiled = compile_agreement(parsed.agreement, from_year=2026)
    assert ExecutableAgreement.model_validate(compiled.model_dump(mode="json")) == compiled
    assert compiled.promises["accept"].steps[1].at_most == 2
    assert compiled.clock.continue_with_at_least == 600
