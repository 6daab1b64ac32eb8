"""Everything that exists, by ARN; finding it, or saying in AWS's words that it is not there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from itertools import chain

from localaws.elbv2.model import Forward, Kept, Listener, LoadBalancer, Rule, TargetGroup
from localaws.wire import AwsError

Resource = LoadBalancer | Listener | Rule | TargetGroup


class Store:
    def __init__(self, state: Kept) -> None:
        self.state = state
        self._users: dict[str, set[str]] = {}
        self._told = asyncio.Event()

    def load_balancer(self, arn: str) -> LoadBalancer:
        if found := self.state.load_balancers.get(arn):
            return found
        raise AwsError("LoadBalancerNotFound", f"Load balancers '[{arn}]' not found")

    def listener(self, arn: str) -> Listener:
        if found := self.state.listeners.get(arn):
            return found
        raise AwsError("ListenerNotFound", f"Listeners '[{arn}]' not found")

    def rule(self, arn: str) -> Rule:
        if found := self.state.rules.get(arn):
            return found
        raise AwsError("RuleNotFound", f"Rules '[{arn}]' not found")

    def group(self, arn: str) -> TargetGroup:
        if found := self.state.groups.get(arn):
            return found
        raise AwsError("TargetGroupNotFound", f"Target groups '[{arn}]' not found")

    def resource(self, arn: str) -> Resource:
        """Whatever may carry tags."""
        match arn.rsplit(":", 1)[-1].split("/", 1)[0]:
            case "loadbalancer":
                return self.load_balancer(arn)
            case "listener":
                return self.listener(arn)
            case "listener-rule":
                return self.rule(arn)
            case "targetgroup":
                return self.group(arn)
        raise AwsError("ValidationError", f"'{arn}' is not a valid resource ARN")

    def listeners_of(self, load_balancer_arn: str) -> list[Listener]:
        return [
            listener
            for listener in self.state.listeners.values()
            if listener.load_balancer_arn == load_balancer_arn
        ]

    def users(self, group_arn: str) -> set[str]:
        """The load balancers that send to a group; empty: it is not in use."""
        return self._users.get(group_arn, set())

    def zones(self, group_arn: str) -> set[object]:
        """Where the load balancers that send to a group are."""
        users = (self.state.load_balancers[arn] for arn in self.users(group_arn))
        return {zone["ZoneName"] for one in users for zone in one.zones}

    def taken(self, address: str) -> bool:
        """By a load balancer."""
        return any(address in one.interfaces.values() for one in self.state.load_balancers.values())

    def reindex(self) -> None:
        """To be called after any change of listeners or rules, or with a new state."""
        for listener in self.state.listeners.values():
            listener.rules.sort(key=lambda rule: rule.priority or 0)
        self._users = {}
        for listener in self.state.listeners.values():
            for arn in groups_of(rules_of(listener)):
                self._users.setdefault(arn, set()).add(listener.load_balancer_arn)
        self.tell()

    def tell(self) -> None:
        """Whoever waits looks again."""
        self._told.set()
        self._told = asyncio.Event()

    async def changed(self) -> None:
        """Until listeners, rules, groups or targets are others."""
        await self._told.wait()


def rules_of(listener: Listener) -> Iterator[Rule]:
    return chain(listener.rules, [listener.default])


def groups_of(rules: Iterable[Rule]) -> set[str]:
    forwards = (rule.action for rule in rules if isinstance(rule.action, Forward))
    return {arn for forward in forwards for arn, _ in forward.groups}
