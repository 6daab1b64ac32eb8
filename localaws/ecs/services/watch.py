"""Rollouts that CloudWatch alarms can fail: a coroutine for each, which asks for their states."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from localaws.ecs.model import Deployment, Service
from localaws.ecs.needs import World
from localaws.ecs.services import alarms, records
from localaws.ecs.services.rollouts import Rollouts
from localaws.wire import AwsError

log = logging.getLogger(__name__)
POLL_SECONDS = 1.0  # AWS polls DescribeAlarms too, and does not say how often


class Watch:
    def __init__(self, world: World, rollouts: Rollouts, wake: Callable[[Service], None]) -> None:
        """`wake` is told of a service when something was learned of its rollout."""
        self._world, self._rollouts, self._wake = world, rollouts, wake
        self._followed: dict[str, asyncio.Task[None]] = {}  # by service deployment

    def follow(self, service: Service) -> None:
        """Its rollout, if alarms are to be watched; once, however often it is asked for."""
        deployment = service.primary
        arn = deployment.record.arn
        if records.watched(deployment.record) and arn not in self._followed:
            following = asyncio.create_task(self._follow(service, deployment))
            self._followed[arn] = following
            following.add_done_callback(lambda _: self._followed.pop(arn))

    async def stop(self) -> None:
        following = list(self._followed.values())
        for one in following:
            one.cancel()
        await asyncio.gather(*following, return_exceptions=True)

    async def _follow(self, service: Service, deployment: Deployment) -> None:
        names = alarms.asked(deployment.record.configuration)
        while records.watched(deployment.record) and service.status == "ACTIVE":
            try:
                await self._look(service, deployment, names)
            except AwsError as error:  # an alarm may be missed, as on AWS
                log.warning("alarms of service %s were not described: %s", service.name, error)
            await self._world.clock.sleep(POLL_SECONDS)

    async def _look(self, service: Service, deployment: Deployment, names: list[str]) -> None:
        params = {"AlarmNames": names, "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
        answer = await self._world.aws.call("cloudwatch", "DescribeAlarms", params)
        if not records.watched(deployment.record):
            return  # any more
        first = deployment.record.alarms_watched is None
        self._rollouts.alarms_seen(service, deployment, alarms.read(answer))
        if first or not records.watched(deployment.record):
            self._wake(service)
