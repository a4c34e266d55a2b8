"""What is signed: the file's own text, with line ends alike."""

from hashlib import sha256

from shared.agreement.language.parse import Agreement


def agreement_hash(text: str) -> str:
    """`sha256:` and the digest of the text; a byte order mark and the kind of line ends do not count."""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return f"sha256:{sha256(plain.encode()).hexdigest()}"


def who_signs(agreement: Agreement) -> dict[str, str]:
    """Side (`marketing`, `sales`) to the address of the person who signs for it."""
    return dict(agreement.chapters["signed_by"])
