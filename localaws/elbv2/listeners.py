"""Listeners and their default rules."""

from __future__ import annotations

from typing import Any

from localaws.elbv2 import actions, limits, names, tags
from localaws.elbv2.model import Listener, Rule
from localaws.elbv2.pages import page
from localaws.elbv2.store import Store
from localaws.wire import AwsError


class Listeners:
    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, params: dict[str, Any]) -> dict[str, Any]:
        balancer = self._store.load_balancer(params["LoadBalancerArn"])
        port = _port(params)
        action = actions.read(params["DefaultActions"], self._store)
        limits.check_groups(self._store, balancer.arn, action)
        if existing := self._on_port(balancer.arn, port):
            if existing.default.action == action:  # asked twice: AWS answers with the first
                return {"Listeners": [_render(existing)]}
            raise AwsError(
                "DuplicateListener",
                f"A listener already exists on this port for this load balancer '{balancer.arn}'",
            )
        arn = names.listener_arn(balancer.arn)
        default = Rule(names.rule_arn(arn), arn, None, (), action, {})
        made = Listener(arn, balancer.arn, port, default, tags.read(params))
        self._store.listeners[arn] = made
        self._store.rules[default.arn] = default
        self._store.reindex()
        return {"Listeners": [_render(made)]}

    def describe(self, params: dict[str, Any]) -> dict[str, Any]:
        return page("Listeners", self._asked(params), params, _render)

    def delete(self, params: dict[str, Any]) -> dict[str, Any]:
        listener = self._store.listener(params["ListenerArn"])
        for rule in (*listener.rules, listener.default):
            del self._store.rules[rule.arn]
        del self._store.listeners[listener.arn]
        self._store.reindex()
        return {}

    def _on_port(self, load_balancer_arn: str, port: int) -> Listener | None:
        listeners = self._store.listeners_of(load_balancer_arn)
        return next((one for one in listeners if one.port == port), None)

    def _asked(self, params: dict[str, Any]) -> list[Listener]:
        if arns := params.get("ListenerArns"):
            return [self._store.listener(arn) for arn in arns]
        if balancer := params.get("LoadBalancerArn"):
            return self._store.listeners_of(self._store.load_balancer(balancer).arn)
        raise AwsError(
            "ValidationError", "You must specify either listener ARNs or a load balancer ARN"
        )


def _port(params: dict[str, Any]) -> int:
    if params.get("Protocol", "HTTP") != "HTTP":
        raise AwsError(
            "UnsupportedProtocol",
            f"The local AWS listens for HTTP, not {params['Protocol']}",
        )
    port: int | None = params.get("Port")
    if port is None:
        raise AwsError("ValidationError", "A listener port must be specified")
    return port


def _render(listener: Listener) -> dict[str, Any]:
    return {
        "ListenerArn": listener.arn,
        "LoadBalancerArn": listener.load_balancer_arn,
        "Port": listener.port,
        "Protocol": "HTTP",
        "DefaultActions": actions.render(listener.default.action),
    }
