"""Certificates of HTTPS listeners: kept and shown. The router itself speaks no TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.elbv2 import limits
from localaws.elbv2.model import Listener
from localaws.elbv2.pages import page
from localaws.elbv2.store import Store
from localaws.wire import AwsError

if TYPE_CHECKING:
    from localaws.world import World

POLICIES = (  # security policies of AWS's that are no older than TLS 1.0, newest first
    "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-2-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-3-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06",
    "ELBSecurityPolicy-TLS13-1-1-2021-06",
    "ELBSecurityPolicy-TLS13-1-0-2021-06",
    "ELBSecurityPolicy-FS-1-2-Res-2020-10",
    "ELBSecurityPolicy-FS-1-2-2019-08",
    "ELBSecurityPolicy-TLS-1-2-Ext-2018-06",
    "ELBSecurityPolicy-TLS-1-2-2017-01",
    "ELBSecurityPolicy-2016-08",
)
DEFAULT_POLICY = "ELBSecurityPolicy-2016-08"


class Certificates:
    def __init__(self, world: World, store: Store) -> None:
        self._world = world
        self._store = store

    async def add(self, params: dict[str, Any]) -> dict[str, Any]:
        listener = self._store.listener(params["ListenerArn"])
        added = [one["CertificateArn"] for one in params["Certificates"]]
        await check(self._world, added)
        limits.check_certificates(self._store, listener.load_balancer_arn, added)
        listener.certificates += [arn for arn in added if arn not in listener.certificates]
        shown = [{"CertificateArn": arn, "IsDefault": False} for arn in added]
        return {"Certificates": shown}

    def remove(self, params: dict[str, Any]) -> dict[str, Any]:
        listener = self._store.listener(params["ListenerArn"])
        removed = {one["CertificateArn"] for one in params["Certificates"]}
        if removed & set(listener.certificates[:1]):
            raise AwsError(
                "OperationNotPermitted", "The default certificate of a listener cannot be removed"
            )
        listener.certificates = [arn for arn in listener.certificates if arn not in removed]
        return {}

    def describe(self, params: dict[str, Any]) -> dict[str, Any]:
        arns = self._store.listener(params["ListenerArn"]).certificates
        shown = [{"CertificateArn": arn, "IsDefault": arn == arns[0]} for arn in arns]
        return page("Certificates", shown, params, lambda one: one)


async def check(world: World, arns: list[str]) -> None:
    """Whether ACM, or IAM, has them."""
    for arn in arns:
        try:
            if arn.split(":")[2] == "iam":
                name = {"ServerCertificateName": arn.rpartition("/")[2]}
                await world.aws.call("iam", "GetServerCertificate", name)
            else:
                await world.aws.call("acm", "DescribeCertificate", {"CertificateArn": arn})
        except (AwsError, IndexError) as error:
            raise AwsError("CertificateNotFound", f"Certificate '{arn}' not found") from error


def policy(listener_protocol: str, asked: str | None) -> str | None:
    if listener_protocol != "HTTPS":
        if asked:
            raise AwsError(
                "InvalidConfigurationRequest", "A security policy is for HTTPS listeners only"
            )
        return None
    if asked is not None and asked not in POLICIES:
        raise AwsError("SSLPolicyNotFound", f"SSL policy '{asked}' not found")
    return asked or DEFAULT_POLICY


def render(listener: Listener) -> dict[str, Any]:
    """A listener's own view shows its default certificate alone."""
    if listener.protocol != "HTTPS":
        return {}
    default = [{"CertificateArn": arn} for arn in listener.certificates[:1]]
    return {"SslPolicy": listener.ssl_policy, "Certificates": default}
