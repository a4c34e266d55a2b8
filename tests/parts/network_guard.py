"""Keeps tests on this machine: a connection to another host is refused, and the test that tried it fails."""

import ipaddress
import socket
from typing import Any

attempts: list[str] = []


class OutsideConnectionRefused(ConnectionError):
    """A test tried to connect to another machine."""


def _refuse_unless_local(host: object) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if not isinstance(name, str) or _is_local(name):
        return
    attempts.append(name)
    raise OutsideConnectionRefused(f"A test tried to connect to {name}; tests may connect to this machine only.")


def _is_local(name: str) -> bool:
    if name in {"", "localhost", "0.0.0.0", "::"} or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.split("%")[0]).is_loopback
    except ValueError:
        return name == socket.gethostname()


def _is_ip_address(host: object) -> bool:
    try:
        ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host))
    except ValueError:
        return False
    return True


def install(monkeypatch: Any) -> None:
    """Check the host of every connection and name look-up of this process."""
    lookup = socket.getaddrinfo

    def getaddrinfo(host: object, *rest: Any, **named: Any) -> Any:
        if host is not None and not _is_ip_address(host):
            _refuse_unless_local(host)
        return lookup(host, *rest, **named)  # type: ignore[arg-type]

    def guarded(name: str) -> Any:
        real = getattr(socket.socket, name)

        def method(self: socket.socket, *words: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6) and isinstance(words[-1], tuple):
                _refuse_unless_local(words[-1][0])
            return real(self, *words)

        return method

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, guarded(name))
