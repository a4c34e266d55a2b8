"""Posts notices to webhook destinations, signed by Standard Webhooks: one id for all attempts, a new timestamp each."""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import httpx
import orjson
from standardwebhooks import Webhook as Signer

from services.notifier.domain.message import OutgoingMessage, SendResult
from shared.base import failpoints
from shared.base.credentials import Destination

TIMEOUT = 10.0
STATUS_GONE = 410


class DestinationRefused(ValueError):
    """A destination that must not be posted to; the text says why."""


@dataclass(frozen=True, slots=True)
class ResolvedUrl:
    """A URL whose host name is replaced by a checked address; `host` is for the header, `name` for the certificate."""

    url: str
    host: str
    name: str


class Webhook:
    """Posts to destinations. Follows no redirect, and connects to public addresses only unless a destination is `local`."""

    def __init__(self) -> None:
        self._client = httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=False)

    async def send(self, destination: Destination, outgoing: OutgoingMessage, wall: datetime) -> SendResult:
        """Post one notice; `wall` is the real time of this attempt."""
        body = orjson.dumps(outgoing.payload).decode()
        headers = {
            "content-type": "application/json",
            "webhook-id": outgoing.notice.id,
            "webhook-timestamp": str(int(wall.timestamp())),
            "webhook-signature": Signer(destination.secret).sign(outgoing.notice.id, wall, body),
        }
        try:
            status = await asyncio.wait_for(self._post(destination, body, headers), TIMEOUT)
        except DestinationRefused as error:
            return SendResult(False, str(error), final=True)
        except (httpx.HTTPError, OSError, TimeoutError) as error:
            return SendResult(False, f"the destination cannot be reached ({type(error).__name__})")
        if 200 <= status < 300:
            return SendResult(True)
        return SendResult(False, f"the destination answered {status}", final=status == STATUS_GONE)

    async def _post(self, destination: Destination, body: str, headers: dict[str, str]) -> int:
        resolved = await resolve(destination)
        request = self._client.build_request(
            "POST",
            resolved.url,
            content=body,
            headers={**headers, "host": resolved.host},
            # TLS verifies the certificate for the name, while the connection goes to the checked address.
            extensions={"sni_hostname": resolved.name},
        )
        failpoints.hit("before_data")
        response = await self._client.send(request, stream=True)
        await response.aclose()
        return response.status_code

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()


async def resolve(destination: Destination) -> ResolvedUrl:
    """Look up the address of a destination.

    Raises DestinationRefused unless it is https and all its addresses are public (or it is `local`)."""
    parts = urlsplit(destination.url)
    name = parts.hostname or ""
    if not destination.local and (parts.scheme != "https" or not name or parts.username):
        raise DestinationRefused("the destination is not https, or has a password in its URL")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    infos = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    addresses = [str(item[4][0]) for item in infos]
    if not destination.local and not all(is_public(address) for address in addresses):
        raise DestinationRefused(
            "the address of the destination is not public; create it with --local if that is intended"
        )
    address = addresses[0]
    literal = f"[{address}]" if ":" in address else address
    return ResolvedUrl(parts._replace(netloc=f"{literal}:{port}").geturl(), parts.netloc.rpartition("@")[2], name)


def is_public(address: str) -> bool:
    """Whether an address is public; an IPv6 address that embeds an IPv4 address is public when the IPv4 address is."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.is_site_local or ip in _LOCAL_NAT64:
            return False
        embedded = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None) or _ipv4_in_nat64(ip)
        if embedded:
            return is_public(str(embedded))
    return ip.is_global and not ip.is_multicast


_NAT64, _LOCAL_NAT64, _COMPATIBLE = (
    ipaddress.ip_network(prefix) for prefix in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96")
)


def _ipv4_in_nat64(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _NAT64 or address in _COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
