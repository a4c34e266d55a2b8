"""The agreement file as people write it: mistakes are reported where they are, and a correct file is executable."""

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


def test_the_starter_agreement_has_no_problems() -> None:
    assert parse_agreement(START).problems == ()


@pytest.mark.parametrize(
    ("wrong", "right", "expected"),
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
def test_a_mistake_in_a_file_is_reported_with_the_word_that_was_meant(wrong: str, right: str, expected: str) -> None:
    problems = errors(START.replace(wrong, right))
    assert any(expected in message for _, _, message in problems), problems
    line = START.replace(wrong, right).splitlines()[problems[0][0] - 1]
    assert line[problems[0][1] - 1 :]


def test_a_key_that_is_written_twice_in_a_file_is_an_error() -> None:
    assert errors(START + "\nunrouted: {alert: ops}\n")[0][2] == "'unrouted' is written twice; keep one of them."


def test_yaml_scalars_such_as_norway_and_ten_o_clock_are_read_as_text() -> None:
    text = START.replace("when: {email_kind: disposable}", "when: {country: [NO, SE]}").replace(
        "holidays: US", "holidays: NO"
    )
    parsed = parse_agreement(text)
    assert parsed.agreement is not None
    executable = compile_agreement(parsed.agreement, from_year=2026)
    assert executable.refuse[1].when == {"country": ["NO", "SE"]}
    assert executable.calendars["hq"].holidays == "NO"
    assert date(2026, 5, 17) in executable.holidays["hq"]


def test_a_routing_rule_that_no_lead_reaches_is_an_error() -> None:
    text = START.replace(
        "  - {rule: everyone, to: inbound}", "  - {rule: everyone, to: inbound}\n  - {rule: more, to: inbound}"
    )
    assert "No lead reaches this rule, because 'everyone'" in errors(text)[0][2]


def test_people_of_a_file_are_checked_against_the_roster_when_there_is_one() -> None:
    messages = [p.message for p in parse_agreement(START, roster_ids=("omar", "dan")).problems if p.severity == "error"]
    assert messages == ["'eve' is not in the roster."]


def test_a_plan_over_its_budget_is_reported() -> None:
    text = EXAMPLE.replace("budget: 90_000", "budget: 70_000")
    assert any(
        "The plan costs 79,800, which is over the budget of 70,000." in p.message
        for p in parse_agreement(text).problems
    )


@pytest.mark.parametrize("text", ["", "[]", "a: b: c", "x: &a [*a]", "\x00", "agreement: " + "[" * 5000, "&a a: *a"])
def test_a_text_that_is_not_an_agreement_is_an_error_and_never_an_exception(text: str) -> None:
    assert errors(text)


def test_the_printed_agreement_summarises_promises_in_sentences() -> None:
    parsed = parse_agreement(EXAMPLE)
    assert parsed.agreement is not None
    sentences = summary_sentences(parsed.agreement)
    assert (
        "Sales accepts or declines each hot lead within 15 minutes of business time, outside working hours within 4 hours."
        in sentences
    )
    page = render_agreement(parsed.agreement, version=3, hash=agreement_hash(EXAMPLE), signatures=[])
    assert "Northwind sales and marketing SLA" in page
    assert "http" not in page.replace("https://wiki.northwind.example", "")


def test_the_agreement_hash_does_not_depend_on_line_ends() -> None:
    assert agreement_hash("a\nb\n") == agreement_hash("\ufeffa\r\nb\r\n")
    assert agreement_hash("a\nb\n") != agreement_hash("a\nb")


def test_an_executable_agreement_survives_a_round_trip_through_json() -> None:
    from shared.agreement.model import ExecutableAgreement

    parsed = parse_agreement(EXAMPLE)
    assert parsed.agreement is not None
    executable = compile_agreement(parsed.agreement, from_year=2026)
    assert ExecutableAgreement.model_validate(executable.model_dump(mode="json")) == executable
    assert executable.promises["accept"].steps[1].at_most == 2
    assert executable.clock.continue_with_at_least == 600
