"""Target groups: how their targets are reached, checked and let go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.elbv2 import limits, names, settings, tags
from localaws.elbv2.model import TargetGroup
from localaws.elbv2.pages import page
from localaws.elbv2.store import Store
from localaws.wire import AwsError

if TYPE_CHECKING:
    from localaws.world import World


class Groups:
    def __init__(self, world: World, store: Store) -> None:
        self._world = world
        self._store = store

    def create(self, params: dict[str, Any]) -> dict[str, Any]:
        name = params["Name"]
        names.check("Target group", name)
        wanted = settings.read(params)
        group = self._same(name, wanted)
        if group is None:
            limits.check_region(self._store)
            arn = self._world.arn(
                "elasticloadbalancing", f"targetgroup/{name}/{names.identifier()}"
            )
            group = TargetGroup(arn, name, wanted, dict(settings.ATTRIBUTES), tags.read(params))
            self._store.state.groups[arn] = group
        return {"TargetGroups": [self._render(group)]}

    def modify(self, params: dict[str, Any]) -> dict[str, Any]:
        group = self._store.group(params["TargetGroupArn"])
        group.settings = settings.change(group.settings, params)
        return {"TargetGroups": [self._render(group)]}

    def describe(self, params: dict[str, Any]) -> dict[str, Any]:
        return page("TargetGroups", self._asked(params), params, self._render)

    def delete(self, params: dict[str, Any]) -> dict[str, Any]:
        """As on AWS, one that is not there counts as deleted."""
        arn = params["TargetGroupArn"]
        if self._store.users(arn):
            raise AwsError(
                "ResourceInUse", f"Target group '{arn}' is currently in use by a listener or a rule"
            )
        self._store.state.groups.pop(arn, None)
        self._store.tell()
        return {}

    def modify_attributes(self, params: dict[str, Any]) -> dict[str, Any]:
        group = self._store.group(params["TargetGroupArn"])
        group.attributes = settings.change_attributes(group.attributes, params["Attributes"])
        return _attributes(group)

    def describe_attributes(self, params: dict[str, Any]) -> dict[str, Any]:
        return _attributes(self._store.group(params["TargetGroupArn"]))

    def _same(self, name: str, wanted: dict[str, Any]) -> TargetGroup | None:
        """Asked twice for the same, AWS answers with the first; a namesake it refuses."""
        for other in self._store.state.groups.values():
            if other.name != name:
                continue
            if other.settings == wanted:
                return other
            raise AwsError(
                "DuplicateTargetGroupName",
                f"A target group with the same name '{name}' exists, but with different settings",
            )
        return None

    def _asked(self, params: dict[str, Any]) -> list[TargetGroup]:
        if arns := params.get("TargetGroupArns"):
            return [self._store.group(arn) for arn in arns]
        everything = list(self._store.state.groups.values())
        if wanted := params.get("Names"):
            if set(wanted) - {group.name for group in everything}:
                raise AwsError("TargetGroupNotFound", "One or more target groups not found")
            return [group for group in everything if group.name in wanted]
        if balancer := params.get("LoadBalancerArn"):
            self._store.load_balancer(balancer)
            return [group for group in everything if balancer in self._store.users(group.arn)]
        return everything

    def _render(self, group: TargetGroup) -> dict[str, Any]:
        return {
            "TargetGroupArn": group.arn,
            "TargetGroupName": group.name,
            **group.settings,
            "LoadBalancerArns": sorted(self._store.users(group.arn)),
        }


def _attributes(group: TargetGroup) -> dict[str, Any]:
    return {"Attributes": [{"Key": key, "Value": value} for key, value in group.attributes.items()]}
