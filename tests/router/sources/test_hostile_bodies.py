"""Hostile but authentic bodies are read, parked or refused with a sentence, quickly and without an error."""

import gzip
import json
import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.sources import body as reader
from services.router.sources.dedupe import item_key
from services.router.sources.delivery import Delivery
from services.router.sources.dry_run import try_request
from services.router.sources.errors import UnreadableBody
from services.router.sources.facts import lead_facts
from services.router.sources.normalise import normalise
from services.router.sources.registry import SOURCES
from tests.router.sources.senders import EVENT, LEAD, SENDERS, authentic_request, generic

UNREADABLE = {
    "deep arrays": b"[" * 50_000 + b"]" * 50_000,
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "deep and unclosed": b"[" * 50_000,
    "deep after a quoted bracket": b'["[[[[\\"", ' + b"[" * 50_000,
    "33 levels": b"[" * 33 + b"]" * 33,
    "NaN": b'{"email":"a@b.example","score":NaN}',
    "Infinity": b'{"email":"a@b.example","score":Infinity}',
    "minus Infinity": b'{"email":"a@b.example","score":-Infinity}',
    "a number beyond floats": b'{"email":"a@b.example","score":1e999}',
    "a number of 5,000 digits": b'{"email":"a@b.example","score":' + b"9" * 5_000 + b"}",
    "a fraction of 5,000 digits": b'{"email":"a@b.example","score":0.' + b"9" * 5_000 + b"}",
    "invalid UTF-8": b'{"email":"a@b.example","company":"\xff\xfe"}',
    "overlong UTF-8": b'{"email":"a@b.example","company":"\xc0\xaf"}',
    "UTF-8 of a surrogate": b'{"email":"a@b.example","company":"\xed\xa0\x80"}',
    "UTF-16": '{"email":"a@b.example"}'.encode("utf-16"),
    "UTF-32": '{"email":"a@b.example"}'.encode("utf-32"),
    "a lone surrogate": b'{"email":"a@b.example","company":"\\ud800"}',
    "a lone surrogate as a key": b'{"email":"a@b.example","\\udfff":1}',
    "gzip without saying so": gzip.compress(json.dumps(LEAD).encode()),
    "1,001 keys": json.dumps({f"k{n}": n for n in range(1_001)}).encode(),
    "single quotes": b"{'email':'a@b.example'}",
    "two documents": b'{"email":"a@b.example"}{"email":"c@d.example"}',
    "a comma too many": b'{"email":"a@b.example",}',
    "a raw control mark in a string": b'{"email":"a@b.example","company":"a\x01b"}',
    "XML": b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'a'>]><lead>&a;</lead>",
    "nothing": b"",
    "white space": b" \r\n\t",
    "null": b"null",
    "true": b"true",
    "a number": b"1",
    "a text": b'"a@b.example"',
    "an empty array": b"[]",
    "an empty object": b"{}",
    "an array of null": b"[null]",
    "an array of arrays": b"[[[]]]",
    "a BOM alone": b"\xef\xbb\xbf",
}


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("name", UNREADABLE)
def test_an_unreadable_body_is_parked_or_refused_by_the_generic_source(name: str, sender: str) -> None:
    started = time.perf_counter()
    outcome = try_request(SENDERS[sender](UNREADABLE[name]))
    assert time.perf_counter() - started < 2
    assert outcome["verified"]
    assert outcome["leads"] == []
    own = SOURCES[authentic_request(sender)["source"]].parse_before_commit
    if own:
        assert outcome["answer"]["status"] == 400
        detail = json.loads(outcome["answer"]["body"])["detail"]
    else:
        assert outcome["answer"]["status"] in (200, 202)
        detail = outcome["parked"]
    assert detail.endswith(".")
    assert "Traceback" not in detail
    assert "a@b.example" not in detail


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_json_is_read_to_a_depth_of_32_not_counting_brackets_in_strings(opening: str, closing: str) -> None:
    def nested(depth: int) -> str:
        return opening * depth + '"[[{\\\\\\"[["' + closing * depth

    reader.parse_json(nested(32))
    with pytest.raises(UnreadableBody, match="deeper than 32 levels"):
        reader.parse_json(nested(33))
    beside = "[" + ",".join(["[]", "{}"] * 1_000) + "]"
    assert len(reader.parse_json(beside).value) == 2_000


ODD = {
    "a key twice": b'{"email":"a@b.example","email":"c@d.example","id":"1"}',
    "a BOM": b'\xef\xbb\xbf{"email":"a@b.example"}',
    "32 levels": b'{"email":"a@b.example","x":' + b"[" * 31 + b"]" * 31 + b"}",
    "an id beyond 64 bits": b'{"id":' + b"9" * 100 + b"}",
    "empty keys": b'{"":"x","email":"a@b.example",".":"y","__":"z"," ":1}',
    "a NUL": b'{"email":"a@b.example","company":"a\\u0000b","\\u0000":1}',
    "every field a list": json.dumps({name: [1, "a"] for name in LEAD} | {"email": "a@b.example"}).encode(),
    "every field an object": json.dumps({name: {"a": {}} for name in LEAD} | {"email": "a@b.example"}).encode(),
    "every field true": json.dumps(dict.fromkeys(LEAD, True) | {"email": "a@b.example"}).encode(),
    "paths that meet": b'{"email":"a@b.example","company":{"name":"A"},"company.name":"B","company__name":"C"}',
    "utm as a text": b'{"email":"a@b.example","utm":"google","signals":"x","data":"y"}',
    "an empty envelope": b'{"type":"lead.mql","data":{},"email":"a@b.example"}',
    "a bidi override": '{"email":"a@b.example","company":"abc\u202egnp.exe\u2066"}'.encode(),
    "unicode line ends": '{"email":"a@b.example","company":"a\u2028b\u2029c\u0085d","name":"x\\u000by"}'.encode(),
    "CR and LF": b'{"email":"a@b.example","company":"Acme\\r\\nBcc: all@evil.example","name":"A\\nB","phone":"+1 202\\n555 0143"}',
    "long fields": json.dumps({"email": "a@b.example", "company": "x" * 100_000, "other": "y" * 100_000}).encode(),
    "a long key": json.dumps({"email": "a@b.example", "k" * 100_000: "v"}).encode(),
    "a slow band": json.dumps({"email": "a@b.example", "employees": "1" + " " * 1_900 + "x"}).encode(),
    "an address of a display name": b'{"email":"Ana Silva <a@b.example>"}',
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_but_readable_body_becomes_one_clean_lead(name: str) -> None:
    started = time.perf_counter()
    [item] = SOURCES["generic"].read_items(Delivery(ODD[name]), None)
    facts = lead_facts(item.fields, normalise(item.fields), endpoint="web", source="generic")
    assert time.perf_counter() - started < 1
    assert item.problem is None
    for value in item.fields.public().values():
        if isinstance(value, str):
            assert len(value) <= 2_000
            assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", value)
    assert len(json.dumps(item.unmapped)) < 5_000
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts
    if "a key twice" in name:
        assert item.fields.email == "c@d.example"
        assert "twice" in item.note
    elif "beyond 64 bits" not in name:
        assert item.fields.email == "a@b.example"


def test_line_breaks_in_a_field_are_replaced_by_spaces() -> None:
    [item] = SOURCES["generic"].read_items(Delivery(ODD["CR and LF"]), None)
    assert item.fields.company == "Acme Bcc: all@evil.example"
    assert item.fields.full_name == "A B"
    assert normalise(item.fields).phone == "+12025550143"


def test_an_email_with_a_line_break_is_refused() -> None:
    outcome = try_request(generic(b'{"email":"a@b.example\\r\\nBcc: c@d.example"}'))
    assert outcome["answer"]["status"] == 400
    assert "not an address" in outcome["answer"]["body"]


@pytest.mark.parametrize("address", ["аna@northwind.example", "ana@nоrthwind.example", "ana\u200d@northwind.example"])
def test_an_email_with_confusable_letters_is_never_the_address_that_it_resembles(address: str) -> None:
    body = json.dumps({"email": address, "id": "1"}).encode()
    [item] = SOURCES["generic"].read_items(Delivery(body), None)
    assert item.fields.email == address
    assert normalise(item.fields).email != "ana@northwind.example"


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)
_KEYS = st.sampled_from(
    [*LEAD, *EVENT, "data", "type", "properties", "utm", "signals", "activity", "employees", "created_at"]
)


@given(st.sampled_from(sorted(SOURCES)), st.dictionaries(_KEYS, _VALUES, max_size=8) | _VALUES)
@settings(deadline=None)
def test_any_json_is_read_or_refused_as_unreadable(source: str, payload: Any) -> None:
    body = json.dumps(payload).encode()
    reason = ""
    try:
        items = SOURCES[source].read_items(Delivery(body), None)
    except UnreadableBody as error:
        items, reason = [], error.reason
    assert items or reason.endswith(".")
    assert [item.index for item in items] == list(range(len(items)))
    for item in items:
        assert item.problem is None or item.problem.endswith(".")
        assert 0 < len(item_key(item, body)) <= 210
        normalised = normalise(item.fields)
        facts = lead_facts(item.fields, normalised, endpoint="web", source=source)
        json.dumps([item.unmapped, facts, item.fields.public()], allow_nan=False).encode()
