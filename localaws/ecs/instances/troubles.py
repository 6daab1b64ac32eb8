"""What faults do to container instances while they last: hosts fail, agents and health go away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from localaws.ecs.instances.fleet import Fleet
from localaws.ecs.model import Instance, State
from localaws.ecs.needs import World
from localaws.faults.fault import Fault, Kind
from localaws.faults.watch import watch
from localaws.wire import AwsError

log = logging.getLogger(__name__)
KINDS = (Kind.INSTANCE_LOST, Kind.AGENT_DISCONNECTED, Kind.INSTANCE_IMPAIRED)
Strikes = Sequence[tuple[Fault, datetime]]


class Troubles:
    def __init__(self, world: World, state: State, fleet: Fleet) -> None:
        self._world, self._state, self._fleet = world, state, fleet
        self._ending = dict[str, asyncio.Task[None]]()  # by EC2 id

    async def run(self) -> None:
        try:
            await watch(self._world.faults, self._world.clock, self.look)
        finally:
            for one in self._ending.values():
                one.cancel()

    def look(self) -> datetime | None:
        """Makes each instance as its faults have it; when that changes by itself."""
        times = list[datetime]()
        for instance in list(self._state.instances.values()):
            strikes = self._strikes(instance)
            self._strike(instance, strikes)
            times += returns(strikes, self._world.clock.now())
        self._fail_status_checks()
        return min(times, default=None)

    def _strikes(self, instance: Instance) -> Strikes:
        return self._world.faults.strikes(
            instance.ec2_instance_id,
            KINDS,
            cluster=instance.cluster,
            instance=instance.ec2_instance_id,
            zone=instance.availability_zone,
            instance_type=instance.instance_type,
        )

    def _strike(self, instance: Instance, strikes: Strikes) -> None:
        if any(_terminates(fault) for fault, _ in strikes):
            self._terminate(instance)
        failed = any(_fails(fault) for fault, _ in strikes)
        if failed and not instance.lost:
            self._fleet.fail_host(instance)
        elif not failed and away(strikes, self._world.clock.now()):
            self._fleet.disconnect(instance)
        elif not failed:
            self._fleet.reconnect(instance)
        self._fleet.judge(instance, impaired(strikes))

    def _terminate(self, instance: Instance) -> None:
        if not instance.gone and instance.ec2_instance_id not in self._ending:
            ending = asyncio.create_task(self._terminated(instance.ec2_instance_id))
            self._ending[instance.ec2_instance_id] = ending

    async def _terminated(self, ec2_instance_id: str) -> None:
        try:
            asked = {"InstanceIds": [ec2_instance_id]}
            await self._world.aws.call("ec2", "TerminateInstances", asked)
        except AwsError as error:
            log.warning("%s is not terminated: %s", ec2_instance_id, error)

    def _fail_status_checks(self) -> None:
        """Of hosts that are container instances no more, too."""
        faults = self._world.faults
        failed = {
            one: since
            for fault in faults.acting()
            if _fails(fault) or _fails_checks(fault)
            for one, since in fault.struck.items()
            if since
        }
        if failed != faults.failed_checks:
            faults.failed_checks = failed
            faults.tell()


def away(strikes: Strikes, now: datetime) -> bool:
    """Whether its agent is."""
    return any(
        fault.kind is Kind.AGENT_DISCONNECTED and (at is None or now < at)
        for (fault, _), at in zip(strikes, _returns(strikes), strict=True)
    )


def returns(strikes: Strikes, now: datetime) -> list[datetime]:
    """When its agent comes back by itself."""
    return [at for at in _returns(strikes) if at and at > now]


def impaired(strikes: Strikes) -> str | None:
    """Why it is."""
    reasons = (one.params["reason"] for one, _ in strikes if one.kind is Kind.INSTANCE_IMPAIRED)
    return next(reasons, None)


def _returns(strikes: Strikes) -> Iterator[datetime | None]:
    for fault, since in strikes:
        seconds = fault.params.get("returns_after")
        yield None if seconds is None else since + timedelta(seconds=seconds)


def _fails(fault: Fault) -> bool:
    return fault.kind is Kind.INSTANCE_LOST and fault.params["how"] == "failed"


def _terminates(fault: Fault) -> bool:
    return fault.kind is Kind.INSTANCE_LOST and fault.params["how"] == "terminated"


def _fails_checks(fault: Fault) -> bool:
    return fault.kind is Kind.INSTANCE_IMPAIRED and bool(fault.params["status_check"])
