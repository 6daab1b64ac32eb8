"""Keeps each group as it is wanted: launches, replaces and terminates, step by step.

Nothing runs for a group at rest. Whatever changes wakes it; what is due later has a timer.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from localaws.autoscaling import activities, causes, ec2, lifecycle, selection
from localaws.autoscaling.lifecycle import Lifecycle
from localaws.autoscaling.model import Group, Member, State
from localaws.autoscaling.telling import Telling
from localaws.wire import AwsError

if TYPE_CHECKING:
    from localaws.world import World

log = logging.getLogger(__name__)
RETRY_SECONDS = 15.0  # after a launch that failed


class Keeper:
    def __init__(self, world: World, state: State, telling: Telling) -> None:
        self._world, self._state, self._telling = world, state, telling
        self._lifecycle = Lifecycle(world, state, telling)
        self._woken = set[str]()
        self._working = dict[str, asyncio.Task[None]]()
        self._timers = dict[str, asyncio.Task[None]]()

    def wake(self, group: Group) -> None:
        self._woken.add(group.name)
        if group.name not in self._working:
            self._working[group.name] = asyncio.create_task(self._keep(group.name))

    async def idle(self, group: str) -> None:
        """Until there is nothing left to do for it but to wait."""
        while working := self._working.get(group):
            await asyncio.wait({working})

    async def stop(self) -> None:
        doing = [*self._working.values(), *self._timers.values()]
        for one in doing:
            one.cancel()
        await asyncio.gather(*doing, return_exceptions=True)

    async def _keep(self, name: str) -> None:
        try:
            while name in self._woken:
                self._woken.discard(name)
                if group := self._state.groups.get(name):
                    await self._step(group)
        except Exception:
            log.exception("the local AWS failed at keeping group %s", name)
        finally:
            self._working.pop(name, None)
        self._set_timer(name)

    async def _step(self, group: Group) -> None:
        self._replace_unhealthy(group)
        for member in list(group.members.values()):
            await self._lifecycle.advance(group, member)
        if group.desired > len(group.present):
            await self._launch(group)
        elif group.desired < len(group.present):
            self._terminate(group)
        else:
            group.why, group.replacing = "", 0
        if group.deleting and not group.members:
            self._state.groups.pop(group.name, None)

    def _replace_unhealthy(self, group: Group) -> None:
        if {"ReplaceUnhealthy", "Terminate"} & group.suspended.keys():
            return
        for member in group.present:
            if member.unhealthy:
                cause = causes.unhealthy(self._world.clock.now(), member.unhealthy)
                self._lifecycle.retire(group, member, cause)
                group.replacing += 1
                self.wake(group)

    async def _launch(self, group: Group) -> None:
        now = self._world.clock.now()
        if "Launch" in group.suspended or group.deleting:
            return
        if group.next_launch and now < group.next_launch:
            return
        before = len(group.present)
        count, group.next_launch = group.desired - before, None
        why, group.why = group.why, ""
        for _ in range(count):
            if group.desired <= len(group.present) or not await self._launch_one(
                group, self._cause(group, why, before)
            ):
                break
        self.wake(group)

    def _cause(self, group: Group, why: str, before: int) -> str:
        now = self._world.clock.now()
        if group.replacing and not why:
            group.replacing -= 1
            return causes.replaced(now)
        return causes.joined(why, causes.launched(now, before, group.desired))

    async def _launch_one(self, group: Group, cause: str) -> bool:
        """In the zone with the fewest, or where there is room."""
        failed: tuple[str, AwsError] | None = None
        for zone in selection.zone_to_launch(group.zones, group.present):
            try:
                member = await ec2.launch(self._world, group, zone)
            except AwsError as error:
                failed = failed or (zone, error)
                continue
            await self._launched(group, member, cause)
            return True
        if failed:
            self._failed(group, cause, *failed)
        return False

    async def _launched(self, group: Group, member: Member, cause: str) -> None:
        details = lifecycle.details(group, member.zone)
        what = f"Launching a new EC2 instance: {member.id}"
        activity = activities.begin(self._world, self._state, group, what, cause, details)
        activity.status, activity.progress = "PreInService", 30
        member.activity = activity.id
        group.members[member.id] = member
        self._telling.launched(group)
        await self._lifecycle.advance(group, member)

    def _failed(self, group: Group, cause: str, zone: str, error: AwsError) -> None:
        what, details = "Launching a new EC2 instance", lifecycle.details(group, zone)
        activity = activities.begin(self._world, self._state, group, what, cause, details)
        why = error.message
        if error.code == "InsufficientInstanceCapacity":
            why = f"Could not launch On-Demand Instances. {error.code} - {why}"
        activities.fail(self._world, activity, why)
        group.next_launch = self._world.clock.now() + timedelta(seconds=RETRY_SECONDS)
        self._telling.ended(group, activity, "")

    def _terminate(self, group: Group) -> None:
        if "Terminate" in group.suspended:
            return
        now, before = self._world.clock.now(), len(group.present)
        chosen = selection.to_terminate(
            group.present, group.termination_policies, before - group.desired, now.timestamp()
        )
        shrunk = causes.shrunk(now, before, before - len(chosen), [one.id for one in chosen])
        cause, group.why = causes.joined(group.why, shrunk), ""
        for member in chosen:
            self._lifecycle.retire(group, member, cause)
        if chosen:
            self.wake(group)

    def _set_timer(self, name: str) -> None:
        if former := self._timers.pop(name, None):
            former.cancel()
        group = self._state.groups.get(name)
        due = group and _due(group)
        if group and due:
            self._timers[name] = asyncio.create_task(self._wake_at(group, due))

    async def _wake_at(self, group: Group, due: datetime) -> None:
        await self._world.clock.sleep((due - self._world.clock.now()).total_seconds())
        self._timers.pop(group.name, None)
        self.wake(group)

    async def look(self) -> None:
        """Which members has EC2 ended? Asked when something was terminated or stopped."""
        watched = [
            (group, member)
            for group in self._state.groups.values()
            if "HealthCheck" not in group.suspended
            for member in group.present
        ]
        if not watched:
            return
        alive = await ec2.running(self._world, [member.id for _, member in watched])
        for group, member in watched:
            if member.id not in alive:
                member.unhealthy = causes.TERMINATED
                self.wake(group)

    async def adopt(self, group: Group, member: Member) -> None:
        """It was launched, but the local AWS was killed before that was written down."""
        before = len(group.present)
        cause = causes.launched(self._world.clock.now(), before, before + 1)
        await self._launched(group, member, cause)

    def retire(self, group: Group, member: Member, cause: str) -> str:
        """Terminates a member; the id of the activity."""
        made = self._lifecycle.retire(group, member, cause)
        self.wake(group)
        return made


def _due(group: Group) -> datetime | None:
    """When something happens by itself next."""
    ends = [
        action.ends_at
        for member in group.members.values()
        for action in member.actions
        if action.result is None
    ]
    if group.next_launch:
        ends.append(group.next_launch)
    return min(ends, default=None)
