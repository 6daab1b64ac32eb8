"""Capacity providers: made, changed, deleted, described."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from localaws.ecs.capacity import settings
from localaws.ecs.capacity.provider import FARGATE, CapacityProvider
from localaws.ecs.desk import Desk, Params, Result, invalid, page, refuse_unmodelled
from localaws.ecs.names import short
from localaws.ecs.refusals import client_error

NAME = re.compile(r"(?!aws|ecs|fargate)[\w-]{1,255}", re.ASCII | re.IGNORECASE)
PAGE, MOST_DESCRIBED = 10, 100
KEPT = timedelta(hours=1)  # after it was deleted
MODELLED = {
    "CreateCapacityProvider": ("name", "autoScalingGroupProvider", "tags"),
    "UpdateCapacityProvider": ("name", "autoScalingGroupProvider"),
    "DeleteCapacityProvider": ("capacityProvider",),
}
BAD_NAME = (
    "The specified capacity provider name is invalid. Up to 255 characters are allowed, including "
    "letters (upper and lowercase), numbers, underscores, and hyphens. The name cannot be prefixed "
    'with "aws", "ecs", or "fargate". Specify a valid name and try again.'
)
EXISTS = (
    "The specified capacity provider already exists. To change the configuration of an existing "
    "capacity provider, update the capacity provider."
)
UNKNOWN = (
    "The specified capacity provider does not exist. Specify a valid name or ARN and try again."
)
NO_GROUP = "The specified Auto Scaling group does not exist. Specify a valid ARN and try again."
GROUP_TAKEN = (
    "The specified Auto Scaling group ARN is already being used by another capacity provider. "
    "Specify a unique Auto Scaling group ARN and try again."
)
UNPROTECTED = (
    "The managed termination protection setting for the capacity provider is invalid. To enable "
    "managed termination protection for a capacity provider, the Auto Scaling group must have "
    "instance protection from scale in enabled."
)
RESERVED = "The FARGATE and FARGATE_SPOT capacity providers are reserved and cannot be changed."
ASSOCIATED = (
    "The capacity provider cannot be deleted because it is associated with cluster: {}. Remove the "
    "capacity provider from the cluster and try again."
)


async def create(desk: Desk, params: Params) -> Result:
    """The group gets the tag by which ECS knows it."""
    refuse_unmodelled("CreateCapacityProvider", params, MODELLED["CreateCapacityProvider"])
    name, asked = params["name"], params.get("autoScalingGroupProvider")
    if asked is None:
        raise invalid("The Auto Scaling group provider details are required.")
    if not NAME.fullmatch(name):
        raise client_error(BAD_NAME)
    _check_free(desk, name)
    group = await _group(desk, asked["autoScalingGroupArn"])
    whole = settings.merged(asked)
    _check_protection(whole, group)
    _check_free(desk, name, group["AutoScalingGroupARN"])
    provider = CapacityProvider(
        name=name,
        arn=desk.world.arn("ecs", f"capacity-provider/{name}"),
        group_arn=group["AutoScalingGroupARN"],
        settings=whole,
    )
    desk.state.providers[name] = provider
    desk.tag(provider.arn, params.get("tags", ()))
    await desk.attaching.mark(provider)
    return {"capacityProvider": _shown(desk, provider, with_tags=True)}


async def update(desk: Desk, params: Params) -> Result:
    """Answered as it was: what changes is on its way."""
    refuse_unmodelled("UpdateCapacityProvider", params, MODELLED["UpdateCapacityProvider"])
    group = await _group(desk, _changeable(desk, params["name"]).group_arn)
    provider = _changeable(desk, params["name"])  # as it is after the wait
    wanted = settings.merged(
        params.get("autoScalingGroupProvider", {}), provider.wanted or provider.settings
    )
    _check_protection(wanted, group)
    desk.attaching.update(provider, wanted)
    return {"capacityProvider": _shown(desk, provider, with_tags=True)}


def delete(desk: Desk, params: Params) -> Result:
    """One that a cluster has is not, and says so of itself."""
    refuse_unmodelled("DeleteCapacityProvider", params, MODELLED["DeleteCapacityProvider"])
    provider = _changeable(desk, params["capacityProvider"])
    clusters = [
        one.name for one in desk.state.clusters.values() if provider.name in one.capacity_providers
    ]
    if clusters:
        provider.update_status = "DELETE_FAILED"
        provider.update_reason = ASSOCIATED.format(", ".join(clusters))
    else:
        desk.attaching.delete(provider)
    return {"capacityProvider": _shown(desk, provider, with_tags=True)}


def describe(desk: Desk, params: Params) -> Result:
    """Without names all there are, those of Fargate too."""
    refuse_unmodelled(
        "DescribeCapacityProviders",
        params,
        ("capacityProviders", "cluster", "include", "maxResults", "nextToken"),
    )
    names, failures = params.get("capacityProviders", []), []
    if len(names) > MOST_DESCRIBED:
        raise invalid(f"Capacity providers cannot have more than {MOST_DESCRIBED} elements.")
    if not 1 <= params.get("maxResults", 1) <= PAGE:
        raise invalid(f"maxResults must be between 1 and {PAGE}.")
    known = _known(desk, params, with_tags="TAGS" in params.get("include", ()))
    for name in names:
        if short(name) not in known:
            arn = desk.world.arn("ecs", f"capacity-provider/{short(name)}")
            failures.append({"arn": arn, "reason": "MISSING"})
    found = (
        [known[short(one)] for one in names if short(one) in known] if names else [*known.values()]
    )
    size = MOST_DESCRIBED if names else PAGE
    return {**page(found, params, "capacityProviders", size), "failures": failures}


def _known(desk: Desk, params: Params, *, with_tags: bool) -> dict[str, Result]:
    """All that may be shown, by name; of one cluster, if one is named."""
    _forget_deleted(desk)
    shown = {
        one.name: _shown(desk, one, with_tags=with_tags) for one in desk.state.providers.values()
    }
    for name in FARGATE:
        shown[name] = settings.fargate(desk.world.arn("ecs", f"capacity-provider/{name}"))
        shown[name]["tags"] = []
    if "cluster" in params:
        associated = desk.cluster(params).capacity_providers
        shown = {name: one for name, one in shown.items() if name in associated}
    return shown


def _forget_deleted(desk: Desk) -> None:
    now, providers = desk.world.clock.now(), desk.state.providers
    for one in list(providers.values()):
        if one.deleted_at and now - one.deleted_at > KEPT:
            del providers[one.name]


def _check_free(desk: Desk, name: str, group_arn: str = "") -> None:
    for one in desk.state.providers.values():
        if one.active and one.name == name:
            raise client_error(EXISTS)
        if one.active and one.group_arn == group_arn:
            raise client_error(GROUP_TAKEN)


def _changeable(desk: Desk, name: str) -> CapacityProvider:
    if short(name) in FARGATE:
        raise invalid(RESERVED)
    provider = desk.state.providers.get(short(name))
    if provider is None or not provider.active:
        raise client_error(UNKNOWN)
    return provider


async def _group(desk: Desk, name_or_arn: str) -> dict[str, Any]:
    name = name_or_arn.rpartition("/")[2]
    asked = {"AutoScalingGroupNames": [name]}
    told = await desk.world.aws.call("autoscaling", "DescribeAutoScalingGroups", asked)
    for one in told["AutoScalingGroups"]:
        if name_or_arn in (one["AutoScalingGroupARN"], one["AutoScalingGroupName"]):
            return dict(one)
    raise client_error(NO_GROUP)


def _check_protection(whole: dict[str, Any], group: dict[str, Any]) -> None:
    protects = whole["managedTerminationProtection"] == "ENABLED"
    if protects and not group["NewInstancesProtectedFromScaleIn"]:
        raise client_error(UNPROTECTED)


def _shown(desk: Desk, provider: CapacityProvider, *, with_tags: bool) -> Result:
    tags = desk.tags(provider.arn) if with_tags else []
    return settings.shape(provider) | {"tags": tags}


OPERATIONS = {
    "CreateCapacityProvider": create,
    "UpdateCapacityProvider": update,
    "DeleteCapacityProvider": delete,
    "DescribeCapacityProviders": describe,
}
