"""Host ports for containers that ask for any: free on their instance, used once on this machine.

Once on the machine and not once an instance, because many programs ignore HOST and bind every
address. The range lies above Linux's own ephemeral ports, so no outgoing connection takes one.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from itertools import chain

FIRST, LAST = 61_000, 65_535


class NoFreePort(Exception):
    pass


class HostPorts:
    def __init__(self) -> None:
        self._taken: set[int] = set()
        self._next = FIRST

    def take(self, address: str) -> int:
        for port in self._candidates():
            if port not in self._taken and bindable(address, port):
                self._taken.add(port)
                self._next = port + 1 if port < LAST else FIRST
                return port
        raise NoFreePort(f"no port between {FIRST} and {LAST} is free on {address}")

    def give_back(self, ports: Iterable[int]) -> None:
        self._taken.difference_update(ports)

    def _candidates(self) -> Iterable[int]:
        return chain(range(self._next, LAST + 1), range(FIRST, self._next))


def bindable(address: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True
