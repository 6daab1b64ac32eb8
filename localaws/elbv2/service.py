"""Elastic Load Balancing v2 for application load balancers: the whole service, put together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from localaws.elbv2 import whereabouts
from localaws.elbv2.access_logs import AccessLogs
from localaws.elbv2.balancers import Balancers
from localaws.elbv2.certificates import Certificates
from localaws.elbv2.groups import Groups
from localaws.elbv2.listeners import Listeners
from localaws.elbv2.model import Kept, TargetHealth, Timing
from localaws.elbv2.registrations import Registrations
from localaws.elbv2.router import Router
from localaws.elbv2.rules import Rules
from localaws.elbv2.store import Store
from localaws.elbv2.tags import Tags
from localaws.elbv2.targets import Targets

if TYPE_CHECKING:
    from localaws.world import Operation, World


class Elbv2:
    def __init__(
        self, world: World, timing: Timing | None = None, state: Kept | None = None
    ) -> None:
        self._world, timing = world, timing or Timing()
        self.state = state or Kept()
        self._store = Store(self.state)
        self._targets = Targets(world, self._store, timing)
        self._logs = AccessLogs(world, self._store)
        self._router = Router(self._store, timing, world.clock, self._logs)
        self._operations = _operations(world, self._store, self._targets, self._logs)

    def operations(self) -> Mapping[str, Operation]:
        return self._operations

    async def start(self, router_port: int) -> None:
        """Listens on 127.0.0.1; OSError if the port is taken."""
        await self._router.start(router_port)

    async def resume(self) -> None:
        """Health checks and draining begin again, and what was to be logged is."""
        self._store.reindex()
        self._targets.resume()
        self._logs.resume()

    async def stop(self) -> None:
        await self._router.stop()
        await self._logs.stop()
        await self._targets.stop()

    def register(self, target_group_arn: str, target_id: str, port: int) -> None:
        place = whereabouts.known(self._world, target_id)
        self._targets.register(self._store.group(target_group_arn), (target_id, port), place)

    def deregister(self, target_group_arn: str, target_id: str, port: int) -> None:
        """Begins to drain; `health_of` answers None once the target is gone."""
        self._targets.deregister(self._store.group(target_group_arn), (target_id, port))

    def health_of(self, target_group_arn: str, target_id: str, port: int) -> TargetHealth | None:
        return self._targets.health(self._store.group(target_group_arn), (target_id, port))

    def machines_changed(self, done: str, instances: list[str]) -> None:
        """EC2 has `launched`, `started`, `stopped` or `terminated` some."""
        self._targets.machines_changed(done, instances)

    async def drained(self, target_group_arn: str, target_id: str, port: int) -> None:
        """Returns once the target is gone."""
        await self._targets.drained(self._store.group(target_group_arn), (target_id, port))

    def has_load_balancer(self, target_group_arn: str) -> bool:
        """Whether a listener or a rule sends to the group."""
        return bool(self._store.users(self._store.group(target_group_arn).arn))


def _operations(
    world: World, store: Store, targets: Targets, logs: AccessLogs
) -> dict[str, Operation]:
    balancers, listeners = Balancers(world, store, logs), Listeners(world, store)
    rules, groups, tags = Rules(store), Groups(world, store), Tags(store)
    registrations, certificates = Registrations(world, store, targets), Certificates(world, store)
    return {
        "CreateLoadBalancer": balancers.create,
        "DescribeLoadBalancers": balancers.describe,
        "DeleteLoadBalancer": balancers.delete,
        "ModifyLoadBalancerAttributes": balancers.modify_attributes,
        "DescribeLoadBalancerAttributes": balancers.describe_attributes,
        "SetSecurityGroups": balancers.set_security_groups,
        "SetSubnets": balancers.set_subnets,
        "CreateListener": listeners.create,
        "ModifyListener": listeners.modify,
        "DescribeListeners": listeners.describe,
        "DeleteListener": listeners.delete,
        "AddListenerCertificates": certificates.add,
        "RemoveListenerCertificates": certificates.remove,
        "DescribeListenerCertificates": certificates.describe,
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
