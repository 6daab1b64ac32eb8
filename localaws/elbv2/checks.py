"""Health checks: an HTTP GET, and what a row of answers makes of a target."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import h11

from localaws.elbv2.channel import connect
from localaws.elbv2.model import State, Target, TargetGroup, TargetHealth
from localaws.world import Probe

INITIAL = TargetHealth(
    State.INITIAL, "Elb.RegistrationInProgress", "Target registration is in progress"
)
CHECKING = TargetHealth(
    State.INITIAL, "Elb.InitialHealthChecking", "Initial health checks in progress"
)
HEALTHY = TargetHealth(State.HEALTHY)
UNUSED = TargetHealth(
    State.UNUSED,
    "Target.NotInUse",
    "Target group is not configured to receive traffic from the load balancer",
)
ZONE = TargetHealth(
    State.UNUSED,
    "Target.NotInUse",
    "Target is in an Availability Zone that is not enabled for the load balancer",
)
TAKEN = TargetHealth(
    State.UNUSED,
    "Target.IpUnusable",
    "The IP address cannot be used as a target, as it is in use by a load balancer",
)
DRAINING = TargetHealth(
    State.DRAINING, "Target.DeregistrationInProgress", "Target deregistration is in progress"
)
NOT_REGISTERED = TargetHealth(
    State.UNUSED, "Target.NotRegistered", "Target is not registered to the target group"
)
TIMEOUT = TargetHealth(State.UNHEALTHY, "Target.Timeout", "Request timed out")
FAILED = TargetHealth(State.UNHEALTHY, "Target.FailedHealthChecks", "Health checks failed")


@dataclass(frozen=True)
class Passed:
    pass


@dataclass(frozen=True)
class Failed:
    health: TargetHealth  # that of a target which fails for this cause


Outcome = Passed | Failed


async def get(address: str, port: int, path: str, timeout: float) -> int:
    """The status of an answer over a real socket."""
    async with asyncio.timeout(timeout):
        return await _status(address, port, path)


async def check(group: TargetGroup, target: Target, probe: Probe = get) -> Outcome:
    settings = group.settings
    path, limit = str(settings["HealthCheckPath"]), settings["HealthCheckTimeoutSeconds"]
    try:
        status = await probe(target.address, port(group, target), path, limit)
    except TimeoutError:
        return Failed(TIMEOUT)
    except (OSError, h11.RemoteProtocolError):
        return Failed(FAILED)
    if matches(settings["Matcher"]["HttpCode"], status):
        return Passed()
    return Failed(mismatch(status))


def judge(group: TargetGroup, target: Target, outcome: Outcome) -> None:
    """As on an ALB: a new target is healthy at its first pass, one that failed after several."""
    if isinstance(outcome, Passed):
        target.passes, target.failures = target.passes + 1, 0
        needed = 1 if target.state is State.INITIAL else group.settings["HealthyThresholdCount"]
        if target.passes >= needed:
            target.health = HEALTHY
    else:
        target.passes, target.failures = 0, target.failures + 1
        if target.failures >= group.settings["UnhealthyThresholdCount"]:
            target.health = outcome.health


def ended(how: str) -> TargetHealth:
    """Of an instance that was `stopped` or `terminated`."""
    return TargetHealth(State.UNUSED, "Target.InvalidState", f"Target is in the {how} state")


def failing(reason: str, code: int) -> TargetHealth:
    """Of a target that fails for a reason of AWS's."""
    if reason == "Target.ResponseCodeMismatch":
        return mismatch(code)
    return TIMEOUT if reason == "Target.Timeout" else FAILED


def port(group: TargetGroup, target: Target) -> int:
    configured = group.settings["HealthCheckPort"]
    return target.port if configured == "traffic-port" else int(configured)


def matches(codes: str, status: int) -> bool:
    """`codes` as in a matcher: "200", "200,302", "200-299"."""
    for part in codes.split(","):
        first, _, last = part.partition("-")
        if int(first) <= status <= int(last or first):
            return True
    return False


def mismatch(status: int) -> TargetHealth:
    return TargetHealth(
        State.UNHEALTHY,
        "Target.ResponseCodeMismatch",
        f"Health checks failed with these codes: [{status}]",
    )


async def _status(address: str, port: int, path: str) -> int:
    channel = await connect(address, port, timeout=60)  # the check's own limit is shorter
    try:
        await channel.send(
            h11.Request(
                method="GET",
                target=path,
                headers=[
                    ("Host", f"{address}:{port}"),
                    ("User-Agent", "ELB-HealthChecker/2.0"),
                    ("Connection", "close"),
                    ("Accept-Encoding", "gzip, compressed"),
                ],
            )
        )
        await channel.send(h11.EndOfMessage())
        while not isinstance(event := await channel.receive(), h11.Response):
            if isinstance(event, h11.ConnectionClosed):
                raise ConnectionResetError(f"{address}:{port} closed the connection")
        return event.status_code
    finally:
        channel.close()
