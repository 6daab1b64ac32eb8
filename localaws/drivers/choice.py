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
    return ProcessDriver(options.home / "containers", options.port)
