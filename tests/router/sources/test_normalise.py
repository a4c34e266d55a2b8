"""Different spellings of one email, phone, name, country or state normalise to the same value, or to None."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.sources.canonical import CanonicalLead
from services.router.sources.dry_run import try_request
from services.router.sources.email_addresses import company_domain, email_kind, fold_email, registrable_domain
from services.router.sources.geo import country_code
from services.router.sources.normalise import NormalisedLead, e164_phone, normalise
from tests.router.sources.vector_cases import case


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Ana.Silva@Northwind.EXAMPLE", "ana.silva@northwind.example"),
        ("Ana+demo@northwind.example", "ana+demo@northwind.example"),
        ("ana@xn--bcher-kva.example", "ana@bücher.example"),
        ("ana@bücher.example", "ana@bücher.example"),
        ("STRASSE@northwind.example", "strasse@northwind.example"),
        ("straße@northwind.example", "strasse@northwind.example"),
        ("ana@northwind", None),
        ("ana silva@northwind.example", None),
        ("ana@@northwind.example", None),
        ("ana@[192.0.2.1]", None),
        ("@northwind.example", None),
        ("a" * 300 + "@northwind.example", None),
        ("", None),
        (None, None),
    ],
)
def test_email_addresses_are_folded_for_comparison(value: str | None, expected: str | None) -> None:
    assert fold_email(value) == expected


@pytest.mark.parametrize(
    ("address", "kind", "company"),
    [
        ("ana@northwind.example", "business", "northwind.example"),
        ("ana@mail.northwind.co.uk", "business", "northwind.co.uk"),
        ("ana@team.github.io", "business", "team.github.io"),
        ("info@northwind.example", "role", "northwind.example"),
        ("sales+de@northwind.example", "role", "northwind.example"),
        ("no-reply@northwind.example", "role", "northwind.example"),
        ("büro@northwind.example", "role", "northwind.example"),
        ("informatics@northwind.example", "business", "northwind.example"),
        ("ana@gmail.com", "free", None),
        ("info@gmx.de", "free", None),
        ("ana@hey.com", "free", None),
        ("ana@tutanota.com", "free", None),
        ("ana@mailinator.com", "disposable", None),
        ("ana@yopmail.com", "disposable", None),
        ("ana@mozmail.com", "relay", None),
        ("x1y2@privaterelay.appleid.com", "relay", None),
        ("ana@duck.com", "relay", None),
        ("ana.shop@simplelogin.com", "relay", None),
        ("ana@aleeas.com", "relay", None),
    ],
)
def test_an_email_has_a_kind_and_a_company_domain(address: str, kind: str, company: str | None) -> None:
    assert email_kind(address) == kind
    assert normalise(CanonicalLead(email=address)).domain == company


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("www.northwind.example", "northwind.example"),
        ("shop.acme.co.uk", "acme.co.uk"),
        ("ACME.com.", "acme.com"),
        ("acme.github.io", "acme.github.io"),
        ("github.io", "github.io"),
        ("crm.corp.internal", "corp.internal"),
        ("192.0.2.1", None),
        ("2001:db8::1", None),
        ("localhost", None),
        ("a..b.com", None),
        ("", None),
        (None, None),
    ],
)
def test_the_registrable_domain_is_the_part_that_was_registered(host: str | None, expected: str | None) -> None:
    assert registrable_domain(host) == expected


def test_the_domain_of_a_mail_provider_is_not_a_company_domain() -> None:
    assert company_domain("gmail.com") is None
    assert normalise(CanonicalLead(email="ana@gmail.com", domain="gmail.com")).domain is None
    assert normalise(CanonicalLead(email="ana@gmail.com", domain="www.northwind.example")).domain == "northwind.example"
    assert normalise(CanonicalLead(email="ana@northwind.example", domain="gmail.com")).domain == "northwind.example"


@pytest.mark.parametrize(
    ("value", "region", "expected"),
    [
        ("(202) 555-0143", "US", "+12025550143"),
        ("202.555.0143 ext. 12", "US", "+12025550143"),
        ("+1 202 555 0143", None, "+12025550143"),
        ("+1 202 555 0143", "DE", "+12025550143"),
        ("0049 30 1234567", None, "+49301234567"),
        ("0049 30 1234567", "US", "+49301234567"),
        ("+49 (0)30 1234567", "US", "+49301234567"),
        ("030/1234567", "DE", "+49301234567"),
        ("011 44 20 7946 0958", "US", "+442079460958"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("tel:+442079460958", None, "+442079460958"),
        ("٠٣٠١٢٣٤٥٦٧", "DE", "+49301234567"),
        ("030/1234567", None, None),
        ("n/a", "US", None),
        ("0", "US", None),
        ("12345", "US", None),
        ("+999 1234567", None, None),
        ("9" * 500, "US", None),
        ("", "US", None),
        (None, "US", None),
    ],
)
def test_phone_numbers_become_e164_only_when_their_country_is_known(
    value: str | None, region: str | None, expected: str | None
) -> None:
    assert e164_phone(value, region) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (CanonicalLead(full_name="Haddad, Omar"), ("Omar Haddad", "Omar", "Haddad")),
        (CanonicalLead(first_name=" Ana ", last_name="Silva"), ("Ana Silva", "Ana", "Silva")),
        (CanonicalLead(first_name="Ana"), ("Ana", "Ana", None)),
        (
            CanonicalLead(full_name="Ana  Maria Silva", first_name="Ana", last_name="Silva"),
            ("Ana Maria Silva", "Ana", "Silva"),
        ),
        (CanonicalLead(full_name="Omar Haddad, PhD"), ("Omar Haddad, PhD", None, None)),
        (CanonicalLead(full_name="Omar Haddad, Jr."), ("Omar Haddad, Jr.", None, None)),
        (CanonicalLead(full_name="Prince"), ("Prince", None, None)),
        (CanonicalLead(), (None, None, None)),
    ],
)
def test_a_name_is_normalised_to_spoken_order(fields: CanonicalLead, expected: tuple[str | None, ...]) -> None:
    normalised = normalise(fields)
    assert (normalised.name, normalised.first_name, normalised.last_name) == expected


def test_the_normalised_values_are_those_of_the_vectors() -> None:
    messy = case("zapier_generic", "messy-array")
    normalised = normalise(CanonicalLead(**try_request(messy)["leads"][0]))
    assert {name: getattr(normalised, name) for name in messy["normalized"]} == messy["normalized"]


def test_a_national_phone_number_takes_the_country_of_the_lead_before_that_of_the_endpoint() -> None:
    assert normalise(CanonicalLead(phone="030 1234567", country="Germany"), "US").phone == "+49301234567"
    assert normalise(CanonicalLead(phone="030 1234567"), "DE").phone == "+49301234567"
    assert normalise(CanonicalLead(phone="030 1234567")).phone is None


def test_a_full_state_code_sets_the_country_only_when_none_was_given() -> None:
    assert normalise(CanonicalLead(state="US-CA")).country == "US"
    assert normalise(CanonicalLead(state="US-CA", country="Atlantis")).country is None


_ANY = st.one_of(
    st.text(),
    st.emails(),
    st.from_regex(r"\+?[0-9 ()./-]{5,20}", fullmatch=True),
    st.from_regex(r"[a-z0-9-]{1,9}(\.[a-z0-9-]{1,9}){1,4}", fullmatch=True),
    st.from_regex(r"[A-Z]{2}(-[A-Z]{2})?", fullmatch=True),
)


@given(st.builds(CanonicalLead, **dict.fromkeys(("email", "phone", "country", "state", "domain", "full_name"), _ANY)))
@settings(deadline=None)
def test_normalising_never_raises_and_is_idempotent(fields: CanonicalLead) -> None:
    normalised = normalise(fields, "US")
    assert fold_email(normalised.email) == normalised.email
    assert e164_phone(normalised.phone, None) == normalised.phone
    assert country_code(normalised.country) == normalised.country
    assert company_domain(normalised.domain) == normalised.domain


def test_normalising_a_lead_opens_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a file was opened")

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr("builtins.open", refuse)
    fields = CanonicalLead(
        email="nobody@never-seen-before.example", phone="+998 90 123 45 67", country="Usbekistan", state="X"
    )
    assert normalise(fields).phone == "+998901234567"
    assert normalise(CanonicalLead()) == NormalisedLead()
