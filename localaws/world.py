"""One account in one region: where it lives, what time it is, and the services in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from localaws.clock import Clock
from localaws.faults.faults import Faults

if TYPE_CHECKING:  # the services know the world; at run time the world only holds them
    from localaws.autoscaling.service import AutoScaling
    from localaws.bus import Aws
    from localaws.cloudformation.service import CloudFormation
    from localaws.drivers.driver import Driver
    from localaws.drivers.sim.table import Table
    from localaws.ecs.service import Ecs
    from localaws.elbv2.service import Elbv2
    from localaws.events.service import Events
    from localaws.scaling.service import Scaling

Probe = Callable[[str, int, str, float], Awaitable[int]]  # address, port, path, timeout: a status
Operation = Callable[[dict[str, Any]], dict[str, Any] | Awaitable[dict[str, Any]]]


class Service(Protocol):
    """A service of ours: operations by the API's name, parameters and results in boto3's shapes.

    Parameters come validated against the service's model; a refusal is an `AwsError`. All that
    must survive a restart is in `state`, which pickles.
    """

    state: Any

    def operations(self) -> Mapping[str, Operation]: ...

    async def resume(self) -> None:
        """Goes on with whatever was under way in a state that was put back."""
        ...


@dataclass
class World:
    home: Path
    port: int
    router_port: int
    account: str = "123456789012"
    region: str = "us-east-1"
    cluster: str = "palatine"
    stack_resource_seconds: float = 0.02  # how long CloudFormation takes over each resource
    task_settle_seconds: float = 1.0  # before a task without health checks is healthy; on AWS 40
    attachment_seconds: float = 0.05  # how long a cluster's capacity providers take to be attached
    instance_boot_seconds: float = 0.0  # from an instance's launch until its agent registers
    clock: Clock = field(default_factory=Clock)
    former_ports: frozenset[int] = frozenset()  # at which this account has been, besides `port`

    sim: Table | None = None  # the scripts of simulated containers, and
    probe: Probe | None = None  # what these answer to health checks, having no sockets

    faults: Faults = field(init=False)

    # filled by localaws.main before anything is served
    driver: Driver = field(init=False)
    aws: Aws = field(init=False)
    ecs: Ecs = field(init=False)
    elbv2: Elbv2 = field(init=False)
    cloudformation: CloudFormation = field(init=False)
    events: Events = field(init=False)
    scaling: Scaling = field(init=False)
    autoscaling: AutoScaling = field(init=False)

    def __post_init__(self) -> None:
        self.faults = Faults(self.clock)

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def image(self, reference: str) -> str:
        """As it is to be pulled: one that names an earlier port of ours is here now."""
        host, slash, path = reference.partition("/")
        name, _, port = host.rpartition(":")
        ours = name in ("127.0.0.1", "localhost") and port.isdecimal()
        if ours and int(port) in self.former_ports:
            return f"{name}:{self.port}{slash}{path}"
        return reference
