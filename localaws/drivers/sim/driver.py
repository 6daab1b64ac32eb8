"""The driver: every image is there, nothing is executed, and no address has a socket."""

from __future__ import annotations

import hashlib
import signal
from collections.abc import Mapping
from itertools import chain

from localaws.clock import Clock
from localaws.drivers.driver import Feature, Image, Launch, OnLine, Port, PullFailed, StartFailed
from localaws.drivers.sim.container import Simulated
from localaws.drivers.sim.script import Unusable
from localaws.drivers.sim.table import Table

FIRST_PORT, LAST_PORT = 32_768, 60_999  # Linux's own range, which an instance's Docker takes from
DAEMON = "Error response from daemon: driver failed programming external connectivity: "


class SimDriver:
    honours: frozenset[Feature] = frozenset()

    def __init__(self, clock: Clock) -> None:
        self.table = Table()
        self._clock = clock
        self._alive: dict[str, Simulated] = {}
        self._listening: dict[tuple[str, int], Simulated | None] = {}  # None: not started yet
        self._next: dict[str, int] = {}  # by address, the port to try first

    async def start(self) -> None:
        """Nothing runs that would have to be started."""

    async def stop(self) -> None:
        for container in list(self._alive.values()):
            await container.signal(signal.SIGKILL)

    async def pull(self, reference: str) -> Image:
        script = self.table.of(reference, {})
        await self._clock.sleep(script.pull_seconds)
        if script.pull_error is not None:
            raise PullFailed(script.pull_error)
        return Image(_digest(reference), reference=reference)

    async def launch(self, launch: Launch) -> Simulated:
        try:
            script = self.table.of(launch.image.reference, launch.environment)
        except Unusable as error:
            raise StartFailed(str(error)) from error
        ports: list[Port] = []
        try:
            self._bind(launch, ports)
            await self._clock.sleep(script.start_seconds)
            if script.start_error is not None:
                raise StartFailed(script.start_error)
        except BaseException:
            self._give_back(launch.address, ports)
            raise
        container = Simulated(launch, script, ports, self._clock, self._gone)
        self._alive[launch.id] = container
        self._listening |= {(launch.address, port.host): container for port in ports}
        for line in script.says:
            launch.on_line(line)
        return container

    async def adopt(self, labels: Mapping[str, str], on_line: OnLine) -> None:
        """Never: a simulation ends with us."""

    async def end_unadopted(self) -> None:
        """There are none, see `adopt`."""

    async def probe(self, address: str, port: int, path: str, timeout: float) -> int:  # noqa: ARG002
        """What a load balancer's GET is answered, where there is nothing to connect to."""
        container = self._listening.get((address, port))
        if container is None:
            raise ConnectionRefusedError(f"{address}:{port}")
        return await container.status(timeout)

    def _bind(self, launch: Launch, bound: list[Port]) -> None:
        for port in launch.ports:
            number = port.host or self._free(launch.address)
            if (launch.address, number) in self._listening:
                raise StartFailed(
                    f"{DAEMON}Bind for {launch.address}:{number} failed: port is already allocated"
                )
            self._listening[launch.address, number] = None
            bound.append(Port(port.container, number, port.protocol))

    def _free(self, address: str) -> int:
        first = self._next.get(address, FIRST_PORT)
        for number in chain(range(first, LAST_PORT + 1), range(FIRST_PORT, first)):
            if (address, number) not in self._listening:
                self._next[address] = number + 1 if number < LAST_PORT else FIRST_PORT
                return number
        raise StartFailed(f"{DAEMON}all ports of {address} are allocated")

    def _give_back(self, address: str, ports: list[Port]) -> None:
        for port in ports:
            self._listening.pop((address, port.host), None)

    def _gone(self, container: Simulated) -> None:
        del self._alive[container.runtime_id]
        self._give_back(container.address, list(container.ports))


def _digest(reference: str) -> str:
    named = reference.rpartition("@")[2]
    if named.startswith("sha256:"):
        return named
    return "sha256:" + hashlib.sha256(reference.encode()).hexdigest()
