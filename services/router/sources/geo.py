"""ISO codes of countries and states, from the names that people write."""

import csv
import re
import unicodedata
from functools import lru_cache
from pathlib import Path

import pycountry

COUNTRY_ALIASES = {
    "GB": "UK|U.K.|England|Scotland|Wales|Northern Ireland|Great Britain|Britain|United Kingdom of Great Britain",
    "US": "U.S.|U.S.A.|US of A|United States of America|The United States|America|Amerika|USA",
    "DE": "BRD|Germany Federal Republic|West Germany",
    "NL": "Holland|The Netherlands|Netherlands",
    "AT": "Oesterreich",
    "CH": "Schweiz|Suisse|Svizzera|Svizra|Confoederatio Helvetica",
    "ES": "Espana",
    "TR": "Turkey|Tuerkei|Turkiye",
    "RU": "Russia|Rossiya",
    "KR": "South Korea|Korea|Korea South|Republic of Korea|S. Korea",
    "KP": "North Korea|DPRK|Korea North",
    "TW": "Taiwan|Republic of China",
    "HK": "Hong Kong|Hongkong|Hong Kong SAR",
    "MO": "Macau|Macao SAR",
    "CN": "China|PRC|P.R. China|Mainland China|People's Republic of China",
    "VN": "Vietnam",
    "LA": "Laos",
    "IR": "Iran",
    "SY": "Syria",
    "TZ": "Tanzania",
    "VE": "Venezuela",
    "BO": "Bolivia",
    "MD": "Moldova",
    "MK": "Macedonia|FYROM",
    "CZ": "Czech Republic|Czechia",
    "SK": "Slovak Republic",
    "AE": "UAE|U.A.E.|Emirates|Dubai|Abu Dhabi",
    "SA": "KSA|Saudi",
    "CI": "Ivory Coast|Cote d'Ivoire",
    "CD": "DR Congo|DRC|Congo Kinshasa|Democratic Republic of Congo",
    "CG": "Congo|Congo Brazzaville|Republic of Congo",
    "CV": "Cape Verde",
    "SZ": "Swaziland",
    "MM": "Burma|Myanmar",
    "TL": "East Timor",
    "BN": "Brunei",
    "PS": "Palestine",
    "VA": "Vatican|Vatican City",
    "FM": "Micronesia",
    "BS": "The Bahamas",
    "GM": "The Gambia",
    "PH": "The Philippines",
    "GR": "EL|Hellas",
    "IE": "Eire|Republic of Ireland",
    "BR": "Brasil",
}
"""Names that people write and that no list has; they win over the lists."""

STATE_ABBREVIATIONS = {
    "US": "AL Ala|AZ Ariz|AR Ark|CA Calif Cal|CO Colo|CT Conn|DE Del|FL Fla|IL Ill|IN Ind|KS Kan Kans|KY Ken|LA La"
    "|MD Md|MA Mass|MI Mich|MN Minn|MS Miss|MO Mo|MT Mont|NE Neb Nebr|NV Nev|NM N.Mex|NY N.Y|ND N.Dak|OK Okla|OR Ore"
    "|PA Penn Penna|TN Tenn|TX Tex|VT Vt|VA Va|WA Wash|WV W.Va|WI Wis Wisc|WY Wyo|DC Washington_DC Washington_D.C",
    "CA": "ON Ont|QC Que PQ|AB Alta|SK Sask|MB Man|NL Nfld|PE PEI|BC B.C",
    "AU": "NSW N.S.W|VIC Vic|QLD Qld|TAS Tas",
}
"""Abbreviations of states that are usual in addresses but in no ISO list."""


def _fold_name(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("ı", "i"))
    letters = "".join(character for character in decomposed if not unicodedata.combining(character))
    return re.sub(r"[\W_]+", " ", letters.replace(".", "").replace("'", "").replace("’", "")).strip()


def _index_countries() -> dict[str, str]:
    names = {_fold_name(name): code for code, line in COUNTRY_ALIASES.items() for name in line.split("|")}
    for country in pycountry.countries:
        spellings = (
            country.alpha_2,
            country.alpha_3,
            country.name,
            *(getattr(country, key, "") for key in _PYCOUNTRY_NAMES),
        )
        for name in spellings:
            names.setdefault(_fold_name(name), country.alpha_2)
    with Path(__file__).with_name("country_names.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for name in row["names"].split("|"):
                names.setdefault(_fold_name(name), row["code"])
    names.pop("", None)
    return names


def _index_states() -> dict[str, dict[str, str]]:
    states: dict[str, dict[str, str]] = {}
    for country, line in STATE_ABBREVIATIONS.items():
        for entry in line.split("|"):
            code, *abbreviations = entry.split(" ")
            states.setdefault(country, {}).update({_fold_name(name): f"{country}-{code}" for name in abbreviations})
    for state in pycountry.subdivisions:
        for name in (state.code, state.code.partition("-")[2], re.sub(r"[\[(].*", "", state.name)):
            states.setdefault(state.country_code, {}).setdefault(_fold_name(name), state.code)
    return states


_PYCOUNTRY_NAMES = ("official_name", "common_name")
_COUNTRY_BY_NAME = _index_countries()
_STATE_BY_NAME = _index_states()
_STATE_CODES = {code for states in _STATE_BY_NAME.values() for code in states.values()}


@lru_cache(maxsize=5_000)
def country_code(name: str | None) -> str | None:
    """The ISO 3166-1 alpha-2 code of a country; None when the name is unknown or ambiguous."""
    text = (name or "")[:200]
    return _COUNTRY_BY_NAME.get(_fold_name(text)) or _COUNTRY_BY_NAME.get(_fold_name(re.sub(r"\(.*", "", text)))


@lru_cache(maxsize=5_000)
def state_code(name: str | None, country: str | None) -> str | None:
    """The ISO 3166-2 code of a state (US-CA) within a known country; without a country only a full code is accepted."""
    text = (name or "")[:200].strip()
    if country is None:
        return text.upper() if text.upper() in _STATE_CODES else None
    return _STATE_BY_NAME.get(country, {}).get(_fold_name(text))
