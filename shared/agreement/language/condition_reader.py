"""Reads conditions from YAML nodes, and checks their fields and values."""

import difflib
from functools import cache
from typing import Any

import pycountry
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from shared.agreement.conditions.parse import COMBINATORS
from shared.agreement.conditions.tests import validate_test
from shared.agreement.language.problems import Problems
from shared.agreement.language.schema import mapping_items, suggest

FIELDS = (
    *("email", "email_kind", "domain", "name", "phone", "company", "title", "industry", "country", "state", "city"),
    *("postal_code", "employees", "activity", "asset", "score", "grade", "tier", "mql", "source", "lead_source"),
    *("campaign", "consent", "endpoint", "event_type", "need", "budget", "timeframe", "decision_maker", "language"),
    *("previous_owner", "account.owner", "account.open_owner", "recycled_as", "message", "skills", "employee_band"),
    *("utm.source", "utm.medium", "utm.campaign", "utm.term", "utm.content", "signals.honeypot"),
)
OPEN_PREFIXES = ("signals.",)
EMAIL_KINDS = ("business", "free", "disposable", "role", "relay")
PRESENCE_WORDS = ("known", "unknown")
STATE_CODE_COUNTRIES = ("US", "CA", "AU")
OPERATOR_WORDS = ("matches", "contains", "starts", "ends", "in", "not")


def condition(node: Node, problems: Problems, path: str) -> dict[str, Any]:
    """A condition: a mapping of field to test."""
    if not isinstance(node, MappingNode):
        problems.error(node, path, "A condition is a mapping of field to test, such as {country: DE}.")
        return {}
    tests: dict[str, Any] = {}
    for name, where, value in mapping_items(node, problems, path):
        place = f"{path}.{name}"
        if name in COMBINATORS:
            parts = value.value if isinstance(value, SequenceNode) else [value]
            if not parts or (isinstance(value, MappingNode) and not value.value):
                problems.error(value, place, f"{name!r} needs at least one condition.")
            tests[name] = [condition(part, problems, place) for part in parts]
        elif name not in FIELDS and not name.startswith(OPEN_PREFIXES):
            problems.error(
                where, place, f"There is no field {name!r}{suggest(name, (*FIELDS, *COMBINATORS), else_list=False)}"
            )
        else:
            tests[name] = field_test(name, value, problems, place)
            if name == "state":
                _warn_of_state_names(value, problems, place)
    return tests


def _warn_of_state_names(node: Node, problems: Problems, path: str) -> None:
    """Warn of a state's full name where leads have its code."""
    for item in node.value if isinstance(node, SequenceNode) else [node]:
        if isinstance(item, ScalarNode) and (code := _state_codes().get(str(item.value).strip().casefold())):
            message = (
                f"{item.value!r} is not how leads name a state of the USA, Canada or Australia; write its code, {code}."
            )
            problems.warning(item, path, message)


def field_test(name: str, node: Node, problems: Problems, path: str) -> Any:
    """The test of one field: a value, a list of values, or words such as `>= 10`."""
    if isinstance(node, SequenceNode):
        if not node.value:
            problems.error(node, path, "A list of a test needs at least one value.")
        for item in node.value:
            if isinstance(item, SequenceNode):
                problems.error(item, path, "A list of a test holds plain values.")
        return [field_test(name, item, problems, path) for item in node.value if not isinstance(item, SequenceNode)]
    if not isinstance(node, ScalarNode):
        problems.error(node, path, 'A test is a value, a list of values, or words such as ">= 10" or known.')
        return None
    written: Any = str(node.value).strip()
    mistake = _mistake_in(name, written)
    if mistake:
        problems.error(node, path, mistake)
        return None
    plain = node.style is None and written in ("true", "false")
    return written == "true" if plain else written


def _mistake_in(name: str, written: str) -> str:
    try:
        validate_test(written)
    except ValueError as error:
        return str(error)[:1].upper() + str(error)[1:]
    bare = written.removeprefix("not ").strip()
    first = bare.partition(" ")[0]
    if bare not in PRESENCE_WORDS and (close := difflib.get_close_matches(bare, PRESENCE_WORDS, 1, 0.85)):
        return f"{written!r} is read as a plain value; did you mean {close[0]!r}?"
    if (
        " " in bare
        and first not in OPERATOR_WORDS
        and (close := difflib.get_close_matches(first, OPERATOR_WORDS, 1, 0.8))
    ):
        return f"{written!r} is read as a plain value; did you mean {close[0]!r} as its first word?"
    plain = (
        first not in OPERATOR_WORDS
        and bare not in PRESENCE_WORDS
        and not bare.startswith((">", "<", "=", "in list:"))
        and ".." not in bare
    )
    if plain and name == "country" and not _is_country(bare):
        return f"{written!r} is not a country; write its ISO code, such as DE or US."
    if plain and name == "email_kind" and bare not in EMAIL_KINDS:
        return f"{written!r} is not a kind of address{suggest(bare, EMAIL_KINDS)}"
    if plain and name == "mql" and bare not in ("true", "false"):
        return f"{written!r} must be true or false."
    if plain and name.startswith("signals.") and bare not in ("true", "false"):
        return f"{written!r} must be true or false{suggest(bare, ('true', 'false'))}"
    return ""


@cache
def _state_codes() -> dict[str, str]:
    """Full names and ISO 3166-2 codes of states to the short code that leads have."""
    codes: dict[str, str] = {}
    for part in pycountry.subdivisions:
        if part.country_code in STATE_CODE_COUNTRIES:
            short = part.code.partition("-")[2]
            codes |= {part.name.casefold(): short, part.code.casefold(): short}
    return codes


def _is_country(code: str) -> bool:
    return len(code) == 2 and pycountry.countries.get(alpha_2=code.upper()) is not None
