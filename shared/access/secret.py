"""Generates secrets in the form that a signature scheme requires."""

import base64
import secrets


def new_secret(scheme: str) -> str:
    """Generate a secret of 32 random bytes: `whsec_` and base64 for Standard Webhooks, otherwise URL-safe text."""
    if scheme in {"v1", "v1a"}:
        return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    return secrets.token_urlsafe(32)
