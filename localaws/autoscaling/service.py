"""The service put together: its groups, what keeps them, and the API in front."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from localaws.autoscaling import (
    activities,
    capacity,
    ec2,
    groups,
    hooks,
    impaired,
    members,
    policies,
    processes,
    tags,
    tracking,
)
from localaws.autoscaling.keeper import Keeper
from localaws.autoscaling.model import State
from localaws.autoscaling.telling import Listener, Telling
from localaws.faults.watch import watch
from localaws.world import Operation

if TYPE_CHECKING:
    from localaws.world import World


class AutoScaling:
    def __init__(self, world: World, state: State | None = None) -> None:
        self._world = world
        self.state = state or State()
        self._telling = Telling(world)
        self._keeper = Keeper(world, self.state, self._telling)
        self._doing = set[asyncio.Task[None]]()

    def operations(self) -> Mapping[str, Operation]:
        world, state, keeper = self._world, self.state, self._keeper
        return {
            "CreateAutoScalingGroup": partial(groups.create, world, state, keeper),
            "UpdateAutoScalingGroup": partial(groups.update, world, state, keeper),
            "DeleteAutoScalingGroup": partial(groups.delete, world, state, keeper),
            "DescribeAutoScalingGroups": partial(groups.describe, state),
            "SetDesiredCapacity": partial(capacity.set_desired, world, state, keeper),
            "DescribeAutoScalingInstances": partial(members.describe, state),
            "TerminateInstanceInAutoScalingGroup": partial(members.terminate, world, state, keeper),
            "SetInstanceProtection": partial(members.protect, state),
            "SetInstanceHealth": partial(members.judge, world, state, keeper),
            "AttachInstances": partial(members.attach, world, state, keeper),
            "DetachInstances": partial(members.detach, world, state, keeper),
            "EnterStandby": partial(members.enter_standby, world, state, keeper),
            "ExitStandby": partial(members.exit_standby, world, state, keeper),
            "DescribeScalingActivities": partial(activities.describe, state),
            "SuspendProcesses": partial(processes.suspend, world, state),
            "ResumeProcesses": partial(processes.resume, world, state, keeper),
            "DescribeScalingProcessTypes": lambda _: processes.known(),
            "DescribeTerminationPolicyTypes": lambda _: processes.termination_policies(),
            "PutLifecycleHook": partial(hooks.put, state),
            "DescribeLifecycleHooks": partial(hooks.describe, state),
            "DescribeLifecycleHookTypes": lambda _: hooks.types(),
            "DeleteLifecycleHook": partial(hooks.delete, state, keeper),
            "CompleteLifecycleAction": partial(hooks.complete, state, keeper),
            "RecordLifecycleActionHeartbeat": partial(hooks.heartbeat, world, state, keeper),
            "PutScalingPolicy": partial(policies.put, world, state),
            "DescribePolicies": partial(policies.describe, world, state),
            "DeletePolicy": partial(policies.delete, world, state),
            "ExecutePolicy": partial(policies.execute, world, state, keeper),
            "CreateOrUpdateTags": partial(tags.put, state),
            "DescribeTags": partial(tags.describe, state),
            "DeleteTags": partial(tags.delete, state),
        }

    async def measured(self, group: str, policy: str, value: float) -> None:
        """Of what a target tracking policy follows: ECS measures it."""
        await tracking.measured(self._world, self.state, self._keeper, group, policy, value)

    def listen(self, listener: Listener) -> None:
        """`listener` is told, in this process, what happens to groups."""
        self._telling.listeners.append(listener)

    async def start(self) -> None:
        self._do(self._telling.run())
        look = partial(impaired.look, self._world, self.state, self._keeper)
        self._do(watch(self._world.faults, self._world.clock, look))

    async def resume(self) -> None:
        """Whatever was under way goes on; instances that came or ended unheard are found."""
        for group in list(self.state.groups.values()):
            for member in await ec2.strays(self._world, group):
                await self._keeper.adopt(group, member)
                self._world.ecs.machines_changed("launched", [member.id])
            self._keeper.wake(group)
        await self._keeper.look()

    async def stop(self) -> None:
        await self._keeper.stop()
        for one in self._doing:
            one.cancel()
        await asyncio.gather(*self._doing, return_exceptions=True)

    async def idle(self, group: str) -> None:
        """Until there is nothing left to do for it but to wait."""
        await self._keeper.idle(group)

    def machines_changed(self, done: str, instances: list[str]) -> None:
        """EC2 ended some: whose they were is looked up behind its answer."""
        if done in ("stopped", "terminated") and instances:
            self._do(self._keeper.look())

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._doing.add(task)
        task.add_done_callback(self._doing.discard)
