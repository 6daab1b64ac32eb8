"""A load balancer with a loop and a port of its own."""

import asyncio
import pickle
import socket
import threading
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

from localaws.clock import Clock
from localaws.elbv2.model import TargetHealth, Timing
from localaws.elbv2.service import Elbv2
from localaws.persistence.keeper import fill
from localaws.wire import AwsError
from localaws.world import World

T = TypeVar("T")
INSTANCE = "i-0123456789abcdef0"
QUICK = Timing(
    first_checks=0.02,
    interval_scale=0.02,  # of 5 s: 0.1 s
    connect_timeout=1.0,
    idle_timeout=1.0,
    shortest_drain=0.05,
)


SUBNETS = {"subnet-a": "10.0.0.0/24", "subnet-b": "10.0.1.0/24", "subnet-c": "10.0.2.0/24"}


class Network:
    """Of EC2, of ACM and of S3, what a load balancer asks."""

    def __init__(self) -> None:
        self.policies = dict[str, str]()  # of buckets
        self.objects = dict[str, bytes]()  # in all buckets, by key
        self.state = "running"  # of the only instance
        self.interfaces = dict[str, str]()  # their addresses

    async def call(self, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        answered: dict[str, Any] = getattr(self, f"_{service}_{operation}")(params)
        return answered

    def _s3_GetBucketPolicy(self, params: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        if params["Bucket"] not in self.policies:
            raise AwsError("NoSuchBucketPolicy", "The bucket policy does not exist")
        return {"Policy": self.policies[params["Bucket"]]}

    def _s3_PutObject(self, params: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        self.objects[params["Key"]] = params["Body"]
        return {}

    def _acm_DescribeCertificate(self, params: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"Certificate": params}

    def _ec2_DescribeSubnets(self, params: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        shown = [
            {
                "SubnetId": name,
                "VpcId": "vpc-1",
                "AvailabilityZone": f"us-east-1{name[-1]}",
                "CidrBlock": SUBNETS[name],
            }
            for name in params.get("SubnetIds", SUBNETS)
        ]
        return {"Subnets": shown}

    def _ec2_DescribeSecurityGroups(self, params: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"SecurityGroups": [{"GroupId": one} for one in params.get("GroupIds", ["sg-0"])]}

    def _ec2_DescribeInstances(self, params: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        instance = {
            "InstanceId": INSTANCE,
            "VpcId": "vpc-1",
            "State": {"Name": self.state},
            "PrivateIpAddress": "10.0.0.9",
            "Placement": {"AvailabilityZone": "us-east-1a"},
        }
        if params.get("InstanceIds", [INSTANCE]) != [INSTANCE]:
            raise AwsError("InvalidInstanceID.NotFound", "The instance ID does not exist")
        return {"Reservations": [{"Instances": [instance]}]}

    def _ec2_CreateNetworkInterface(self, params: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        made, subnet = f"eni-{len(self.interfaces)}", SUBNETS[params["SubnetId"]]
        self.interfaces[made] = subnet.replace("0/24", str(200 + len(self.interfaces)))
        shown = {"NetworkInterfaceId": made, "PrivateIpAddress": self.interfaces[made]}
        return {"NetworkInterface": shown}

    def _ec2_ModifyNetworkInterfaceAttribute(self, _: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {}

    def _ec2_DeleteNetworkInterface(self, params: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        del self.interfaces[params["NetworkInterfaceId"]]
        return {}


class Instances:
    """Of ECS, what a load balancer asks: one instance, on this machine."""

    def instance_place(self, instance_id: str) -> tuple[str, str]:
        return {INSTANCE: ("127.0.0.1", "us-east-1a")}[instance_id]


class Place:
    """A load balancer "main" with a listener that answers 404, and what a test adds to it."""

    def __init__(self, home: Path, timing: Timing = QUICK, clock: Clock | None = None) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = free_port()
        world = World(home=home, port=0, router_port=self.port, clock=clock or Clock())
        self.network = Network()
        world.aws, world.ecs = cast(Any, self.network), cast(Any, Instances())
        self.world, self._timing = world, timing
        self.elb = Elbv2(world, timing)
        self.run(self.elb.start(self.port))
        balancer = self.call("CreateLoadBalancer", Name="main", Subnets=["subnet-a", "subnet-b"])
        self.balancer_arn = balancer["LoadBalancers"][0]["LoadBalancerArn"]
        self.listener_arn = self.listen(self.balancer_arn)

    def close(self) -> None:
        self.run(self.elb.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def restart(self) -> None:
        """What was kept of its state goes on in a new service."""
        kept = self.inside(lambda: pickle.dumps(self.elb.state))
        self.run(self.elb.stop())
        self.elb = Elbv2(self.world, self._timing)
        fill(self.elb.state, pickle.loads(kept))
        self.run(self.elb.start(self.port))
        self.run(self.elb.resume())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def call(self, operation: str, **params: object) -> dict[str, Any]:
        async def calling() -> dict[str, Any]:
            result = self.elb.operations()[operation](params)
            return result if isinstance(result, dict) else await result

        return self.run(calling())

    def inside(self, work: Callable[[], T]) -> T:
        """Calls a method of the service where the service lives: in its loop."""

        async def calling() -> T:
            return work()

        return self.run(calling())

    def listen(self, balancer_arn: str, port: int = 80, body: str = "No such app\n") -> str:
        fixed = {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": body}
        made = self.call(
            "CreateListener",
            LoadBalancerArn=balancer_arn,
            Protocol="HTTP",
            Port=port,
            DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": fixed}],
        )
        return cast(str, made["Listeners"][0]["ListenerArn"])

    def group(self, name: str = "web", delay: int = 300, **settings: object) -> str:
        settings = {"HealthCheckPath": "/health", "HealthCheckIntervalSeconds": 5} | settings
        settings = {"HealthCheckTimeoutSeconds": 2} | settings
        made = self.call(
            "CreateTargetGroup", Name=name, Protocol="HTTP", Port=80, VpcId="vpc-1", **settings
        )
        arn = cast(str, made["TargetGroups"][0]["TargetGroupArn"])
        attribute = {"Key": "deregistration_delay.timeout_seconds", "Value": str(delay)}
        self.call("ModifyTargetGroupAttributes", TargetGroupArn=arn, Attributes=[attribute])
        return arn

    def rule(self, priority: int, group_arn: str, host: str, path: str | None = None) -> str:
        conditions = [{"Field": "host-header", "HostHeaderConfig": {"Values": [host]}}]
        if path:
            conditions.append({"Field": "path-pattern", "PathPatternConfig": {"Values": [path]}})
        made = self.call(
            "CreateRule",
            ListenerArn=self.listener_arn,
            Priority=priority,
            Conditions=conditions,
            Actions=[{"Type": "forward", "TargetGroupArn": group_arn}],
        )
        return cast(str, made["Rules"][0]["RuleArn"])

    def register(self, group_arn: str, port: int) -> None:
        self.inside(lambda: self.elb.register(group_arn, INSTANCE, port))

    def deregister(self, group_arn: str, port: int) -> None:
        self.inside(lambda: self.elb.deregister(group_arn, INSTANCE, port))

    def timers(self) -> int:
        """How many things wait for a time to come."""
        loop = cast(Any, self._loop)
        return sum(not timer.cancelled() for timer in loop._scheduled)

    def reasons(self, group_arn: str, port: int, reason: str, seconds: float = 5) -> None:
        """Waits for a target to give a reason for its state."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            health = self.state(group_arn, port)
            if health and health.reason == reason:
                return
            time.sleep(0.01)
        raise AssertionError(f"{self.state(group_arn, port)} after {seconds} s, wanted {reason}")

    def age(self, group_arn: str, port: int, seconds: float) -> None:
        """A target has been healthy for so much longer."""
        target = self.elb.state.groups[group_arn].targets[INSTANCE, port]
        target.healthy_since = datetime.now(UTC) - timedelta(seconds=seconds)

    def state(self, group_arn: str, port: int) -> TargetHealth | None:
        return self.inside(lambda: self.elb.health_of(group_arn, INSTANCE, port))

    def until(self, group_arn: str, port: int, state: str | None, seconds: float = 5) -> None:
        """Waits for a target to be in a state; None: to be gone."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            health = self.state(group_arn, port)
            if (health and health.state) == state:
                return
            time.sleep(0.01)
        raise AssertionError(f"{self.state(group_arn, port)} after {seconds} s, wanted {state}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return cast(int, probe.getsockname()[1])
