"""Checks across chapters report problems where they are written; keys without effect are warned of."""

from decimal import Decimal
from pathlib import Path

import pytest

from shared.agreement.language.compile import compile_agreement
from shared.agreement.language.goal import count_from_goal
from shared.agreement.language.parse import parse_agreement
from shared.agreement.language.render import render_agreement, summary_sentences

EXAMPLE = (Path(__file__).parent / "example.yaml").read_text(encoding="utf-8")


def new_problems(old: str, new: str, severity: str = "error") -> list[tuple[str, str]]:
    """(text at the place, message) of the problems that a change of the example adds."""
    assert EXAMPLE.count(old) == 1, old
    before = {problem.message for problem in parse_agreement(EXAMPLE).problems}
    text = EXAMPLE.replace(old, new)
    return [
        (text.splitlines()[problem.line - 1][problem.column - 1 :], problem.message)
        for problem in parse_agreement(text).problems
        if problem.severity == severity and problem.message not in before
    ]


@pytest.mark.parametrize(
    ("old", "new", "at", "expected"),
    [
        ("{signals.honeypot: true}", "{signals.honeypot: []}", "[]", "needs at least one value"),
        ("{signals.honeypot: true}", "{signals.honeypot: [[true]]}", "[true]", "holds plain values"),
        ("{signals.honeypot: true}", "{any: []}", "[]", "needs at least one condition"),
        ("{signals.honeypot: true}", "{none: {}}", "{}", "needs at least one condition"),
        ("timeframe: [1-3 months, 4-6 months]", "timeframe: []", "[]", "needs at least one value"),
        ("{tier: hot,      when", "{tier: [a],      when", "[a]", "must be text"),
    ],
)
def test_a_condition_that_no_lead_can_meet_is_an_error_at_its_place(old: str, new: str, at: str, expected: str) -> None:
    assert any(text.startswith(at) and expected in message for text, message in new_problems(old, new)), new_problems(
        old, new
    )


@pytest.mark.parametrize("state", ["California", "US-CA", "[OR, california]"])
def test_a_state_by_its_full_name_is_warned_of(state: str) -> None:
    expected = new_problems("{signals.honeypot: true}", f"{{country: US, state: {state}}}", "warning")
    assert [message for _, message in expected if message.endswith("write its code, CA.")], expected
    assert not new_problems("{signals.honeypot: true}", "{country: US, state: [CA, OR]}", "warning")


@pytest.mark.parametrize(
    ("old", "new", "at", "expected"),
    [
        ("sales: sam@", "sales: maya@", "sales: maya@", "cannot sign for both sides"),
        ("rule: partners", "rule: territory", "rule: territory", "'territory' is named twice"),
        ("tier: standard, when", "tier: hot, when", "hot, when", "'hot' is named twice"),
        ("[dan, eve, fay]", "[dan, eve, dan]", "dan]", "'dan' is named twice"),
        ("within: 15 minutes, off", "within: 0 minutes, off", "within: 0", "is a time of zero"),
        ("warn: 75 %", "warn: 100 %", "warn: 100", "before the breach"),
        ("mqls: 249", "mqls: 549", "budget: 90_000", "The plan costs 139,800, which is over the budget of 90,000."),
        ("{mqls: from goal", "{mqls: 510", "budget: 90_000", "510 MQLs x 180 = 91,800 is over the budget of 90,000."),
        ("marketing_share: 60 %", "marketing_share: 70 %", "budget: 90_000", "524 MQLs x 180 = 94,320 is over"),
        (", unless: cadence unfinished", "", "{after: 1 day, do: recycle", "returns the lead on day 5, before give_up"),
        ("attempts: 8", "attempts: 18", "attempts: 18", "18 attempts with pauses of 1 day do not fit"),
        (
            "at_least: 2 hours, at_most: 1 day",
            "at_least: 2 days, at_most: 1 day",
            "at_least: 2",
            "longer than its longest",
        ),
        (
            "signed_by: {marketing: maya@northwind.example, sales: sam@northwind.example}",
            "",
            "agreement:",
            "'signed_by' is missing",
        ),
        ("hours: {mon-fri: 09:00-17:30}", "hours: {mon-fri: closed}", "hq:", "never open"),
        (
            "{rule: everyone else,",
            "{rule: all, to: inbound}\n  - {rule: everyone else,",
            "{rule: everyone",
            "No lead reaches",
        ),
    ],
)
def test_a_contradiction_in_an_agreement_is_an_error_at_its_place(old: str, new: str, at: str, expected: str) -> None:
    assert any(text.startswith(at) and expected in message for text, message in new_problems(old, new)), new_problems(
        old, new
    )


@pytest.mark.parametrize(
    ("old", "new", "at", "expected"),
    [
        ("activity: demo_request}", "activity: demo_requests}", "", ""),
        (
            "tier: hot,      when: {activity: [demo_request,",
            "tier: hot,      when: {activity: [demo_requests,",
            "when:",
            "did you mean 'demo_request'?",
        ),
        ("follows: owner, at", "follows: lead, at", "lead, at", "follows the team's calendar"),
        (
            "{rule: everyone else,  to: inbound}",
            "{rule: everyone else,  when: {country: US}, to: inbound}",
            "{rule",
            "No rule takes every lead",
        ),
        ("members: [dan, eve, fay], ", "", "{manager", "members in the roster are used"),
        ("average_deal: 18_000\n", "\n", "mqls: from goal", "cannot be computed from the goal"),
    ],
)
def test_a_doubtful_part_of_an_agreement_is_a_warning_at_its_place(old: str, new: str, at: str, expected: str) -> None:
    warned = new_problems(old, new, "warning")
    assert not new_problems(old, new)
    assert (not expected and not warned) or any(
        text.startswith(at) and expected in message for text, message in warned
    ), warned


def test_every_key_that_is_not_executed_is_warned_of() -> None:
    expected = {
        problem.path
        for problem in parse_agreement(EXAMPLE).problems
        if problem.message.startswith("not yet executed: ")
    }
    assert expected == {
        *("currency", "review", "goal", "baseline", "stages", "qualification.accounts", "qualification.score.intent"),
        *("qualification.needs.before", "teams.enterprise-dach.method", "teams.enterprise-dach.cap.per_day"),
        *("routing.0.when", "routing.4.to", "off_hours.release", "deliver", "promises.cadence", "promises.qualify"),
        *(
            "promises.qualify.then.1.unless",
            "promises.stalled",
            "promises.feedback",
            "sql_requires",
            "checklist",
            "content",
        ),
        *("targets", "commitments", "variance", "channels.owner.0", "channels.manager.1", "channels.outcomes"),
        *("channels.undelivered", "channels.quiet_hours", "channels.limits", "channels.digests", "crm", "scoreboard"),
    }


GOAL = {
    "revenue": {"amount": Decimal(2_400_000), "per": "quarter"},
    "marketing_share": Decimal("0.6"),
    "average_deal": Decimal(18_000),
    "rates": {"mql_to_sal": Decimal("0.6"), "sal_to_sql": Decimal("0.45"), "sql_to_won": Decimal("0.22")},
}


@pytest.mark.parametrize(
    ("rates", "what", "per", "count"),
    [
        ({}, "mqls", "quarter", 1_347),
        ({}, "mqls", "month", 449),
        ({"lead_to_mql": Decimal("0.25")}, "leads", "quarter", 5_388),
        ({"lead_to_revenue": Decimal("0.015")}, "leads", "quarter", 5_334),
        ({"lead_to_revenue": Decimal("0.015")}, "leads", "month", 1_778),
        ({}, "mqls", "day", None),
        ({"sql_to_won": Decimal(0)}, "mqls", "month", None),
    ],
)
def test_the_count_from_a_goal_is_exact_and_rounded_up_once(
    rates: dict[str, Decimal], what: str, per: str, count: int | None
) -> None:
    assert count_from_goal({**GOAL, "rates": {**GOAL["rates"], **rates}}, what, per) == count  # type: ignore[dict-item]


def test_leads_from_a_goal_use_one_and_a_half_per_cent_without_rates() -> None:
    assert count_from_goal({**GOAL, "rates": {}}, "leads", "quarter") == 5_334


def test_a_warn_share_of_zero_is_kept() -> None:
    parsed = parse_agreement(EXAMPLE.replace("warn: 75 %", "warn: 0 %"))
    assert parsed.agreement is not None
    assert compile_agreement(parsed.agreement, from_year=2026, years=1).promises["accept"].warn == 0


def test_addresses_of_signers_and_people_are_compared_in_lower_case() -> None:
    text = EXAMPLE.replace("maya@northwind", "Maya@Northwind").replace("[maya, otto]", "[maya, Otto@X.example]")
    parsed = parse_agreement(text)
    assert parsed.agreement is not None
    executable = compile_agreement(parsed.agreement, from_year=2026, years=1)
    assert executable.signed_by["marketing"] == "maya@northwind.example"
    assert executable.people["marketing"] == ("maya", "otto@x.example")


def test_the_printed_agreement_formats_shares_and_numbers_and_counts_the_goal_in_leads() -> None:
    parsed = parse_agreement(EXAMPLE.replace("mqls: 200,", "mqls: 1,"))
    assert parsed.agreement is not None
    assert summary_sentences(parsed.agreement)[0] == "Marketing delivers 449 MQLs a month."
    page = render_agreement(parsed.agreement, version=None, hash="sha256:0", signatures=[])
    rows = (
        "<td>volume, at most</td><td>115 %</td>",
        "<td>plan 1, mqls</td><td>1</td>",
        "<td>warn</td>",
        "60 %",
        "2,400,000",
    )
    assert all(row.removesuffix("<td>warn</td>") in page for row in rows)


def test_the_printed_agreement_escapes_markup() -> None:
    parsed = parse_agreement(
        EXAMPLE.replace("agreement: Northwind sales", "agreement: <script>alert(1)</script> sales")
    )
    assert parsed.agreement is not None
    page = render_agreement(parsed.agreement, version=None, hash="sha256:0", signatures=[])
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_an_executable_agreement_names_one_signer_of_each_side() -> None:
    parsed = parse_agreement(EXAMPLE)
    assert parsed.agreement is not None
    executable = compile_agreement(parsed.agreement, from_year=2026, years=1)
    assert executable.signed_by == {"marketing": "maya@northwind.example", "sales": "sam@northwind.example"}


def test_escalation_steps_in_days_come_after_those_in_hours() -> None:
    old, new = (
        "met_by: attempt, then: [{at: breach, do: notify manager}]",
        "met_by: attempt, then: [{after: 1 day 2 hours, do: notify manager}, {after: %s, do: notify owner}]",
    )
    agreement = parse_agreement(EXAMPLE.replace(old, new % "3 hours")).agreement
    assert agreement
    first_touch = compile_agreement(agreement, from_year=2026).promises["first_touch"]
    assert [(step.days, step.after) for step in first_touch.steps] == [(0, 3 * 3600), (1, 2 * 3600)]
    assert not [message for _, message in new_problems(old, new % "3 hours", "warning") if "days" in message]
    assert [
        text[:8]
        for text, message in new_problems(old, new % "20 hours", "warning")
        if "write it in days too" in message
    ]
