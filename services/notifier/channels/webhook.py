"""A generic webhook, signed by Standard Webhooks: id constant over retries, timestamp of each attempt."""

import asyncio
import ipaddress
import socket
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
from standardwebhooks import Webhook as Signer

from services.notifier.channels.outcome import Outcome
from shared.access import Target

TIMEOUT = 15.0


class Webhook:
    """Posts to targets; never follows a redirect, never to an address that is not public unless the target is `local`."""

    def __init__(self) -> None:
        self._client = httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=False)

    async def send(self, target: Target, notice: str, payload: dict[str, Any]) -> Outcome:
        """Post one notice."""
        refused = await unsafe(target)
        if refused:
            return Outcome(False, refused, final=True)
        body = orjson.dumps(payload).decode()
        now = datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": notice,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Signer(target.secret).sign(notice, now, body),
        }
        try:
            response = await self._client.post(target.url, content=body, headers=headers)
        except httpx.HTTPError as error:
            return Outcome(False, f"the target cannot be reached ({type(error).__name__})")
        if response.is_success:
            return Outcome(True)
        gone = response.status_code == 410
        return Outcome(False, f"the target answered {response.status_code}", final=gone)

    async def close(self) -> None:
        """Give connections back."""
        await self._client.aclose()


async def unsafe(target: Target) -> str:
    """Why a target must not be posted to ("" when it may): https, and every address that its name has is public."""
    if target.local:
        return ""
    parts = urlsplit(target.url)
    if parts.scheme != "https" or not parts.hostname:
        return "the target is not https"
    try:
        found = await asyncio.get_running_loop().getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except OSError:
        return ""
    addresses = {ipaddress.ip_address(item[4][0]) for item in found}
    return "" if all(address.is_global for address in addresses) else "the target's address is not a public one"
