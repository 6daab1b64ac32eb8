"""Access logs of load balancers: kept for some minutes, then put into a bucket of S3."""

from __future__ import annotations

import asyncio
import gzip
import json
import secrets
from typing import TYPE_CHECKING, Any

from localaws import permissions
from localaws.elbv2 import attributes
from localaws.elbv2.model import LoadBalancer
from localaws.elbv2.store import Store
from localaws.wire import AwsError

if TYPE_CHECKING:
    from localaws.world import World

INTERVAL = 300  # seconds between two deliveries, at full five minutes
MOST_LINES = 10_000  # of a file; then another one is begun at once
_SERVICE = "logdelivery.elasticloadbalancing.amazonaws.com"
_ACCOUNT = "arn:aws:iam::127311923021:root"  # Elastic Load Balancing's own, in us-east-1


class AccessLogs:
    def __init__(self, world: World, store: Store) -> None:
        self._world = world
        self._store = store
        self._delivering: asyncio.Task[None] | None = None

    async def begin(self, balancer: LoadBalancer, wanted: dict[str, str]) -> None:
        """Where the attributes that are wanted ask for it: a test file shows that it can be.
        AwsError."""
        where = (attributes.LOGGED, attributes.BUCKET, attributes.PREFIX)
        known = balancer.attributes
        if wanted[attributes.LOGGED] == "false" or all(wanted[k] == known[k] for k in where):
            return
        bucket, prefix = wanted[attributes.BUCKET], wanted[attributes.PREFIX]
        if not bucket:
            raise AwsError("ValidationError", "The bucket of the access logs must be specified")
        if "AWSLogs" in prefix:
            sentence = "The prefix of access logs must not contain 'AWSLogs'"
            raise AwsError("InvalidConfigurationRequest", sentence)
        when = f"{self._world.clock.now():%Y-%m-%dT%H:%M:%S.%f}"[:-3]
        text = f"Enable AccessLog for ELB: {balancer.name} at {when}Z"
        key = f"{self._folder(prefix)}/ELBAccessLogTestFile"
        await self._check(balancer, bucket, key)
        await self._put(bucket, key, text.encode())

    def keep(self, balancer: LoadBalancer, line: str) -> None:
        lines = self._store.state.unlogged.setdefault(balancer.arn, [])
        lines.append(line)
        if len(lines) == 1:
            self.resume()

    def resume(self) -> None:
        """Delivers what is kept, when it is time."""
        idle = self._delivering is None or self._delivering.done()
        if self._store.state.unlogged and idle:
            self._delivering = asyncio.create_task(self._deliver())

    async def stop(self) -> None:
        if self._delivering:
            self._delivering.cancel()
            await asyncio.gather(self._delivering, return_exceptions=True)

    async def _deliver(self) -> None:
        unlogged = self._store.state.unlogged
        while unlogged:
            past = self._world.clock.now().timestamp() % INTERVAL
            await self._world.clock.sleep(INTERVAL - past)
            for arn in list(unlogged):
                lines = unlogged.pop(arn)
                balancer = self._store.state.load_balancers.get(arn)
                while balancer and lines:
                    await self._deliver_one(balancer, lines[:MOST_LINES])
                    lines = lines[MOST_LINES:]

    async def _deliver_one(self, balancer: LoadBalancer, lines: list[str]) -> None:
        """Best effort, as on AWS: what the bucket does not take is lost."""
        bucket, world = balancer.attributes[attributes.BUCKET], self._world
        if not bucket:
            return
        now = world.clock.now()
        node = next(iter(balancer.interfaces.values()), "127.0.0.1")
        id_ = balancer.arn.partition(":loadbalancer/")[2].replace("/", ".")
        name = f"{world.account}_elasticloadbalancing_{world.region}_{id_}_{now:%Y%m%dT%H%MZ}"
        folder = self._folder(balancer.attributes[attributes.PREFIX])
        day = f"{folder}/elasticloadbalancing/{world.region}/{now:%Y/%m/%d}"
        key = f"{day}/{name}_{node}_{secrets.token_hex(4)}.log.gz"
        try:
            await self._check(balancer, bucket, key)
            await self._put(bucket, key, gzip.compress("".join(f"{it}\n" for it in lines).encode()))
        except AwsError:
            return

    def _folder(self, prefix: str) -> str:
        return f"{prefix}/AWSLogs/{self._world.account}".lstrip("/")

    async def _put(self, bucket: str, key: str, body: bytes) -> None:
        await self._world.aws.call("s3", "PutObject", {"Bucket": bucket, "Key": key, "Body": body})

    async def _check(self, balancer: LoadBalancer, bucket: str, key: str) -> None:
        """The bucket's policy must let either of Elastic Load Balancing's names put it there."""
        try:
            found = await self._world.aws.call("s3", "GetBucketPolicy", {"Bucket": bucket})
            policy = json.loads(found["Policy"])
        except (AwsError, ValueError):
            policy = {}  # no bucket, no policy, or one that S3's stand-in took unread
        resource = f"arn:aws:s3:::{bucket}/{key}"
        if not any(
            permissions.allows(policy, "s3:PutObject", resource, _facts(self._world, balancer, who))
            for who in ({"aws:PrincipalServiceName": _SERVICE}, {"aws:PrincipalArn": _ACCOUNT})
        ):
            sentence = f"Access Denied for bucket: {bucket}. Please check S3bucket permission"
            raise AwsError("InvalidConfigurationRequest", sentence)


def _facts(world: World, balancer: LoadBalancer, who: dict[str, str]) -> dict[str, Any]:
    return who | {
        "aws:SourceAccount": world.account,
        "aws:SourceArn": balancer.arn,
        "aws:SecureTransport": "true",
        "s3:x-amz-acl": "bucket-owner-full-control",
    }
