"""Bodies of every encoding, content type, charset and size are parsed, or refused with a sentence."""

import json
import re
import zlib

import pytest

from services.router.sources import body as reader
from services.router.sources.delivery import Delivery
from services.router.sources.dry_run import try_request
from services.router.sources.errors import UnreadableBody
from services.router.sources.registry import SOURCES
from tests.router.sources.senders import EVENT, LEAD, SENDERS, authentic_request, generic


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "deflate", "br", "zstd", "gzip, gzip", "identity, gzip", "x"])
def test_a_compressed_body_is_never_inflated(encoding: str, sender: str) -> None:
    bomb = zlib.compress(b"0" * 1_000_000)
    request = SENDERS[sender](bomb)
    outcome = try_request({**request, "headers": {**request["headers"], "Content-Encoding": encoding}})
    assert outcome["answer"]["status"] == 415
    assert outcome["leads"] == []
    forged = {**request, "secret": "whsec_" + "A" * 32, "headers": {**request["headers"], "Content-Encoding": encoding}}
    assert try_request(forged)["answer"]["status"] in (401, 503)


@pytest.mark.parametrize("sender", SENDERS)
def test_a_body_over_the_size_limit_is_refused_by_its_length_alone(sender: str) -> None:
    kind = SOURCES[authentic_request(sender)["source"]]
    assert kind.early_refusal("POST", kind.max_body_bytes) is None
    refused = kind.early_refusal("POST", kind.max_body_bytes + 1)
    assert refused is not None
    assert refused.status == 413
    outcome = try_request(SENDERS[sender](b'{"email":"a@b.example","x":"' + b"x" * 2_000_000 + b'"}'))
    assert (outcome["answer"]["status"], outcome["leads"]) == (413, [])


@pytest.mark.parametrize(
    "kind", ["application/xml", "text/html", "multipart/form-data; boundary=x", "image/png", "*/*"]
)
def test_the_generic_source_refuses_a_content_type_that_it_does_not_accept(kind: str) -> None:
    outcome = try_request(generic(json.dumps(LEAD).encode(), kind))
    assert (outcome["answer"]["status"], outcome["leads"]) == (415, [])


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "APPLICATION/JSON", "text/plain", "", "application/json;"]
)
def test_the_generic_source_reads_json_under_each_content_type_that_senders_use(kind: str) -> None:
    assert len(try_request(generic(json.dumps(LEAD).encode(), kind))["leads"]) == 1


@pytest.mark.parametrize(
    "charset", ["utf-7", "utf-16", "base64", "rot13", "idna", "unicode_escape", "x" * 1_000, "\r\nx"]
)
def test_a_body_in_an_unsupported_charset_is_not_decoded(charset: str) -> None:
    with pytest.raises(UnreadableBody):
        reader.parse_body(f"application/json; charset={charset}", b'{"email":"a@b.example"}')


def test_a_body_in_latin_1_is_decoded_as_latin_1() -> None:
    sent = '{"email":"a@b.example","company":"Müller"}'.encode("iso-8859-1")
    assert reader.parse_body("application/json; charset=ISO-8859-1", sent).value["company"] == "Müller"


FORM = "application/x-www-form-urlencoded"


def test_a_form_with_bracket_keys_is_read_as_nested_fields() -> None:
    sent = b"email=ana%40northwind.example&name=Ana+Silva&company%5Bname%5D=N%26W&activity[]=Demo&activity[]=Call&utm_source=x"
    [lead] = try_request(generic(sent, FORM))["leads"]
    assert (lead["email"], lead["full_name"], lead["company"]) == ("ana@northwind.example", "Ana Silva", "N&W")
    assert lead["utm"] == {"source": "x"}


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"&&&",
        b"&".join(b"k%d=v" % n for n in range(1_001)),
        b"email[a][b][c][d][e][f]=x",
        b"email=%ff%fe",
        b"=",
        b"[]=x",
        b"][=x",
        b"a=%",
        b"%00=x",
        b"a[" * 50_000,
    ],
)
def test_a_hostile_form_is_refused_with_a_sentence(sent: bytes) -> None:
    outcome = try_request(generic(sent, FORM))
    assert (outcome["answer"]["status"], outcome["leads"]) == (400, [])


@pytest.mark.parametrize(
    "sent", [b"email=a@b.example&email[x]=1", b"a[b]=1&a=2&email=a@b.example", b"email=a@b.example&a[]=1&a=2&a[b]=3"]
)
def test_contradicting_fields_of_a_form_leave_a_note(sent: bytes) -> None:
    [item] = SOURCES["generic"].read_items(Delivery(sent, FORM), None)
    assert item.fields.email == "a@b.example"
    assert "twice" in item.note


def test_the_usable_items_of_an_array_are_kept_and_each_unusable_one_is_named() -> None:
    outcome = try_request(generic(json.dumps([LEAD, 1, {"company": "x"}, {"email": "nobody"}, LEAD]).encode()))
    content = json.loads(outcome["answer"]["body"])
    assert outcome["answer"]["status"] == 202
    assert (len(outcome["leads"]), len(content["leads"])) == (2, 2)
    assert [problem["index"] for problem in content["problems"]] == [1, 2, 3]
    assert all(problem["detail"].endswith(".") for problem in content["problems"])


def test_an_array_of_more_than_a_hundred_leads_is_refused() -> None:
    assert len(try_request(generic(json.dumps([LEAD] * 100).encode()))["leads"]) == 100
    assert try_request(generic(json.dumps([LEAD] * 101).encode()))["answer"]["status"] == 400


def test_a_hubspot_batch_parks_only_the_events_that_are_not_leads() -> None:
    deal = {**EVENT, "subscriptionType": "deal.creation"}
    company = {**EVENT, "subscriptionType": "object.creation", "objectTypeId": "0-2"}
    outcome = try_request(SENDERS["hubspot v3"](json.dumps([EVENT, 7, deal, {}, company, EVENT]).encode()))
    assert outcome["answer"]["status"] == 200
    assert len(outcome["leads"]) == 2
    assert re.findall(r"Item (\d+): ", outcome["parked"]) == ["1", "2", "3", "4"]
