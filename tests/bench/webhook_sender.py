"""Builds signed webhooks (Standard Webhooks v1), each about a different person; about 780 bytes, 30 fields."""

import base64
import hashlib
import hmac
import itertools
import time

import orjson

from tests.bench.http_connection import request

FILLER = {f"field_{number}": f"what a form asks, answer {number}" for number in range(20)}


class WebhookSender:
    """One sending system, with the `path` and the secret of its endpoint."""

    def __init__(self, path: str, secret: str, name: str = "b") -> None:
        self._path = path
        self._key = base64.b64decode(secret.removeprefix("whsec_"))
        self._name = name
        self._numbers = itertools.count()

    def next_request(self) -> bytes:
        """The bytes of the next request: a new message about a new person."""
        number = next(self._numbers)
        body = orjson.dumps(
            {
                "email": f"p{number}@{self._name}{number}.example",
                "name": f"Ada Abel {number}",
                "company": f"Proseware {self._name} {number}",
                "phone": f"+1202555{number % 10_000:04}",
                "country": "US",
                "activity": "demo request",
                **FILLER,
            }
        )
        message, timestamp = f"msg_{self._name}_{number}", str(int(time.time()))
        signed = f"{message}.{timestamp}.".encode() + body
        signature = base64.b64encode(hmac.digest(self._key, signed, hashlib.sha256)).decode()
        headers = {"webhook-id": message, "webhook-timestamp": timestamp, "webhook-signature": f"v1,{signature}"}
        return request(self._path, body, headers)
