"""Which driver runs the containers, by the name it has on the command line."""

from __future__ import annotations

from localaws.clock import Clock
from localaws.drivers.driver import Driver
from localaws.drivers.process import ProcessDriver
from localaws.drivers.sim.driver import SimDriver
from localaws.options import Options


def driver(options: Options, clock: Clock) -> Driver:
    if options.driver == "sim":
        return SimDriver(clock)
    if options.driver == "docker":
        # its client costs a start that does without it a fifth of a second
        from localaws.drivers.docker import engine  # noqa: PLC0415
        from localaws.drivers.docker.driver import DockerDriver  # noqa: PLC0415

        return DockerDriver(options.home / "containers", options.port, engine.address())
    return ProcessDriver(options.home / "containers", options.port)
