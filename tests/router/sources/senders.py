"""Signed requests of each sender, as cases for dry runs, built from the senders' documentation with hashlib only."""

import base64
import hashlib
import hmac
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

NOW = 1_790_000_000
URL = "https://leads.example.com/webhooks/4f1c"
CLIENT_SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TOKEN = "zp_11"
ED25519 = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WHPK = "whpk_" + base64.b64encode(ED25519.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def _case(source: str, scheme: str, secret: str, body: bytes, headers: dict[str, str], **more: Any) -> dict[str, Any]:
    all_headers = {"Content-Type": "application/json", **headers}
    case = {
        "source": source,
        "scheme": scheme,
        "secret": secret,
        "headers": all_headers,
        "now": NOW,
        "url": URL,
        **more,
    }
    return {**case, "method": "POST", "body_base64": base64.b64encode(body).decode()}


def hubspot_v3(body: bytes, at: int = NOW * 1000, url: str = URL, signed_url: str | None = None) -> dict[str, Any]:
    signed = b"POST" + (signed_url or url).encode() + body + str(at).encode()
    digest = base64.b64encode(hmac.new(CLIENT_SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    headers = {"X-HubSpot-Signature-v3": digest, "X-HubSpot-Request-Timestamp": str(at)}
    return _case("hubspot", "v3", CLIENT_SECRET, body, headers, url=url)


def hubspot_v1(body: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(CLIENT_SECRET.encode() + body).hexdigest()
    return _case("hubspot", "v1", CLIENT_SECRET, body, {"X-HubSpot-Signature": digest})


def workflow(body: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(CLIENT_SECRET.encode() + b"POST" + URL.encode() + body).hexdigest()
    return _case("hubspot_workflow", "v2", CLIENT_SECRET, body, {"X-HubSpot-Signature": digest})


def standard(body: bytes, at: int | str = NOW, name: str = "msg_1", family: str = "webhook") -> dict[str, Any]:
    key = base64.b64decode(WHSEC.removeprefix("whsec_"))
    digest = hmac.new(key, f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
    return _case("standard", "v1", WHSEC, body, _family(family, name, at, "v1," + base64.b64encode(digest).decode()))


def standard_ed25519(body: bytes, at: int = NOW, name: str = "msg_1") -> dict[str, Any]:
    signature = ED25519.sign(f"{name}.{at}.".encode() + body)
    headers = _family("webhook", name, at, "v1a," + base64.b64encode(signature).decode())
    return _case("standard", "v1a", WHPK, body, headers)


def _family(family: str, name: str, at: int | str, signature: str) -> dict[str, str]:
    return {f"{family}-id": name, f"{family}-timestamp": str(at), f"{family}-signature": signature}


def generic(body: bytes, kind: str = "application/json") -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": kind}
    return _case("generic", "bearer", TOKEN, body, headers)


SENDERS = {
    "hubspot v3": hubspot_v3,
    "hubspot v1": hubspot_v1,
    "hubspot workflow": workflow,
    "standard": standard,
    "standard ed25519": standard_ed25519,
    "generic": generic,
}
SIGNED = tuple(name for name in SENDERS if name != "generic")

LEAD = {"id": "lead_1", "email": "ana.silva@northwind.example", "first_name": "Ana", "company": "Northwind Energy"}
EVENT = {
    "eventId": 1,
    "subscriptionId": 25,
    "portalId": 33,
    "occurredAt": NOW * 1000,
    "subscriptionType": "contact.propertyChange",
    "objectId": 1246965,
    "propertyName": "lifecyclestage",
    "propertyValue": "marketingqualifiedlead",
    "attemptNumber": 0,
}


def authentic_body(sender: str) -> bytes:
    """A body that this sender's source reads as one lead."""
    return json.dumps([EVENT] if sender in ("hubspot v3", "hubspot v1") else LEAD).encode()


def authentic_request(sender: str) -> dict[str, Any]:
    """An authentic request of this sender that becomes one lead."""
    return SENDERS[sender](authentic_body(sender))
