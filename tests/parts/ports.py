"""Finds free TCP ports."""

import contextlib
import socket


def free_ports(count: int) -> list[int]:
    """`count` different free ports of the loopback address; all are held open until the last is found, so that none repeats."""
    with contextlib.ExitStack() as listeners:
        ports = []
        for _ in range(count):
            listener = listeners.enter_context(socket.socket())
            listener.bind(("127.0.0.1", 0))
            ports.append(int(listener.getsockname()[1]))
        return ports
