"""The simulated senders of the demo: marketing systems that post signed requests to the webhook endpoints."""

import asyncio
import base64
import hashlib
import hmac
import random
import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import orjson

FIRST = (
    "Ada",
    "Bruno",
    "Chiara",
    "David",
    "Elif",
    "Femi",
    "Greta",
    "Hugo",
    "Ivy",
    "Jonas",
    "Kira",
    "Luis",
    "Mina",
    "Noah",
    "Orla",
    "Pavel",
)
LAST = (
    "Abel",
    "Berg",
    "Costa",
    "Diaz",
    "Evans",
    "Fischer",
    "Gruber",
    "Huang",
    "Ito",
    "Jansen",
    "Klein",
    "Lopez",
    "Meyer",
    "Novak",
)
COMPANIES = (
    "Proseware",
    "Fabrikam",
    "Contoso",
    "Adatum",
    "Tailspin",
    "Wingtip",
    "Litware",
    "Alpine",
    "Trey",
    "Humongous",
)
COUNTRIES = ("US", "US", "US", "Germany", "DE", "Austria", "CH", "UK", "FR")
TITLES = ("VP Sales", "Head of Operations", "Analyst", "Director IT", "Buyer", "Chief of Staff", "Engineer")
ACTIVITIES = ("Demo request", "Demo request", "Contact sales", "Ebook", "Pricing page", "Webinar")


@dataclass(frozen=True, slots=True)
class DemoEndpoints:
    """The URL and the secret of each endpoint of the demo."""

    workflow: tuple[str, str]
    standard: tuple[str, str]
    generic: tuple[str, str]


def random_person(rng: random.Random) -> dict[str, Any]:
    """The fields of a random person who enquires."""
    first, last, company = rng.choice(FIRST), rng.choice(LAST), rng.choice(COMPANIES)
    return {
        "firstname": first,
        "lastname": last,
        "email": f"{first}.{last}{rng.randrange(1000)}@{company}.example".lower(),
        "company": company,
        "country": rng.choice(COUNTRIES),
        "jobtitle": rng.choice(TITLES),
        "employees": rng.choice((5, 40, 250, 1200, 9000)),
        "activity": rng.choice(ACTIVITIES),
    }


async def post_hubspot_workflow(
    client: httpx.AsyncClient, endpoint: tuple[str, str], person: dict[str, Any], rng: random.Random
) -> int:
    """Post the webhook of a HubSpot workflow, signed by scheme v2: SHA-256 over secret, method, URL and body. Returns the status."""
    url, secret = endpoint
    properties = {
        "email": person["email"],
        "firstname": person["firstname"],
        "lastname": person["lastname"],
        "company": person["company"],
        "country": person["country"],
        "jobtitle": person["jobtitle"],
        "numemployees": str(person["employees"]),
        "lifecyclestage": "marketingqualifiedlead",
        "activity": person["activity"],
    }
    contact = {
        "vid": rng.randrange(10**8),
        "properties": {name: {"value": value} for name, value in properties.items()},
    }
    body = orjson.dumps(contact)
    signature = hashlib.sha256(secret.encode() + b"POST" + url.encode() + body).hexdigest()
    headers = {
        "content-type": "application/json",
        "x-hubspot-signature": signature,
        "x-hubspot-signature-version": "v2",
    }
    return (await client.post(url, content=body, headers=headers)).status_code


async def post_standard_webhook(
    client: httpx.AsyncClient, endpoint: tuple[str, str], person: dict[str, Any], rng: random.Random
) -> int:
    """Post a Standard Webhooks message; one in five is delivered twice. Returns the status."""
    url, secret = endpoint
    message_id, timestamp = f"msg_{uuid4().hex}", str(int(time.time()))
    lead = {
        "email": person["email"],
        "name": f"{person['firstname']} {person['lastname']}",
        "company": person["company"],
    }
    lead |= {
        "country": person["country"],
        "job_title": person["jobtitle"],
        "employees": person["employees"],
        "activity": person["activity"],
    }
    body = orjson.dumps({"type": "lead.created", "data": lead})
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, "sha256")
    headers = {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }
    response = await client.post(url, content=body, headers=headers)
    if rng.random() < 0.2:
        response = await client.post(url, content=body, headers=headers)
    return response.status_code


async def post_form(
    client: httpx.AsyncClient, endpoint: tuple[str, str], person: dict[str, Any], rng: random.Random
) -> int:
    """Post a form with a bearer token; one in twelve is a bot that fills in the honeypot. Returns the status."""
    url, secret = endpoint
    form = {
        "email": person["email"],
        "name": f"{person['firstname']} {person['lastname']}",
        "company": person["company"],
        "country": person["country"],
        "title": person["jobtitle"],
        "employees": str(person["employees"]),
        "activity": person["activity"],
    }
    if rng.random() < 0.08:
        form["honeypot"] = "true"
    return (await client.post(url, data=form, headers={"authorization": f"Bearer {secret}"})).status_code


async def send_leads(
    client: httpx.AsyncClient, endpoints: DemoEndpoints, stop: asyncio.Event, rng: random.Random, interval: float
) -> None:
    """Post leads until stopped, one every `interval` real seconds on average; one in ten is a person who comes back."""
    earlier: list[dict[str, Any]] = []
    senders = (
        (post_hubspot_workflow, endpoints.workflow),
        (post_standard_webhook, endpoints.standard),
        (post_form, endpoints.generic),
    )
    while not stop.is_set():
        returning = bool(earlier) and rng.random() < 0.1
        person = rng.choice(earlier) | {"activity": "Pricing page"} if returning else random_person(rng)
        earlier.append(person)
        sender, endpoint = rng.choice(senders)
        try:
            await sender(client, endpoint, person, rng)
        except httpx.HTTPError:
            return
        try:
            await asyncio.wait_for(stop.wait(), rng.uniform(0.4, 1.6) * interval)
        except TimeoutError:
            continue
