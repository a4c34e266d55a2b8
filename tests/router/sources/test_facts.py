"""The facts of a lead have the names and values that the conditions of an agreement use."""

from typing import Any

import pytest

from services.router.sources.canonical import CanonicalLead
from services.router.sources.delivery import Delivery
from services.router.sources.endpoint_config import EndpointConfig
from services.router.sources.facts import lead_facts
from services.router.sources.normalise import normalise
from services.router.sources.registry import SOURCES
from shared.agreement.conditions.parse import parse_condition
from tests.router.sources.vector_cases import case


def facts_of(fields: CanonicalLead) -> dict[str, Any]:
    return lead_facts(fields, normalise(fields), endpoint="web", source="generic")


def facts_of_body(body: str, **config: Any) -> dict[str, Any]:
    return facts_of(SOURCES["generic"].read_items(Delivery(body.encode()), EndpointConfig(**config))[0].fields)


def test_an_unknown_fact_is_absent() -> None:
    assert facts_of(CanonicalLead()) == {"endpoint": "web", "source": "generic"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"email": "Ana@Northwind.example"}, {"email": "ana@northwind.example", "email_kind": "business"}),
        ({"email": "Ana@Northwind.example"}, {"domain": "northwind.example"}),
        ({"email": "ana@gmail.com", "domain": "gmail.com"}, {"email_kind": "free", "domain": None}),
        ({"country": "Deutschland", "state": "Bayern"}, {"country": "DE", "state": "Bayern"}),
        ({"country": "USA", "state": "Calif."}, {"country": "US", "state": "CA"}),
        ({"country": "Canada", "state": "Québec"}, {"country": "CA", "state": "QC"}),
        ({"country": "Atlantis", "state": "CA"}, {"country": "Atlantis", "state": "CA"}),
        ({"employee_count": 250}, {"employees": 250}),
        ({"employee_count": 0}, {"employees": 0}),
        ({"employee_band": "1000+"}, {"employees": 1000, "employee_band": "1000+"}),
        ({"employee_band": "50-200"}, {"employees": 50}),
        ({"employee_band": "many"}, {"employees": None, "employee_band": "many"}),
        ({"job_title": "VP Operations"}, {"title": "VP Operations"}),
        ({"activity": ("Demo request", "pricing-page", "???")}, {"activity": ["demo_request", "pricing_page"]}),
        ({"activity": ("???",)}, {"activity": None}),
        ({"asset": "Buyer's Guide 2026"}, {"asset": "Buyer's Guide 2026"}),
        ({"mql": False}, {"mql": False}),
        ({"consent": False}, {"consent": False}),
        ({"score": 0}, {"score": 0}),
        ({"utm": {"source": "google"}}, {"utm.source": "google"}),
        ({"signals": {"honeypot": True, "speed": 3}}, {"signals.honeypot": True, "signals.speed": 3}),
        (
            {"extra": {"need": "crm", "budget": 9000, "city": "Berlin"}},
            {"need": "crm", "budget": 9000, "city": "Berlin"},
        ),
        ({"extra": {"timeframe": "1 – 3 months"}}, {"timeframe": "1-3 months"}),
        ({"extra": {"skills": "German; Public Sector"}}, {"skills": ["german", "public_sector"]}),
        ({"lead_source": "Paid search"}, {"lead_source": "Paid search", "source": "generic", "endpoint": "web"}),
        ({"phone": "030 1234567"}, {"phone": None}),
        ({"full_name": "Haddad, Omar"}, {"name": "Omar Haddad"}),
    ],
)
def test_a_field_becomes_the_fact_that_the_agreement_names(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    facts = facts_of(CanonicalLead(**fields))
    assert {name: facts.get(name) for name in expected} == expected
    assert None not in facts.values()


@pytest.mark.parametrize("name", ["email_kind", "tier", "grade", "previous_owner", "recycled_as", "endpoint", "source"])
def test_a_sender_cannot_set_the_facts_of_the_router(name: str) -> None:
    assert facts_of(CanonicalLead(extra={name: "mine"})).get(name) != "mine"
    assert facts_of_body(f'{{"email": "a@b.example", "{name}": "mine"}}').get(name) != "mine"


def test_form_answers_become_facts_under_their_names() -> None:
    facts = facts_of_body(
        '{"email":"a@b.example","zipCode":"01234","Time Frame":"4-6 months","is_decision_maker":true,"needs":"crm",'
        '"budget":"9000","address":{"city":"Berlin"},"honeypot":""}'
    )
    expected = {
        "postal_code": "01234",
        "timeframe": "4-6 months",
        "decision_maker": True,
        "need": "crm",
        "city": "Berlin",
    }
    assert {name: facts[name] for name in expected} == expected
    assert "signals.honeypot" not in facts


def test_the_facts_of_a_vector_pass_the_conditions_of_an_agreement() -> None:
    sent = case("hubspot_workflow", "v2-full-contact")
    fields = SOURCES["hubspot_workflow"].read_items(Delivery(sent["body_raw"].encode()), None)[0].fields
    facts = lead_facts(fields, normalise(fields), endpoint="web", source="hubspot_workflow")
    for condition in (
        {"country": "US", "state": "ca", "employees": ">= 200", "title": "matches (VP|Chief|Head|Director)"},
        {"activity": ["demo_request", "contact_sales"], "utm.source": "google", "mql": "true", "score": "80 .. 90"},
        {"email_kind": "business", "domain": "northwind.example", "phone": "starts with +1"},
    ):
        assert parse_condition(condition).evaluate(facts, {}).passed, condition
