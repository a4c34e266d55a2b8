"""New secrets, in the form that a signature scheme wants."""

import base64
import secrets


def new_secret(scheme: str) -> str:
    """Generate a secret of the form that the scheme wants."""
    if scheme in {"v1", "v1a"}:
        return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    return secrets.token_urlsafe(32)
