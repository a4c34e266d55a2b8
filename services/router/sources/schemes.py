"""The recipes of the sources, as data in the shape of webhooks.md section 5."""

from collections.abc import Mapping
from typing import Any

from services.router.sources.signature_schemes import SignatureScheme, recipe

_TIME = {"header": "X-HubSpot-Request-Timestamp", "unit": "ms", "tolerance_s": 300}
_V3 = ["method", "url_hubspot_decoded", "body", "header:X-HubSpot-Request-Timestamp"]
_PLAIN: Mapping[str, Any] = {"alg": "sha256", "encoding": "hex", "header": "X-HubSpot-Signature"}

HUBSPOT: Mapping[str, SignatureScheme] = {
    "v3": recipe(
        "v3",
        {
            "alg": "hmac-sha256",
            "key": "utf8",
            "encoding": "base64",
            "header": "X-HubSpot-Signature-v3",
            "string_to_sign": _V3,
            "timestamp": _TIME,
        },
    ).instead_of("v1", "v2"),
    "v2": recipe("v2", {**_PLAIN, "string_to_sign": ["secret", "method", "url", "body"]}),
    "v1": recipe("v1", {**_PLAIN, "string_to_sign": ["secret", "body"]}),
}

_STANDARD: Mapping[str, Any] = {
    "encoding": "base64",
    "header": "webhook-signature",
    "string_to_sign": ["header:webhook-id", ".", "header:webhook-timestamp", ".", "body"],
    "timestamp": {"header": "webhook-timestamp", "unit": "s", "tolerance_s": 300},
}

STANDARD: Mapping[str, SignatureScheme] = {
    "v1": recipe("v1", {**_STANDARD, "alg": "hmac-sha256", "key": "whsec-base64", "sig_format": "space_list:v1"}),
    "v1a": recipe("v1a", {**_STANDARD, "alg": "ed25519", "key": "whpk-base64", "sig_format": "space_list:v1a"}),
    # Some adopters use the text of the secret itself as the key.
    "v1_utf8": recipe("v1_utf8", {**_STANDARD, "alg": "hmac-sha256", "key": "utf8", "sig_format": "space_list:v1"}),
}

BEARER = recipe("bearer", {"alg": "none", "header": "Authorization", "token": "bearer"})
BASIC = recipe("basic", {"alg": "none", "header": "Authorization", "token": "basic"})
PATH = recipe("path", {"alg": "none", "token": "path"})
