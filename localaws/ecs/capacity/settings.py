"""How a capacity provider deals with its group: AWS's defaults, and what an update changes. Pure.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ManagedScaling.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.ecs.capacity.provider import CapacityProvider, Json
from localaws.ecs.refusals import refuse_unmodelled

SCALING: Json = {
    "status": "DISABLED",
    "targetCapacity": 100,
    "minimumScalingStepSize": 1,
    "maximumScalingStepSize": 10000,
    "instanceWarmupPeriod": 300,
}
DEFAULTS: Json = {
    "managedScaling": SCALING,
    "managedTerminationProtection": "DISABLED",
    "managedDraining": "ENABLED",
}


def merged(asked: Mapping[str, Any], former: Mapping[str, Any] = DEFAULTS) -> Json:
    """What is not asked for stays as it was."""
    refuse_unmodelled("autoScalingGroupProvider", asked, ("autoScalingGroupArn", *DEFAULTS))
    scaling = {**former["managedScaling"], **asked.get("managedScaling", {})}
    others = {name: asked[name] for name in DEFAULTS if name in asked}
    return {**former, **others, "managedScaling": scaling}


def shape(provider: CapacityProvider) -> Json:
    """As the API shows a provider, but for its tags."""
    shown: Json = {
        "capacityProviderArn": provider.arn,
        "name": provider.name,
        "status": provider.status,
        "type": "EC2_AUTOSCALING",
        "autoScalingGroupProvider": {
            "autoScalingGroupArn": provider.group_arn,
            **provider.settings,
        },
    }
    if provider.update_status:
        shown["updateStatus"] = provider.update_status
    if provider.update_reason:
        shown["updateStatusReason"] = provider.update_reason
    return shown


def fargate(arn: str) -> Json:
    name = arn.rpartition("/")[2]
    return {"capacityProviderArn": arn, "name": name, "status": "ACTIVE", "type": name}
