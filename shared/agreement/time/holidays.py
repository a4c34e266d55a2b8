"""Public holidays of a country or one of its parts, as dates and names; the only file that uses the holidays library."""

import difflib
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

import holidays as library


def public_holidays(code: str, years: Iterable[int]) -> dict[date, str]:
    """The public holidays of these years for a code such as "US" or "DE-BE", date to English name where there is one.

    Raises ValueError, naming close codes, when the code is unknown.
    """
    country, part = _resolve_code(code)
    days: dict[date, str] = {}
    for year in sorted(set(years)):
        days.update(_holidays_of_year(country, part, year))
    return days


def validate_code(code: str) -> None:
    """Check a code. Raises ValueError, naming close codes, when no holidays are known for it."""
    _resolve_code(code)


@lru_cache(maxsize=4096)
def _holidays_of_year(country: str, part: str | None, year: int) -> tuple[tuple[date, str], ...]:
    english = "en_US" if "en_US" in _languages(country) else None
    holidays = library.country_holidays(country, subdiv=part, years=year, expand=False, language=english)
    return tuple(sorted(holidays.items()))


@lru_cache(maxsize=512)
def _languages(country: str) -> tuple[str, ...]:
    return tuple(getattr(library.country_holidays(country), "supported_languages", ()))


@lru_cache(maxsize=512)
def _resolve_code(code: str) -> tuple[str, str | None]:
    country, _, subdivision = code.strip().upper().partition("-")
    supported = library.list_supported_countries(include_aliases=True)
    if country not in supported:
        raise ValueError(f"{code!r} is not a country whose holidays are known{_suggest_codes(country, supported)}")
    if not subdivision:
        return country, None
    subdivisions = {known.upper(): known for known in supported[country]}
    if subdivision not in subdivisions:
        codes = [f"{country}-{known}" for known in subdivisions]
        raise ValueError(
            f"{code!r} is not a part of {country} whose holidays are known{_suggest_codes(f'{country}-{subdivision}', codes)}"
        )
    return country, subdivisions[subdivision]


def _suggest_codes(code: str, known: Iterable[str]) -> str:
    codes = sorted(item for item in known if len(item) == len(code) or "-" in item)
    close = difflib.get_close_matches(code, codes, 4, 0.6) or difflib.get_close_matches(code, codes, 4, 0.4)
    if not close and codes and len(codes) <= 20:
        close = codes
    if not close:
        return "; write a code such as US or DE-BE."
    return f"; did you mean {', '.join(close[:-1]) + ' or ' + close[-1] if len(close) > 1 else close[0]}?"
