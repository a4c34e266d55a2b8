"""A generic webhook, signed by Standard Webhooks: the id stays over retries, the timestamp is of each attempt."""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import httpx
import orjson
from standardwebhooks import Webhook as Signer

from services.notifier.channels.outcome import Outcome
from services.notifier.domain.message import Composed
from shared.base import failpoints
from shared.base.credentials import Destination

TIMEOUT = 10.0
GONE = 410


class Refused(ValueError):
    """A target that must not be posted to; the message says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request really goes: the URL with the address that was checked, and the name that it had."""

    url: str
    host: str
    name: str


class Webhook:
    """Posts to targets; follows no redirect, and goes to no address that is not public unless the target is `local`."""

    def __init__(self) -> None:
        self._client = httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=False)

    async def send(self, target: Destination, item: Composed, wall: datetime) -> Outcome:
        """Post one notice; `wall` is the real time of this attempt."""
        body = orjson.dumps(item.payload).decode()
        headers = {
            "content-type": "application/json",
            "webhook-id": item.notice.id,
            "webhook-timestamp": str(int(wall.timestamp())),
            "webhook-signature": Signer(target.secret).sign(item.notice.id, wall, body),
        }
        try:
            status = await asyncio.wait_for(self._post(target, body, headers), TIMEOUT)
        except Refused as error:
            return Outcome(False, str(error), final=True)
        except (httpx.HTTPError, OSError, TimeoutError) as error:
            return Outcome(False, f"the target cannot be reached ({type(error).__name__})")
        if 200 <= status < 300:
            return Outcome(True)
        return Outcome(False, f"the target answered {status}", final=status == GONE)

    async def _post(self, target: Destination, body: str, headers: dict[str, str]) -> int:
        place = await resolved(target)
        request = self._client.build_request(
            "POST",
            place.url,
            content=body,
            headers={**headers, "host": place.host},
            # The certificate is checked for the name, the connection goes to the address that was checked.
            extensions={"sni_hostname": place.name},
        )
        failpoints.hit("before_data")
        response = await self._client.send(request, stream=True)
        await response.aclose()
        return response.status_code

    async def close(self) -> None:
        """Give connections back."""
        await self._client.aclose()


async def resolved(target: Destination) -> Place:
    """The address that a target's name has now. Raises Refused unless it is https and every address of it is public."""
    parts = urlsplit(target.url)
    name = parts.hostname or ""
    if not target.local and (parts.scheme != "https" or not name or parts.username):
        raise Refused("the target is not https, or carries a password in its URL")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    addresses = [str(item[4][0]) for item in found]
    if not target.local and not all(public(address) for address in addresses):
        raise Refused("the target's address is not a public one; make it with --local if that is meant")
    address = addresses[0]
    literal = f"[{address}]" if ":" in address else address
    return Place(parts._replace(netloc=f"{literal}:{port}").geturl(), parts.netloc.rpartition("@")[2], name)


def public(address: str) -> bool:
    """Whether an address is one of the open internet, also when it hides an IPv4 one."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.is_site_local or found in _LOCAL_NAT64:
            return False
        hidden = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None) or _nat64(found)
        if hidden:
            return public(str(hidden))
    return found.is_global and not found.is_multicast


_NAT64, _LOCAL_NAT64, _COMPATIBLE = (ipaddress.ip_network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96"))


def _nat64(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _NAT64 or address in _COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
