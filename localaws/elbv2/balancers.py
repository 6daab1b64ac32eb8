"""Application load balancers. All share the router's one port, which stands for DNS."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from localaws.elbv2 import attributes, interfaces, limits, names, tags
from localaws.elbv2.access_logs import AccessLogs
from localaws.elbv2.model import LoadBalancer
from localaws.elbv2.pages import page
from localaws.elbv2.store import Store
from localaws.elbv2.unmodelled import unmodelled
from localaws.wire import AwsError

if TYPE_CHECKING:
    from localaws.world import World

HOSTED_ZONE = "Z35SXDOTRQ7X7K"  # of every balancer in us-east-1


class Balancers:
    def __init__(self, world: World, store: Store, logs: AccessLogs) -> None:
        self._world = world
        self._store = store
        self._logs = logs

    async def create(self, params: dict[str, Any]) -> dict[str, Any]:
        name, scheme = params["Name"], params.get("Scheme", "internet-facing")
        _check(params)
        subnets = await self._subnets(_subnet_ids(params))
        groups = await self._security_groups(subnets, params.get("SecurityGroups", []))
        made = LoadBalancer(
            arn=self._world.arn(
                "elasticloadbalancing", f"loadbalancer/app/{name}/{names.identifier()}"
            ),
            name=name,
            dns_name=self._dns_name(name, scheme),
            scheme=scheme,
            vpc_id=subnets[0]["VpcId"],
            zones=[_zone(subnet) for subnet in subnets],
            security_groups=groups,
            created=self._world.clock.now(),
            tags=tags.read(params),
            attributes=dict(attributes.DEFAULTS),
            interfaces={},
        )
        if same := self._same(made):
            return {"LoadBalancers": [_render(same)]}
        limits.check_balancers(self._store)
        self._store.state.load_balancers[made.arn] = made
        made.interfaces = await self._attach(made)
        return {"LoadBalancers": [_render(made)]}

    def describe(self, params: dict[str, Any]) -> dict[str, Any]:
        return page("LoadBalancers", self._asked(params), params, _render)

    async def delete(self, params: dict[str, Any]) -> dict[str, Any]:
        """As on AWS, one that is not there counts as deleted."""
        arn = params["LoadBalancerArn"]
        balancer = self._store.state.load_balancers.get(arn)
        if balancer and balancer.attributes[attributes.PROTECTED] == "true":
            raise AwsError(
                "OperationNotPermitted",
                f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
            )
        for listener in self._store.listeners_of(arn):
            for rule in (*listener.rules, listener.default):
                del self._store.state.rules[rule.arn]
            del self._store.state.listeners[listener.arn]
        self._store.state.load_balancers.pop(arn, None)
        self._store.reindex()
        if balancer:
            await interfaces.detach(self._world, balancer.interfaces)
        return {}

    async def modify_attributes(self, params: dict[str, Any]) -> dict[str, Any]:
        balancer = self._store.load_balancer(params["LoadBalancerArn"])
        wanted = attributes.changed(balancer.attributes, params["Attributes"])
        await self._logs.begin(balancer, wanted)
        balancer.attributes = attributes.changed(balancer.attributes, params["Attributes"])
        return attributes.render(balancer.attributes)

    def describe_attributes(self, params: dict[str, Any]) -> dict[str, Any]:
        return attributes.render(self._store.load_balancer(params["LoadBalancerArn"]).attributes)

    async def set_security_groups(self, params: dict[str, Any]) -> dict[str, Any]:
        balancer = self._store.load_balancer(params["LoadBalancerArn"])
        groups = list(params["SecurityGroups"])
        groups = await interfaces.security_groups(self._world, balancer.vpc_id, groups)
        await interfaces.regroup(self._world, balancer.interfaces, groups)
        balancer.security_groups = groups
        return {"SecurityGroupIds": balancer.security_groups}

    async def set_subnets(self, params: dict[str, Any]) -> dict[str, Any]:
        balancer = self._store.load_balancer(params["LoadBalancerArn"])
        subnets = await self._subnets(_subnet_ids(params))
        if any(subnet["VpcId"] != balancer.vpc_id for subnet in subnets):
            raise AwsError(
                "InvalidConfigurationRequest",
                "All subnets must be in the VPC of the load balancer",
            )
        balancer.zones = [_zone(subnet) for subnet in subnets]
        made = await self._attach(balancer)
        former, balancer.interfaces = balancer.interfaces, made
        await interfaces.detach(self._world, former)
        self._store.tell()
        return {"AvailabilityZones": balancer.zones, "IpAddressType": "ipv4"}

    async def _subnets(self, ids: list[str]) -> list[dict[str, Any]]:
        try:
            found = await self._world.aws.call("ec2", "DescribeSubnets", {"SubnetIds": ids})
        except AwsError as error:
            raise AwsError("SubnetNotFound", error.message) from error
        subnets: list[dict[str, Any]] = found["Subnets"]
        if len({subnet["AvailabilityZone"] for subnet in subnets}) < 2:
            raise AwsError(
                "ValidationError",
                "At least two subnets in two different Availability Zones must be specified",
            )
        return subnets

    async def _security_groups(self, subnets: list[dict[str, Any]], asked: list[str]) -> list[str]:
        return await interfaces.security_groups(self._world, subnets[0]["VpcId"], asked)

    async def _attach(self, balancer: LoadBalancer) -> dict[str, str]:
        subnets = [str(zone["SubnetId"]) for zone in balancer.zones]
        return await interfaces.attach(self._world, balancer.arn, subnets, balancer.security_groups)

    def _dns_name(self, name: str, scheme: str) -> str:
        prefix = "internal-" if scheme == "internal" else ""
        number = secrets.randbelow(9 * 10**9) + 10**9
        return f"{prefix}{name}-{number}.{self._world.region}.elb.amazonaws.com"

    def _same(self, made: LoadBalancer) -> LoadBalancer | None:
        """Asked twice for the same, AWS answers with the first; a namesake it refuses."""
        for other in self._store.state.load_balancers.values():
            if other.name != made.name:
                continue
            if _settings(other) == _settings(made):
                return other
            raise AwsError(
                "DuplicateLoadBalancerName",
                f"A load balancer with the same name '{made.name}' exists, "
                "but with different settings",
            )
        return None

    def _asked(self, params: dict[str, Any]) -> list[LoadBalancer]:
        if arns := params.get("LoadBalancerArns"):
            return [self._store.load_balancer(arn) for arn in arns]
        everything = list(self._store.state.load_balancers.values())
        if wanted := params.get("Names"):
            if missing := set(wanted) - {one.name for one in everything}:
                raise AwsError(
                    "LoadBalancerNotFound", f"Load balancers '[{', '.join(missing)}]' not found"
                )
            return [one for one in everything if one.name in wanted]
        return everything


def _check(params: dict[str, Any]) -> None:
    names.check("The load balancer", params["Name"])
    if params["Name"].startswith("internal-"):
        raise AwsError("ValidationError", "The load balancer name cannot begin with 'internal-'")
    if (kind := params.get("Type", "application")) != "application":
        raise unmodelled(f"A load balancer of type {kind}")
    if params.get("IpAddressType", "ipv4") != "ipv4":
        raise unmodelled(f"IpAddressType {params['IpAddressType']}")


def _subnet_ids(params: dict[str, Any]) -> list[str]:
    mapped = [mapping["SubnetId"] for mapping in params.get("SubnetMappings", [])]
    if not (ids := mapped or params.get("Subnets", [])):
        raise AwsError("ValidationError", "At least two subnets must be specified")
    return list(ids)


def _zone(subnet: dict[str, Any]) -> dict[str, object]:
    return {
        "ZoneName": subnet["AvailabilityZone"],
        "SubnetId": subnet["SubnetId"],
        "LoadBalancerAddresses": [],
    }


def _settings(one: LoadBalancer) -> tuple[object, ...]:
    return one.scheme, one.vpc_id, one.zones, sorted(one.security_groups)


def _render(one: LoadBalancer) -> dict[str, Any]:
    return {
        "LoadBalancerArn": one.arn,
        "DNSName": one.dns_name,
        "CanonicalHostedZoneId": HOSTED_ZONE,
        "CreatedTime": one.created,
        "LoadBalancerName": one.name,
        "Scheme": one.scheme,
        "VpcId": one.vpc_id,
        "State": {"Code": "active"},
        "Type": "application",
        "AvailabilityZones": one.zones,
        "SecurityGroups": one.security_groups,
        "IpAddressType": "ipv4",
    }
