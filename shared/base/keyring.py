"""The secret keys of the installation: encrypt, sign, and derive one key for each purpose (HKDF, RFC 5869)."""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.base.errors import CannotStart

MINIMUM = 32


class KeyRing:
    """The installation's keys, newest first. New values use the newest key; each stored value contains its key's id."""

    def __init__(self, keys: list[str]) -> None:
        if not keys:
            raise CannotStart(
                "BATON_SECRET_KEYS is empty; set it to at least one random text of 32 or more characters."
            )
        short = [key for key in keys if len(key) < MINIMUM]
        if short:
            raise CannotStart(
                "A key in BATON_SECRET_KEYS is shorter than 32 characters; make one with `openssl rand -hex 32`."
            )
        self._keys = {_key_id(key): key for key in keys}
        self._newest = _key_id(keys[0])

    def derive(self, purpose: str, key_id: str | None = None) -> bytes:
        """The 32-byte key for a purpose. Raises KeyError for a key id that is gone."""
        secret = self._keys[key_id or self._newest].encode()
        return HKDF(algorithm=SHA256(), length=32, salt=b"baton", info=purpose.encode()).derive(secret)

    def seal(self, purpose: str, text: str) -> str:
        """Encrypt a text (AES-256-GCM); the result begins with the id of its key."""
        nonce = os.urandom(12)
        sealed = AESGCM(self.derive(purpose)).encrypt(nonce, text.encode(), purpose.encode())
        return f"{self._newest}.{_b64(nonce + sealed)}"

    def open(self, purpose: str, sealed: str) -> str:
        """Decrypt a text that `seal` encrypted. Raises ValueError when the key is gone or the text was changed."""
        key_id, _, body = sealed.partition(".")
        raw = _unb64(body)
        try:
            opened = AESGCM(self.derive(purpose, key_id)).decrypt(raw[:12], raw[12:], purpose.encode())
        except (KeyError, InvalidTag) as error:
            raise ValueError(
                "A sealed value cannot be opened: its key is not in BATON_SECRET_KEYS any more."
            ) from error
        return opened.decode()

    def sign(self, purpose: str, data: bytes) -> str:
        """Sign the data: the id of the newest key and an HMAC-SHA256, both as URL-safe text."""
        mac = hmac.digest(self.derive(purpose), data, "sha256")
        return f"{self._newest}{_b64(mac)}"

    def verify(self, purpose: str, data: bytes, signature: str) -> bool:
        """Whether `sign` made this signature; never raises."""
        key_id = signature[:8]
        if key_id not in self._keys or not signature.isascii():
            return False
        mac = hmac.digest(self.derive(purpose, key_id), data, "sha256")
        return hmac.compare_digest(f"{key_id}{_b64(mac)}".encode(), signature.encode())


def load_keyring(configured: str, data_dir: Path, *, embedded: bool) -> KeyRing:
    """The keys of BATON_SECRET_KEYS (comma separated); in embedded mode generated once and stored in the data directory."""
    if configured:
        return KeyRing([key.strip() for key in configured.split(",") if key.strip()])
    if not embedded:
        raise CannotStart("BATON_SECRET_KEYS is not set; every process needs the same keys, newest first.")
    path = data_dir / "secret.keys"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
    return KeyRing(path.read_text().split())


def _key_id(key: str) -> str:
    return _b64(hashlib.sha256(b"baton key id" + key.encode()).digest())[:8]


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
