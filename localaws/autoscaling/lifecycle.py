"""A member from launch to termination, and the hooks that it waits for on its way."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from localaws.autoscaling import activities, causes, ec2
from localaws.autoscaling.model import GOING, Action, Group, Life, Member, State
from localaws.autoscaling.telling import Telling

if TYPE_CHECKING:
    from localaws.world import World

LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"


class Lifecycle:
    def __init__(self, world: World, state: State, telling: Telling) -> None:
        self._world, self._state, self._telling = world, state, telling

    def retire(self, group: Group, member: Member, cause: str) -> str:
        """It is no longer counted, and terminated once its hooks are through; the activity's id."""
        self._close(group, member, "Cancelled")
        what = f"Terminating EC2 instance: {member.id}"
        about = details(group, member.zone)
        activity = activities.begin(self._world, self._state, group, what, cause, about)
        member.life, member.activity, member.actions = Life.TERMINATING, activity.id, []
        return activity.id

    async def advance(self, group: Group, member: Member) -> None:
        """As far as it can go now."""
        if member.life is Life.PENDING and not self._waits(group, member, LAUNCHING):
            self._serve(group, member)
        if member.life is Life.PENDING_WAIT and self._through(member):
            self._after_launch_hooks(group, member)
        if member.life is Life.TERMINATING and not self._waits(group, member, TERMINATING):
            await self._end(group, member)
        if member.life is Life.TERMINATING_WAIT and self._through(member):
            member.life = Life.TERMINATING_PROCEED
        if member.life is Life.TERMINATING_PROCEED:
            await self._end(group, member)

    def _waits(self, group: Group, member: Member, transition: str) -> bool:
        hooks = [one for one in group.hooks.values() if one.transition == transition]
        if not hooks or group.deleting:
            return False
        now = self._world.clock.now()
        for hook in hooks:
            ends_at = now + timedelta(seconds=hook.heartbeat_seconds)
            last_at = now + timedelta(seconds=hook.global_seconds)
            token = str(uuid.uuid4())
            action = Action(hook.name, token, ends_at, last_at, hook.default_result)
            member.actions.append(action)
            self._telling.action(group, member, hook, action)
        member.life = Life.PENDING_WAIT if transition == LAUNCHING else Life.TERMINATING_WAIT
        if activity := activities.find(self._state, member.activity):
            activity.status, activity.progress = "MidLifecycleAction", 40
        return True

    def _through(self, member: Member) -> bool:
        """Whether no hook is left to wait for. One that abandons ends all others."""
        now = self._world.clock.now()
        for action in member.actions:
            if action.result is None and now >= action.ends_at:
                action.result, action.timed_out = action.default_result, True
        results = [action.result for action in member.actions]
        return None not in results or "ABANDON" in results

    def _after_launch_hooks(self, group: Group, member: Member) -> None:
        abandoned = next((one for one in member.actions if one.result == "ABANDON"), None)
        if abandoned is None:
            self._serve(group, member)
            return
        if activity := activities.find(self._state, member.activity):
            activity.message = causes.abandoned(abandoned.token, timed_out=abandoned.timed_out)
        cause = causes.unhealthy(self._world.clock.now(), "an abandoned lifecycle action")
        self.retire(group, member, cause)

    def _serve(self, group: Group, member: Member) -> None:
        member.life, member.actions = Life.IN_SERVICE, []
        member.in_service_since = self._world.clock.now()
        self._close(group, member, "Successful")
        self._telling.in_service(group)
        self._world.faults.tell()

    async def _end(self, group: Group, member: Member) -> None:
        await ec2.terminate(self._world, member.id)
        group.members.pop(member.id, None)
        self._close(group, member, "Successful")

    def _close(self, group: Group, member: Member, status: str) -> None:
        activity = activities.find(self._state, member.activity)
        if activity and activity.ended_at is None:
            activities.end(self._world, activity, status)
            self._telling.ended(group, activity, member.id)


def details(group: Group, zone: str) -> dict[str, str]:
    subnet = next((one for one, its in group.subnets.items() if its == zone), None)
    return ({"Subnet ID": subnet} if subnet else {}) | {"Availability Zone": zone}


def is_leaving(member: Member) -> bool:
    return member.life in GOING
