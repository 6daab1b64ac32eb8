"""Elastic Load Balancing v2 for application load balancers: the whole service, put together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from localaws.elbv2.balancers import Balancers
from localaws.elbv2.groups import Groups
from localaws.elbv2.listeners import Listeners
from localaws.elbv2.model import TargetHealth, Timing
from localaws.elbv2.registrations import Registrations
from localaws.elbv2.router import Router
from localaws.elbv2.rules import Rules
from localaws.elbv2.store import Store
from localaws.elbv2.tags import Tags
from localaws.elbv2.targets import Targets

if TYPE_CHECKING:
    from localaws.world import Operation, World


class Elbv2:
    def __init__(self, world: World, timing: Timing | None = None) -> None:
        timing = timing or Timing()
        self.state = Store()
        self._targets = Targets(world, self.state, timing)
        self._router = Router(self.state, timing)
        self._operations = _operations(world, self.state, self._targets)

    def operations(self) -> Mapping[str, Operation]:
        return self._operations

    async def start(self, router_port: int) -> None:
        """Listens on 127.0.0.1; OSError if the port is taken."""
        await self._router.start(router_port)

    async def resume(self) -> None:
        """Targets are checked on, those that drained go on draining."""
        self.state.reindex()
        self._targets.resume()

    async def stop(self) -> None:
        await self._router.stop()
        await self._targets.stop()

    def register(self, target_group_arn: str, target_id: str, port: int) -> None:
        self._targets.register(self.state.group(target_group_arn), (target_id, port))

    def deregister(self, target_group_arn: str, target_id: str, port: int) -> None:
        """Begins to drain; `health_of` answers None once the target is gone."""
        self._targets.deregister(self.state.group(target_group_arn), (target_id, port))

    def health_of(self, target_group_arn: str, target_id: str, port: int) -> TargetHealth | None:
        return self._targets.health(self.state.group(target_group_arn), (target_id, port))

    def has_load_balancer(self, target_group_arn: str) -> bool:
        """Whether a listener or a rule sends to the group."""
        return bool(self.state.users(self.state.group(target_group_arn).arn))


def _operations(world: World, store: Store, targets: Targets) -> dict[str, Operation]:
    balancers, listeners, rules = Balancers(world, store), Listeners(store), Rules(store)
    groups, tags = Groups(world, store), Tags(store)
    registrations = Registrations(store, targets)
    return {
        "CreateLoadBalancer": balancers.create,
        "DescribeLoadBalancers": balancers.describe,
        "DeleteLoadBalancer": balancers.delete,
        "CreateListener": listeners.create,
        "DescribeListeners": listeners.describe,
        "DeleteListener": listeners.delete,
        "CreateRule": rules.create,
        "ModifyRule": rules.modify,
        "SetRulePriorities": rules.set_priorities,
        "DescribeRules": rules.describe,
        "DeleteRule": rules.delete,
        "CreateTargetGroup": groups.create,
        "ModifyTargetGroup": groups.modify,
        "DescribeTargetGroups": groups.describe,
        "DeleteTargetGroup": groups.delete,
        "ModifyTargetGroupAttributes": groups.modify_attributes,
        "DescribeTargetGroupAttributes": groups.describe_attributes,
        "RegisterTargets": registrations.register,
        "DeregisterTargets": registrations.deregister,
        "DescribeTargetHealth": registrations.describe_health,
        "AddTags": tags.add,
        "RemoveTags": tags.remove,
        "DescribeTags": tags.describe,
    }
