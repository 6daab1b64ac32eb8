"""A group and its members as the API shows them."""

from __future__ import annotations

from localaws.autoscaling.model import Group, Json, Member, Tag


def shown(group: Group, *, with_members: bool = True) -> Json:
    made: Json = {
        "AutoScalingGroupName": group.name,
        "AutoScalingGroupARN": group.arn,
        "LaunchTemplate": group.template,
        "MinSize": group.minimum,
        "MaxSize": group.maximum,
        "DesiredCapacity": group.desired,
        "DefaultCooldown": group.cooldown,
        "AvailabilityZones": group.zones,
        "LoadBalancerNames": [],
        "TargetGroupARNs": [],
        "HealthCheckType": "EC2",
        "HealthCheckGracePeriod": group.grace_seconds,
        "Instances": [member(one) for one in group.members.values()] if with_members else [],
        "CreatedTime": group.created_at,
        "SuspendedProcesses": [
            {"ProcessName": name, "SuspensionReason": why} for name, why in group.suspended.items()
        ],
        "VPCZoneIdentifier": ",".join(group.subnets),
        "EnabledMetrics": [],
        "Tags": [tag(group.name, key, one) for key, one in sorted(group.tags.items())],
        "TerminationPolicies": group.termination_policies,
        "NewInstancesProtectedFromScaleIn": group.protects_new,
        "ServiceLinkedRoleARN": group.role,
        "TrafficSources": [],
        "CapacityRebalance": False,
    }
    if group.warmup is not None:
        made["DefaultInstanceWarmup"] = group.warmup
    if group.deleting:
        made["Status"] = "Delete in progress"
    return made


def member(one: Member) -> Json:
    made: Json = {
        "InstanceId": one.id,
        "InstanceType": one.instance_type,
        "AvailabilityZone": one.zone,
        "LifecycleState": one.life.value,
        "HealthStatus": "Unhealthy" if one.unhealthy else "Healthy",
        "ImageId": one.image,
        "ProtectedFromScaleIn": one.protected,
    }
    return made | ({"LaunchTemplate": one.template} if one.template else {})


def tag(group: str, key: str, one: Tag) -> Json:
    return {
        "ResourceId": group,
        "ResourceType": "auto-scaling-group",
        "Key": key,
        "Value": one.value,
        "PropagateAtLaunch": one.propagates,
    }
