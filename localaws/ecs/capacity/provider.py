"""A capacity provider as it is kept, and what ties it to a cluster."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Json = dict[str, Any]
FARGATE = ("FARGATE", "FARGATE_SPOT")  # there in every account, never made nor deleted
UPDATING, DELETING = "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"
HOOK = "ecs-managed-draining-termination-hook"


@dataclass(eq=False)
class CapacityProvider:
    name: str
    arn: str
    group_arn: str
    settings: Json  # managedScaling, managedTerminationProtection, managedDraining, all of them
    status: str = "ACTIVE"
    update_status: str | None = None
    update_reason: str | None = None
    wanted: Json = field(default_factory=dict)  # the settings that an update is on its way to
    deleted_at: datetime | None = None

    @property
    def active(self) -> bool:
        return self.status == "ACTIVE"

    @property
    def group(self) -> str:
        """The Auto Scaling group's name."""
        return self.group_arn.rpartition("autoScalingGroupName/")[2]

    @property
    def scales(self) -> bool:
        return bool(self.settings["managedScaling"]["status"] == "ENABLED")

    @property
    def protects(self) -> bool:
        """From scale-in, instances with tasks on them."""
        return bool(self.settings["managedTerminationProtection"] == "ENABLED")

    @property
    def drains(self) -> bool:
        return bool(self.settings["managedDraining"] == "ENABLED")


@dataclass(eq=False)
class Attachment:
    """What ECS makes in Auto Scaling for a provider of a cluster: a policy, or a hook."""

    id: str
    kind: str  # as_policy, managed_draining
    provider: str
    made: str  # the policy's name, or the hook's
    status: str = "PRECREATED"  # then CREATED, and DELETING; FAILED is tried again when asked

    @property
    def shape(self) -> Json:
        policy = self.kind == "as_policy"
        what = "scalingPolicyName" if policy else "autoScalingLifecycleHookName"
        return {
            "id": self.id,
            "type": self.kind,
            "status": self.status,
            "details": [
                {"name": "capacityProviderName", "value": self.provider},
                {"name": what, "value": self.made},
            ],
        }
