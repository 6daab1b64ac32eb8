"""ECS with simulated containers on a clock that stands still: lives told second by second."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Awaitable, Callable, Mapping

from localaws.clock import VirtualClock
from localaws.drivers.driver import Launch, OnLine
from localaws.drivers.sim.container import Simulated
from localaws.drivers.sim.driver import SimDriver
from localaws.ecs.model import State
from localaws.ecs.needs import TargetHealth
from localaws.ecs.service import Ecs
from localaws.faults.asked import read
from localaws.faults.faults import Faults
from localaws.wire import AwsError
from tests.localaws.ecs_world import EcsWorld, Json, Quiet, tell_of


class Surviving(SimDriver):
    """Its containers outlive the ECS that started them, as those of an engine do."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock)
        self.launched: list[tuple[Launch, Simulated]] = []
        self.ended_unadopted = 0

    async def launch(self, launch: Launch) -> Simulated:
        container = await super().launch(launch)
        self.launched.append((launch, container))
        return container

    async def stop(self) -> None: ...

    async def adopt(self, labels: Mapping[str, str], on_line: OnLine) -> Simulated | None:
        for launch, container in self.launched:
            if labels.items() <= launch.labels.items():
                return container
        return None

    async def end_unadopted(self) -> None:
        self.ended_unadopted += 1

    @property
    def names(self) -> list[str]:
        """Of the containers started so far."""
        return [it.labels["com.amazonaws.ecs.container-name"] for it, _ in self.launched]


class Around(Quiet):
    """Everything around ECS: what was called and told is kept, nothing else happens."""

    def __init__(self) -> None:
        super().__init__()
        self.called: list[tuple[str, Json]] = []
        self.refusals: dict[str, AwsError] = {}  # by operation
        self.draining = asyncio.Event()
        self.groups = {"group"}
        self.alarms: dict[str, str] = {}  # CloudWatch's: states by name; each evaluates for 120 s

    async def call(self, service: str, operation: str, params: Json) -> Json:
        self.called.append((operation, params))
        if refusal := self.refusals.get(operation):
            raise refusal
        if operation == "DescribeAlarms":
            return {"MetricAlarms": [self._alarm(name) for name in params["AlarmNames"]]}
        return {}

    def _alarm(self, name: str) -> Json:
        state = self.alarms[name]
        return {"AlarmName": name, "StateValue": state, "Period": 60, "EvaluationPeriods": 2}

    def register(self, group: str, *_: object) -> None:
        if group not in self.groups:
            raise AwsError("TargetGroupNotFound", f"{group} is not there", 400)

    def health_of(self, group: str, target: str, port: int) -> TargetHealth | None:
        """No target is there any more; perhaps not even its group."""
        if group not in self.groups:
            raise AwsError("TargetGroupNotFound", f"{group}: {target}:{port}", 400)
        return None

    async def drained(self, *target: object) -> None:
        await self.draining.wait()

    def has_load_balancer(self, target_group_arn: str) -> bool:
        return True


class World(EcsWorld):
    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.driver = Surviving(self.clock)
        self.faults = Faults(self.clock)
        self.aws = self.events = self.elbv2 = self.autoscaling = self.around = Around()
        self.ecs = Ecs(self, self.driver)
        self.scripts: dict[str, Json] = {}

    def script(self, image: str, **script: object) -> None:
        """What containers of that image do."""
        self.scripts[image] = script
        self.driver.table.tell([{"image": name, **it} for name, it in self.scripts.items()])

    def fault(self, kind: str, **params: object) -> str:
        return self.faults.begin(read({"kind": kind, "params": params})).id

    def register(self, *containers: Json, **more: object) -> None:
        """Containers are named by their images unless they are told a name."""
        whole = [
            {"name": one["image"], "memory": 32, "essential": True, **one}
            for one in containers or ({"image": "main"},)
        ]
        self.call("RegisterTaskDefinition", family="it", containerDefinitions=whole, **more)

    def run(self, *containers: Json, **more: object) -> str:
        """The ARN of a task that runs once."""
        self.register(*containers)
        ran = self.call("RunTask", cluster="c", taskDefinition="it", **more)
        return str(ran["tasks"][0]["taskArn"])

    def serve(self, *containers: Json, count: int = 1, **more: object) -> None:
        self.register(*containers)
        service = {"serviceName": "web", "taskDefinition": "it", "desiredCount": count}
        self.call("CreateService", cluster="c", **service, **more)

    def task(self, arn: str) -> Json:
        return dict(self.call("DescribeTasks", cluster="c", tasks=[arn])["tasks"][0])

    def container(self, arn: str, name: str = "main") -> Json:
        return next(one for one in self.task(arn)["containers"] if one["name"] == name)

    def stop(self, arn: str) -> None:
        self.call("StopTask", cluster="c", task=arn)

    def tasks(self, status: str = "RUNNING") -> list[Json]:
        listed = self.call("ListTasks", cluster="c", desiredStatus=status)["taskArns"]
        return [self.task(arn) for arn in listed]

    async def running(self, arn: str, within: float = 10) -> Json:
        await self.until(lambda: self.task(arn)["lastStatus"] == "RUNNING", within)
        return self.task(arn)

    async def stopped(self, arn: str, within: float = 10) -> Json:
        await self.until(lambda: self.task(arn)["lastStatus"] == "STOPPED", within)
        return self.task(arn)

    async def restart(self, saved: bytes | None = None) -> None:
        """The local AWS is stopped and started again, its state saved (before) and put back."""
        saved = saved or pickle.dumps(self.ecs.state)
        await self.ecs.stop()
        self.ecs = Ecs(self, self.driver)
        restored: State = pickle.loads(saved)
        self.ecs.state.__dict__.update(restored.__dict__)
        await self.ecs.start()
        await asyncio.sleep(0)  # other services are started in between
        await self.ecs.resume()


def tell(story: Callable[[World], Awaitable[None]], memory: int = 4096) -> None:
    tell_of(World, story, 1_000_000, memory)
