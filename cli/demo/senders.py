"""The demo's senders: marketing systems that post signed requests through the real doors."""

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
class Doors:
    """The endpoints of the demo: URL and secret of each."""

    workflow: tuple[str, str]
    standard: tuple[str, str]
    generic: tuple[str, str]


def person(chance: random.Random) -> dict[str, Any]:
    """Somebody who enquires."""
    first, last, firm = chance.choice(FIRST), chance.choice(LAST), chance.choice(COMPANIES)
    return {
        "firstname": first,
        "lastname": last,
        "email": f"{first}.{last}{chance.randrange(1000)}@{firm}.example".lower(),
        "company": firm,
        "country": chance.choice(COUNTRIES),
        "jobtitle": chance.choice(TITLES),
        "employees": chance.choice((5, 40, 250, 1200, 9000)),
        "activity": chance.choice(ACTIVITIES),
    }


async def workflow(client: httpx.AsyncClient, door: tuple[str, str], who: dict[str, Any], chance: random.Random) -> int:
    """A HubSpot workflow's webhook, signed by v2: sha256 over secret, method, URL and body."""
    url, secret = door
    properties = {
        "email": who["email"],
        "firstname": who["firstname"],
        "lastname": who["lastname"],
        "company": who["company"],
        "country": who["country"],
        "jobtitle": who["jobtitle"],
        "numemployees": str(who["employees"]),
        "lifecyclestage": "marketingqualifiedlead",
        "activity": who["activity"],
    }
    contact = {
        "vid": chance.randrange(10**8),
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


async def standard(client: httpx.AsyncClient, door: tuple[str, str], who: dict[str, Any], chance: random.Random) -> int:
    """A Standard Webhooks message."""
    url, secret = door
    name, stamp = f"msg_{uuid4().hex}", str(int(time.time()))
    lead = {"email": who["email"], "name": f"{who['firstname']} {who['lastname']}", "company": who["company"]}
    lead |= {
        "country": who["country"],
        "job_title": who["jobtitle"],
        "employees": who["employees"],
        "activity": who["activity"],
    }
    body = orjson.dumps({"type": "lead.created", "data": lead})
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.digest(key, f"{name}.{stamp}.".encode() + body, "sha256")
    headers = {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }
    answer = await client.post(url, content=body, headers=headers)
    if chance.random() < 0.2:
        answer = await client.post(url, content=body, headers=headers)
    return answer.status_code


async def generic(client: httpx.AsyncClient, door: tuple[str, str], who: dict[str, Any], chance: random.Random) -> int:
    """A form's post with a bearer token; now and then a bot that fills in the trap."""
    url, secret = door
    form = {
        "email": who["email"],
        "name": f"{who['firstname']} {who['lastname']}",
        "company": who["company"],
        "country": who["country"],
        "title": who["jobtitle"],
        "employees": str(who["employees"]),
        "activity": who["activity"],
    }
    if chance.random() < 0.08:
        form["honeypot"] = "true"
    return (await client.post(url, data=form, headers={"authorization": f"Bearer {secret}"})).status_code


async def send(
    client: httpx.AsyncClient, doors: Doors, stop: asyncio.Event, chance: random.Random, every: float
) -> None:
    """Post leads until stopped, one every `every` real seconds or so; now and then somebody comes back."""
    known: list[dict[str, Any]] = []
    kinds = ((workflow, doors.workflow), (standard, doors.standard), (generic, doors.generic))
    while not stop.is_set():
        again = bool(known) and chance.random() < 0.1
        who = chance.choice(known) | {"activity": "Pricing page"} if again else person(chance)
        known.append(who)
        sender, door = chance.choice(kinds)
        try:
            await sender(client, door, who, chance)
        except httpx.HTTPError:
            return
        try:
            await asyncio.wait_for(stop.wait(), chance.uniform(0.4, 1.6) * every)
        except TimeoutError:
            continue
