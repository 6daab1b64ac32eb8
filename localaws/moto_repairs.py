"""Where moto is not as AWS is, and the local AWS rests on it: mended before it is first asked."""

from __future__ import annotations

import importlib
import json
from functools import cache
from typing import Any

from localaws import permissions

Json = dict[str, Any]


@cache
def make(service: str) -> None:
    """By signing name; once. moto's modules are heavy: each is loaded when it is asked for."""
    match service:
        case "ec2":
            _end_interfaces_with_their_instances()
            _end_interfaces_with_their_gateways()
            _revoke_rules_of_ipv6()
        case "s3":
            _read_bucket_policies_whole()
        case "ssm":
            _tell_public_parameters_from_ones_own()


def _end_interfaces_with_their_instances() -> None:
    """The primary ones, unless they are asked to stay; moto keeps them, and their groups in use."""
    instance: Any = importlib.import_module("moto.ec2.models.instances").Instance
    prepare, terminate = instance.prep_nics, instance.terminate

    def prep_nics(self: Any, nic_spec: list[Json], *args: Any, **more: Any) -> None:  # noqa: ANN401
        primary = next((one for one in nic_spec if int(one["DeviceIndex"]) == 0), {})
        ends = primary.get("DeleteOnTermination", "NetworkInterfaceId" not in primary)
        prepare(self, nic_spec, *args, **more)
        if 0 in self.nics:
            self.nics[0].delete_on_termination = ends

    def terminate_once(self: Any) -> Any:  # noqa: ANN401
        """Terminated again, it has nothing left to give back."""
        state = terminate(self)
        for nic in self.nics.values():
            nic.delete_on_termination = False
        return state

    instance.prep_nics, instance.terminate = prep_nics, terminate_once


def _end_interfaces_with_their_gateways() -> None:
    """And give back the address, which may then be released."""
    backend: Any = importlib.import_module("moto.ec2.models.nat_gateways").NatGatewayBackend
    delete = backend.delete_nat_gateway

    def delete_nat_gateway(self: Any, nat_gateway_id: str) -> Any:  # noqa: ANN401
        known = self.nat_gateways.get(nat_gateway_id)
        held = known.address_set if known and known.state != "deleted" else []
        gateway = delete(self, nat_gateway_id)
        for address in held:
            if address.get("associationId"):
                self.disassociate_address(association_id=address["associationId"])
            self.delete_network_interface(address["networkInterfaceId"])
        return gateway

    backend.delete_nat_gateway = delete_nat_gateway


def _revoke_rules_of_ipv6() -> None:
    """Of a VPC without such addresses, too: it lets them be authorised."""
    backend: Any = importlib.import_module("moto.ec2.models.security_groups").SecurityGroupBackend
    revoke = backend.revoke_security_group_egress

    def revoke_egress(self: Any, **rule: Any) -> None:  # noqa: ANN401
        revoke(self, **{**rule, "ip_ranges": _Whole(rule["ip_ranges"])})

    backend.revoke_security_group_egress = revoke_egress


class _Whole(list[Any]):
    """moto goes through a copy to find what to leave out: there is nothing in it."""

    def copy(self) -> list[Any]:
        return []


def _read_bucket_policies_whole() -> None:
    """With their principals and conditions; moto denies to all what is denied to some, or without
    TLS, which stands before the local AWS."""
    bucket: Any = importlib.import_module("moto.s3.models").FakeBucket
    results: Any = importlib.import_module("moto.iam.access_control").PermissionResult

    def get_permission(self: Any, action: str, resource: str) -> Any:  # noqa: ANN401
        who = f"arn:aws:iam::{self.account_id}:root"
        facts = {"aws:PrincipalArn": who, "aws:SecureTransport": "true"}
        policy = json.loads(self.policy or "{}")
        effects = permissions.effects(policy, action, resource, facts)
        if "Deny" in effects:
            return results.DENIED
        return results.PERMITTED if effects else results.NEUTRAL

    bucket.get_permission = get_permission


def _tell_public_parameters_from_ones_own() -> None:
    """Amazon's are found by name and path; moto lists the thousands it knows, once one is."""
    backend: Any = importlib.import_module("moto.ssm.models").SimpleSystemManagerBackend
    describe = backend.describe_parameters

    def describe_parameters(self: Any, *args: Any) -> list[Any]:  # noqa: ANN401
        return [one for one in describe(self, *args) if not one.name.startswith("/aws/")]

    backend.describe_parameters = describe_parameters
