"""The hash that people sign: of the file's text with normalised line ends."""

from hashlib import sha256


def agreement_hash(text: str) -> str:
    """`sha256:` and the digest of the text; a byte order mark and the style of line ends make no difference."""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return f"sha256:{sha256(plain.encode()).hexdigest()}"
