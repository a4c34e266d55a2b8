"""Ports that nobody listens on."""

import contextlib
import socket


def free_ports(count: int) -> list[int]:
    """As many different free ports of the loopback address; held until all are found, so that none comes twice."""
    with contextlib.ExitStack() as listeners:
        ports = []
        for _ in range(count):
            listener = listeners.enter_context(socket.socket())
            listener.bind(("127.0.0.1", 0))
            ports.append(int(listener.getsockname()[1]))
        return ports
