"""Countries and states get their ISO codes from many spellings, and only when they are unambiguous."""

import pytest

from services.router.sources.geo import country_code, state_code


@pytest.mark.parametrize(
    ("code", "spellings"),
    [
        ("GB", ["UK", "u.k.", "England", "Scotland", "Great Britain", "United Kingdom", "GBR", "Reino Unido"]),
        ("US", ["USA", "U.S.A.", "us", "United States", "United States of America", "The United States", "Etats-Unis"]),
        ("DE", ["Deutschland", "Germany", "GERMANY", "Allemagne", "Alemania", "DEU", "Germany (DE)", " germany "]),
        ("TR", ["Turkey", "Türkiye", "TÜRKİYE", "turkiye", "Türkei"]),
        ("RU", ["Russia", "Russian Federation", "Россия"]),
        ("NL", ["Holland", "The Netherlands", "Nederland", "Niederlande"]),
        ("AT", ["Austria", "Österreich", "Oesterreich", "Osterreich"]),
        ("CZ", ["Czech Republic", "Czechia"]),
        ("KR", ["South Korea", "Korea, Republic of", "Republic of Korea"]),
        ("NO", ["NO", "no", "Norway", "Norge"]),
        ("CI", ["Côte d'Ivoire", "Cote d’Ivoire", "Ivory Coast"]),
        ("JP", ["日本", "Japan"]),
        ("GR", ["EL", "Greece", "Ελλάδα"]),
        ("CA", ["CA", "Canada"]),
        (None, ["", "n/a", "-", "Atlantis", "EMEA", "GB-ENG", "x" * 10_000, None]),
    ],
)
def test_a_country_name_in_any_spelling_has_its_iso_code(code: str | None, spellings: list[str | None]) -> None:
    assert {spelling: country_code(spelling) for spelling in spellings} == dict.fromkeys(spellings, code)


@pytest.mark.parametrize(
    ("name", "country", "expected"),
    [
        ("Calif.", "US", "US-CA"),
        ("california", "US", "US-CA"),
        ("CA", "US", "US-CA"),
        ("US-CA", None, "US-CA"),
        ("D.C.", "US", "US-DC"),
        ("Washington", "US", "US-WA"),
        ("N.Y.", "US", "US-NY"),
        ("Québec", "CA", "CA-QC"),
        ("Ont.", "CA", "CA-ON"),
        ("Bayern", "DE", "DE-BY"),
        ("zurich", "CH", "CH-ZH"),
        ("CA", None, None),
        ("California", None, None),
        ("California", "DE", None),
        (None, "US", None),
    ],
)
def test_a_state_name_has_its_iso_code_within_its_country(
    name: str | None, country: str | None, expected: str | None
) -> None:
    assert state_code(name, country) == expected
