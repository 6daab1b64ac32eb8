"""What Auto Scaling tells the world: EventBridge events, and whoever listens in this process."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from localaws.autoscaling.model import Action, Activity, Group, Hook, Json, Member

if TYPE_CHECKING:
    from localaws.world import World

log = logging.getLogger(__name__)
_WAY = {
    "autoscaling:EC2_INSTANCE_LAUNCHING": ("EC2 Instance-launch Lifecycle Action", "EC2"),
    "autoscaling:EC2_INSTANCE_TERMINATING": (
        "EC2 Instance-terminate Lifecycle Action",
        "AutoScalingGroup",
    ),
}
Listener = Callable[[str, str], None]  # what happened, the group's name


class Telling:
    def __init__(self, world: World) -> None:
        self._world = world
        self._outgoing: asyncio.Queue[tuple[str, Json, list[str]]] = asyncio.Queue()
        self.listeners: list[Listener] = []

    async def run(self) -> None:
        """Delivers for ever. A rule or queue that fails costs its event, nothing else."""
        while True:
            detail_type, detail, resources = await self._outgoing.get()
            try:
                await self._world.events.emit("aws.autoscaling", detail_type, detail, resources)
            except Exception:
                log.exception("an event of Auto Scaling was not delivered: %s", detail_type)

    def changed(self, what: str, group: Group) -> None:
        """To those in this process: `launched`, `in service`, `action`, `ended`."""
        for listener in self.listeners:
            listener(what, group.name)

    def launched(self, group: Group) -> None:
        self.changed("launched", group)

    def in_service(self, group: Group) -> None:
        self.changed("in service", group)

    def action(self, group: Group, member: Member, hook: Hook, action: Action) -> None:
        detail_type, origin = _WAY[hook.transition]
        detail = {
            "LifecycleActionToken": action.token,
            "AutoScalingGroupName": group.name,
            "LifecycleHookName": hook.name,
            "EC2InstanceId": member.id,
            "LifecycleTransition": hook.transition,
            "NotificationMetadata": hook.metadata,
            "Origin": origin,
            "Destination": "AutoScalingGroup" if origin == "EC2" else "EC2",
        }
        self._emit(detail_type, {k: v for k, v in detail.items() if v is not None}, group)
        self.changed("action", group)

    def ended(self, group: Group, activity: Activity, instance: str) -> None:
        """A launch or a termination is over."""
        launch = activity.description.startswith("Launching")
        if not launch and not activity.description.startswith("Terminating"):
            return
        well = "Successful" if activity.status == "Successful" else "Unsuccessful"
        detail = {
            "StatusCode": "InProgress" if well == "Successful" else activity.status,
            "AutoScalingGroupName": group.name,
            "ActivityId": activity.id,
            "Details": activity.details,
            "RequestId": str(uuid.uuid4()),
            "StatusMessage": activity.message or "",
            "EndTime": activity.ended_at,
            "EC2InstanceId": instance,
            "StartTime": activity.started_at,
            "Description": activity.description,
            "Cause": activity.cause,
            "Origin": "EC2" if launch else "AutoScalingGroup",
            "Destination": "AutoScalingGroup" if launch else "EC2",
        }
        what = "Launch" if launch else "Terminate"
        resources = [self._instance(instance)] if instance else []
        self._emit(f"EC2 Instance {what} {well}", detail, group, resources)
        self.changed("ended", group)

    def _instance(self, instance: str) -> str:
        return self._world.arn("ec2", f"instance/{instance}")

    def _emit(
        self, detail_type: str, detail: Json, group: Group, more: list[str] | None = None
    ) -> None:
        self._outgoing.put_nowait((detail_type, detail, [group.arn, *(more or ())]))
