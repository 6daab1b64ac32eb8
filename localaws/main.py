"""The local AWS as one process: its services put together, served, and stopped again."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator
from datetime import datetime
from functools import partial
from typing import Any

import uvicorn

from localaws.autoscaling.service import AutoScaling
from localaws.bus import Aws
from localaws.clock_api import ClockApi
from localaws.cloudformation.service import CloudFormation
from localaws.drivers import choice
from localaws.drivers.driver import DriverUnusable
from localaws.drivers.sim.api import SimApi
from localaws.drivers.sim.driver import SimDriver
from localaws.ecs.service import Ecs
from localaws.elbv2.service import Elbv2
from localaws.events.service import Events
from localaws.faults import scenario
from localaws.faults.api import FaultsApi
from localaws.faults.asked import Asked, Unusable
from localaws.faults.calls import Calls
from localaws.faults.stale import StaleReads
from localaws.front import Front
from localaws.machines import Machines
from localaws.moto import Moto
from localaws.options import Options
from localaws.persistence.account import Account, opened
from localaws.persistence.folder import Refused
from localaws.persistence.keeper import Keeper
from localaws.registry import actions
from localaws.registry.app import asgi as registry
from localaws.scaling.service import Scaling
from localaws.scaling.told import MetricsApi
from localaws.seed import Seed
from localaws.wire.request import Request
from localaws.world import Service, World

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def serve(options: Options) -> None:
    """Until SIGINT or SIGTERM. A port that is taken, say: one sentence on stderr, exit status 1."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    try:
        faults = scenario.open_file(options.scenario) if options.scenario else []
        _run(_serve(options, faults), options)
    except (PortTaken, DriverUnusable, Unusable, Refused) as trouble:
        raise SystemExit(str(trouble)) from None
    finally:
        gc.freeze()  # Python's end would search all of moto for garbage, which takes it a second


class PortTaken(Exception):
    def __init__(self, port: int, option: str) -> None:
        super().__init__(f"Port {port} of 127.0.0.1 is taken; choose another with {option}.")


async def _serve(options: Options, faults: list[Asked]) -> None:
    stop = asyncio.Event()
    for one in _SIGNALS:
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    with _listening(options.port) as listener, opened(options.home) as account:
        world, seeded = build(options, account.time), Seed()
        keeper = account.keeper(world)
        async with contextlib.AsyncExitStack() as started:
            await _start(world, started)
            started.push_async_callback(keeper.stop)
            await account.resume(world, keeper)
            await _answer(_config(world, seeded), listener, world, started)
            await _until(stop, _go_on(world, seeded, account, keeper, faults))


def build(options: Options, earliest: datetime | None = None) -> World:
    """All services of the world, put together, none of them started."""
    home, port, clock = options.home, options.port, options.clock(earliest)
    driver = choice.driver(options, clock)
    world = World(home=home, port=port, router_port=options.router_port, clock=clock)
    world.driver = driver
    if isinstance(driver, SimDriver):
        world.sim, world.probe = driver.table, driver.probe
    moto = Moto(region=world.region, account=world.account, port=port, clock=clock)
    moto.failed_checks = lambda: world.faults.failed_checks
    world.aws = Aws(moto)
    world.elbv2 = Elbv2(world)
    world.ecs = Ecs(world, world.driver)
    world.events = Events(world)
    world.scaling = Scaling(world)
    world.cloudformation = CloudFormation(world)
    world.aws.own("elbv2", world.elbv2)
    world.aws.own("ecs", world.ecs)
    world.aws.own("events", world.events)
    world.aws.own("application-autoscaling", world.scaling)
    moto.heard["monitoring"] = world.scaling.heard
    moto.heard["ecr"] = actions.from_api(actions.to_event_bridge(world))
    world.autoscaling, machines = AutoScaling(world), Machines()
    world.aws.own("autoscaling", world.autoscaling)
    world.autoscaling.listen(world.ecs.group_changed)
    machines.listeners += [
        service.machines_changed for service in (world.autoscaling, world.ecs, world.elbv2)
    ]
    moto.heard["ec2"] = machines.heard
    world.aws.own("cloudformation", world.cloudformation)
    return world


def _config(world: World, seeded: Seed) -> uvicorn.Config:
    async def health(_: Request) -> tuple[int, Seed]:
        return (200, {"status": "ok"}) if seeded else (503, {"status": "starting"})

    async def seed_or_not_yet(request: Request) -> tuple[int, Seed]:
        return (200, seeded) if seeded else await health(request)

    faults, calls = FaultsApi(world.faults), Calls(world.faults, world.clock)
    stale = StaleReads(world.faults, world.clock, world.aws.services, partial(_twin, world))
    metrics = MetricsApi(world.scaling.state, world.clock, world.scaling.look)
    local = {
        "health": health,
        "seed": seed_or_not_yet,
        "faults": faults.answer,
        "clock": ClockApi(world.clock).answer,
        "metrics": metrics.answer,
        "sim": SimApi(world.sim).answer,
    }
    images = registry(world.home / "registry", tell=actions.to_event_bridge(world))
    return uvicorn.Config(
        Front(world.aws, images, local, calls, stale),
        http="httptools",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
    )


def _twin(world: World, service: Service) -> Service:
    """One like it, whose state is its own."""
    kind: Callable[..., Service] = type(service)
    return kind(world, *([world.driver] if service is world.ecs else []))


async def _start(world: World, started: contextlib.AsyncExitStack) -> None:
    """Takes milliseconds, so it is never interrupted; `started` stops what was started."""
    started.callback(world.aws.moto.close)
    started.push_async_callback(world.elbv2.stop)
    try:
        await world.elbv2.start(world.router_port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(world.router_port, "--router-port") from error
        raise
    await world.ecs.start()
    started.push_async_callback(world.ecs.stop)
    await world.events.start()
    started.push_async_callback(world.events.stop)
    await world.autoscaling.start()
    started.push_async_callback(world.autoscaling.stop)
    await world.scaling.start()
    started.push_async_callback(world.scaling.stop)
    started.push_async_callback(world.cloudformation.stop)


async def _answer(
    config: uvicorn.Config,
    listener: socket.socket,
    world: World,
    started: contextlib.AsyncExitStack,
) -> None:
    server = _Server(config)
    answering = asyncio.create_task(server.serve(sockets=[listener]))

    async def finish() -> None:
        world.aws.moto.release()
        server.should_exit = True
        await answering

    started.push_async_callback(finish)


async def _go_on(
    world: World, seeded: Seed, account: Account, keeper: Keeper, faults: list[Asked]
) -> None:
    """What is seeded comes into being undisturbed: faults begin when it is there."""
    made = await account.seed(world)
    if faults:
        world.faults.replace(faults)
    seeded.update(made)
    await keeper.run()


async def _until(stop: asyncio.Event, first: Coroutine[Any, Any, None]) -> None:
    """Does `first`, then waits; stopping interrupts it, and what fails in it is raised."""
    doing, stopping = asyncio.ensure_future(first), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({doing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            doing.result()
            await stopping
    finally:
        doing.cancel()
        stopping.cancel()
        await asyncio.gather(doing, stopping, return_exceptions=True)


@contextlib.contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen(2048)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(port, "--port") from error
            raise
        yield listener


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are ours: uvicorn would raise them again before our `finally` blocks run."""
        yield


def _run(work: Coroutine[Any, Any, None], options: Options) -> None:
    if sys.platform == "win32" or options.time_scale == 0:  # see VirtualClock
        asyncio.run(work)
        return
    import uvloop  # noqa: PLC0415 (there is none for Windows)

    uvloop.run(work)
