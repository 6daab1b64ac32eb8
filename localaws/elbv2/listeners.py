"""Listeners and their default rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.elbv2 import actions, certificates, limits, names, tags
from localaws.elbv2.model import Action, Listener, LoadBalancer, Rule
from localaws.elbv2.pages import page
from localaws.elbv2.store import Store
from localaws.elbv2.unmodelled import unmodelled
from localaws.wire import AwsError

if TYPE_CHECKING:
    from localaws.world import World

Params = dict[str, Any]
PROTOCOLS = ("HTTP", "HTTPS")


class Listeners:
    def __init__(self, world: World, store: Store) -> None:
        self._world = world
        self._store = store

    async def create(self, params: Params) -> Params:
        _refuse_unmodelled(params)
        balancer = self._store.load_balancer(params["LoadBalancerArn"])
        port, protocol = _port(params), _protocol(params)
        arns, policy = await self._secured(protocol, params)
        action = actions.read(params["DefaultActions"], self._store)
        limits.check_groups(self._store, balancer.arn, action)
        if existing := self._on_port(balancer.arn, port):
            if existing.default.action == action and existing.protocol == protocol:
                return {"Listeners": [_render(existing)]}  # asked twice: the first is answered
            raise _taken(balancer.arn)
        limits.check_listeners(self._store, balancer.arn)
        made = _made(balancer, port, protocol, action, tags.read(params))
        made.certificates, made.ssl_policy = arns, policy
        self._store.state.listeners[made.arn] = made
        self._store.state.rules[made.default.arn] = made.default
        self._store.reindex()
        return {"Listeners": [_render(made)]}

    async def modify(self, params: Params) -> Params:
        """What is not given stays."""
        _refuse_unmodelled(params)
        listener = self._store.listener(params["ListenerArn"])
        port = _port(params) if "Port" in params else listener.port
        if self._on_port(listener.load_balancer_arn, port) not in (None, listener):
            raise _taken(listener.load_balancer_arn)
        protocol = _protocol(params) if "Protocol" in params else listener.protocol
        arns, policy = await self._secured(protocol, params, listener)
        action = listener.default.action
        if "DefaultActions" in params:
            action = actions.read(params["DefaultActions"], self._store)
            limits.check_groups(self._store, listener.load_balancer_arn, action)
        listener.port, listener.protocol, listener.default.action = port, protocol, action
        listener.certificates, listener.ssl_policy = arns, policy
        self._store.reindex()
        return {"Listeners": [_render(listener)]}

    def describe(self, params: Params) -> Params:
        return page("Listeners", self._asked(params), params, _render)

    def delete(self, params: Params) -> Params:
        listener = self._store.listener(params["ListenerArn"])
        for rule in (*listener.rules, listener.default):
            del self._store.state.rules[rule.arn]
        del self._store.state.listeners[listener.arn]
        self._store.reindex()
        return {}

    async def _secured(
        self, protocol: str, params: Params, before: Listener | None = None
    ) -> tuple[list[str], str | None]:
        """The certificates, the default first, and the security policy."""
        given = [one["CertificateArn"] for one in params.get("Certificates", ())]
        if protocol != "HTTPS":
            if given:
                raise AwsError(
                    "InvalidConfigurationRequest", "Certificates are for HTTPS listeners only"
                )
            return [], certificates.policy(protocol, params.get("SslPolicy"))
        if len(given) > 1:
            raise AwsError("ValidationError", "Exactly one default certificate must be specified")
        await certificates.check(self._world, given)
        present = before.certificates if before else []
        if not given and not present:
            raise AwsError("ValidationError", "A certificate must be specified for HTTPS listeners")
        asked = params.get("SslPolicy") or (before.ssl_policy if before else None)
        return [*given, *present[1 if given else 0 :]], certificates.policy(protocol, asked)

    def _on_port(self, load_balancer_arn: str, port: int) -> Listener | None:
        listeners = self._store.listeners_of(load_balancer_arn)
        return next((one for one in listeners if one.port == port), None)

    def _asked(self, params: Params) -> list[Listener]:
        if arns := params.get("ListenerArns"):
            return [self._store.listener(arn) for arn in arns]
        if balancer := params.get("LoadBalancerArn"):
            return self._store.listeners_of(self._store.load_balancer(balancer).arn)
        raise AwsError(
            "ValidationError", "You must specify either listener ARNs or a load balancer ARN"
        )


def _made(
    balancer: LoadBalancer, port: int, protocol: str, action: Action, given: dict[str, str]
) -> Listener:
    arn = names.listener_arn(balancer.arn)
    default = Rule(names.rule_arn(arn), arn, None, (), action, {})
    return Listener(arn, balancer.arn, port, protocol, default, given)


def _refuse_unmodelled(params: Params) -> None:
    if params.get("AlpnPolicy"):
        raise unmodelled("AlpnPolicy")
    if params.get("MutualAuthentication", {}).get("Mode", "off") != "off":
        raise unmodelled("MutualAuthentication")


def _protocol(params: Params) -> str:
    protocol: str | None = params.get("Protocol")
    if protocol is None:
        raise AwsError("ValidationError", "A listener protocol must be specified")
    if protocol not in PROTOCOLS:
        raise AwsError(
            "ValidationError", f"Listener protocol '{protocol}' must be one of 'HTTPS, HTTP'"
        )
    return protocol


def _port(params: Params) -> int:
    port: int | None = params.get("Port")
    if port is None:
        raise AwsError("ValidationError", "A listener port must be specified")
    return port


def _taken(load_balancer_arn: str) -> AwsError:
    return AwsError(
        "DuplicateListener",
        f"A listener already exists on this port for this load balancer '{load_balancer_arn}'",
    )


def _render(listener: Listener) -> Params:
    return {
        "ListenerArn": listener.arn,
        "LoadBalancerArn": listener.load_balancer_arn,
        "Port": listener.port,
        "Protocol": listener.protocol,
        "DefaultActions": actions.render(listener.default.action),
        **certificates.render(listener),
    }
