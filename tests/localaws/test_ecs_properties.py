"""What holds of the service scheduler whatever happens: random services, counts, rollouts, losses.

The whole of ECS, its containers simulated, its time advanced by hand. Every step that the
scheduler takes is watched; whenever the world is let come to rest, what it rests in is judged.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from localaws.ecs.instances.ledger import Ledger
from localaws.ecs.instances.placement import ZONE, shortages
from localaws.ecs.model import Instance, Service, Task, TaskDefinition
from localaws.ecs.services.percentages import can_roll, ceiling, floor
from localaws.ecs.services.rebalancing import enabled, missing
from localaws.ecs.tasks.starting import find
from localaws.faults.asked import read
from tests.localaws.alone import World, steady, tell

Json = dict[str, Any]

ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")
CPU, MEMORY = 1024, 2048  # of an instance
PERCENTAGES = ((100, 200), (50, 100), (50, 200), (0, 100), (100, 150), (75, 125), (90, 110))
NAMES = ("web", "worker", "clock")
REST_SECONDS = 300.0  # longer than anything here takes
ELSEWHERE = f"attribute:{ZONE} != {ZONES[1]}"
PLACEMENTS: tuple[Json, ...] = (
    {},
    {"placementStrategy": [{"type": "binpack", "field": "memory"}]},
    {"placementStrategy": [{"type": "random"}]},
    {"placementConstraints": [{"type": "distinctInstance"}]},
    {"placementConstraints": [{"type": "memberOf", "expression": ELSEWHERE}]},
)
SIZES = st.tuples(st.sampled_from((64, 256, 700)), st.sampled_from((128, 512, 1500)))

SERVICES = {
    "count": st.integers(0, 6),
    "percent": st.sampled_from(PERCENTAGES),
    "size": SIZES,
    "placement": st.sampled_from(PLACEMENTS),
}

names, counts = st.sampled_from(NAMES), st.integers(0, 6)


class Scheduling(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world, self.made = World(), 0
        self.wrong: list[str] = []  # what steps of the scheduler raised
        self.ghosts: dict[str, set[str]] = {}  # tasks alive by instance whose agent is away
        self.loop.run_until_complete(self.begin())

    async def begin(self) -> None:
        self.world.call("CreateCluster", clusterName="c")
        await self.world.ecs.start()
        self.steps = self.world.ecs._scheduler.steps
        self.take, self.steps.take = self.steps.take, self.watched
        for zone in ZONES[:2]:
            self.add_instance(zone)

    def teardown(self) -> None:
        self.loop.run_until_complete(self.world.ecs.stop())
        self.loop.close()

    # what may happen

    @initialize(**SERVICES)
    def begin_with(
        self, count: int, percent: tuple[int, int], size: tuple[int, int], placement: Json
    ) -> None:
        self.make("web", count, percent, size, placement)

    @rule(name=names, **SERVICES)
    def create(
        self,
        name: str,
        count: int,
        percent: tuple[int, int],
        size: tuple[int, int],
        placement: Json,
    ) -> None:
        self.make(name, count, percent, size, placement)

    def make(
        self,
        name: str,
        count: int,
        percent: tuple[int, int],
        size: tuple[int, int],
        placement: Json,
    ) -> None:
        if self.service(name) is None:
            self.ask(
                "CreateService",
                serviceName=name,
                taskDefinition=self.register(name, size),
                desiredCount=count,
                deploymentConfiguration=dict(
                    zip(("minimumHealthyPercent", "maximumPercent"), percent, strict=True)
                ),
                **placement,
            )

    @rule(name=names, count=counts)
    def scale(self, name: str, count: int) -> None:
        if self.service(name):
            self.ask("UpdateService", service=name, desiredCount=count)

    @rule(name=names, size=SIZES)
    def deploy(self, name: str, size: tuple[int, int]) -> None:
        """A new definition, where not five deployments are under way already."""
        if (service := self.service(name)) and len(service.deployments) < 5:
            self.ask("UpdateService", service=name, taskDefinition=self.register(name, size))

    @rule(name=names, least=st.sampled_from(PERCENTAGES))
    def percentages(self, name: str, least: tuple[int, int]) -> None:
        if self.service(name):
            both = {"minimumHealthyPercent": least[0], "maximumPercent": least[1]}
            uneven = {"availabilityZoneRebalancing": "DISABLED"} if least[1] <= 100 else {}
            self.ask("UpdateService", service=name, deploymentConfiguration=both, **uneven)

    @rule(zone=st.sampled_from(ZONES))
    def add_instance(self, zone: str) -> None:
        if len(self.instances()) < 5:
            self.made += 1
            ec2 = f"i-{self.made}"
            self.world.ecs.add_instance("c", ec2, f"127.0.1.{self.made}", zone, CPU, MEMORY)

    @rule(which=st.integers(0, 4))
    def deregister(self, which: int) -> None:
        if instance := self.instance(which):
            gone = {"containerInstance": instance.arn, "force": True}
            self.ask("DeregisterContainerInstance", **gone)

    @rule(which=st.integers(0, 4))
    def terminate(self, which: int) -> None:
        """Its host: where the agent is away, nobody tells ECS."""
        if instance := self.instance(which):

            async def ended() -> None:
                self.world.ecs.machines_changed("terminated", [instance.ec2_instance_id])

            self.loop.run_until_complete(ended())

    @rule(which=st.integers(0, 4), kind=st.sampled_from(("agent_disconnected", "instance_lost")))
    def lose(self, which: int, kind: str) -> None:
        self.wait(2)
        if busy := [one.instance for one in self.tasks() if not one.over]:
            match = {"instance": busy[which % len(busy)].ec2_instance_id}
            self.world.faults.begin(read({"kind": kind, "match": match}))
            self.wait(0)

    @rule(which=st.integers(0, 4))
    def recover(self, which: int) -> None:
        if faults := self.world.faults.acting():
            self.world.faults.end(faults[which % len(faults)].id)
            self.wait(0)

    @rule(which=st.integers(0, 4), status=st.sampled_from(("DRAINING", "ACTIVE")))
    def drain(self, which: int, status: str) -> None:
        if instance := self.instance(which):
            found = {"containerInstances": [instance.arn], "status": status}
            self.ask("UpdateContainerInstancesState", **found)

    @rule(which=st.integers(0, 9))
    def stop_task(self, which: int) -> None:
        wanted = [one for one in self.tasks() if one.wanted]
        if wanted:
            self.ask("StopTask", task=wanted[which % len(wanted)].id)

    @rule(seconds=st.sampled_from((0.01, 0.3, 1.0, 5.0)))
    def wait(self, seconds: float) -> None:
        self.loop.run_until_complete(self.world.clock.advance(seconds))

    @rule()
    def rest(self) -> None:
        self.loop.run_until_complete(self.world.clock.advance(REST_SECONDS))
        assert all(one.wanted or one.over or one.unheard_of for one in self.tasks())
        for service in self.world.state.services.values():
            if service.status == "ACTIVE":
                self.judge(service)

    # what must hold

    def watched(self, service: Service) -> float | None:
        """A step of the scheduler: neither below the floor by it, nor above the ceiling."""
        try:
            return self.watched_closely(service)
        except Exception as error:  # the scheduler outlives whatever its steps raise
            self.wrong.append(repr(error))
            raise

    def watched_closely(self, service: Service) -> float | None:
        if service.status != "ACTIVE":
            return self.take(service)
        desired, percent = service.desired_count, service.configuration
        least = floor(desired, percent["minimumHealthyPercent"])
        most = ceiling(desired, percent["maximumPercent"])
        self.take_views(service)
        before, serving = self.wanted(service), self.serving(service)

        seconds = self.take(service)

        after = self.wanted(service)
        self.check_places(service, after - before)
        assert len(serving & after) >= min(least, len(serving))
        assert len(after) <= max(most, len(before & after))
        return seconds

    def check_places(self, service: Service, new: set[str]) -> None:
        constraints = service.settings.get("placementConstraints", ())
        apart = {"type": "distinctInstance"} in constraints
        here = Counter(one.instance.arn for one in service.tasks if one.wanted)
        for one in (self.world.state.tasks[it].instance for it in new):
            assert (one.status, one.agent_connected) == ("ACTIVE", True)
            assert not apart or here[one.arn] == 1
            assert not constraints or apart or one.availability_zone != ZONES[1]

    def judge(self, service: Service) -> None:
        """Every image is well and nothing happens: what is still missing does not fit."""
        primary, percent = service.primary, service.configuration
        tasks = [one for one in service.tasks if one.wanted]
        old = [one for one in tasks if one.deployment is not primary]
        leaving = [one for one in tasks if one.instance.status != "ACTIVE"]
        pair = percent["minimumHealthyPercent"], percent["maximumPercent"]
        desired, fits = service.desired_count, self.fits(service)
        if fits and not old and not leaving:
            assert len(tasks) == desired
        if fits and not old and not leaving and not service.moves_after:
            assert service.moving is None
            assert not self.movable(service, tasks)
        if old or leaving:
            moves = can_roll(desired, *pair)
            starts_first = floor(desired, pair[0]) >= desired
            below = len(tasks) <= floor(desired, pair[0])
            assert not moves or (not fits and (starts_first or below)), service.events[0]

    def movable(self, service: Service, tasks: list[Task]) -> bool:
        """Whether a task could be moved to make the zones even."""
        percent, desired = service.configuration, service.desired_count
        zones = self.steps._zones._starting.zones(service, service.primary)
        counted = Counter(dict.fromkeys(zones, 0))
        counted.update(one.instance.availability_zone for one in tasks)
        may_start = ceiling(desired, percent["maximumPercent"]) > desired
        wanted = enabled(service.settings, percent)
        return bool(wanted and may_start and missing(counted))

    @invariant()
    def every_step_kept_its_bounds(self) -> None:
        assert self.wrong == []

    @invariant()
    def what_is_not_heard_of_does_not_end(self) -> None:
        """Until the agent is back, or its instance is deregistered."""
        away = {one.arn for one in self.instances() if not one.agent_connected}
        self.ghosts = {arn: tasks for arn, tasks in self.ghosts.items() if arn in away}
        for arn in away:
            there = [one for one in self.tasks() if one.instance.arn == arn and not one.over]
            living = {one.id for one in there if one.stop_code != "EssentialContainerExited"}
            assert living >= self.ghosts.setdefault(arn, living)

    @invariant()
    def nothing_is_overbooked(self) -> None:
        for instance in self.instances():
            here = [one for one in self.tasks() if one.instance is instance and not one.over]
            left = Ledger(self.world.state).room(instance)  # reckoned anew, not as it was kept
            assert left.cpu >= 0
            assert left.memory >= 0
            ports = Counter(
                binding["hostPort"]
                for task in here
                for container in task.containers
                for binding in container.bindings
            )
            assert all(times == 1 for times in ports.values())

    # what there is

    def ask(self, operation: str, **params: object) -> None:
        async def asking() -> None:
            self.world.call(operation, cluster="c", **params)

        self.loop.run_until_complete(asking())

    def register(self, name: str, size: tuple[int, int]) -> str:
        container = {"name": "main", "image": "x", "cpu": size[0], "memory": size[1]}
        made = self.world.call(
            "RegisterTaskDefinition", family=name, containerDefinitions=[container]
        )
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def service(self, name: str) -> Service | None:
        return self.world.state.services.get(("c", name))

    def instances(self) -> list[Instance]:
        return list(self.world.state.instances.values())

    def instance(self, which: int) -> Instance | None:
        found = self.instances()
        return found[which % len(found)] if found else None

    def tasks(self) -> list[Task]:
        return list(self.world.state.tasks.values())

    def take_views(self, service: Service) -> None:
        self.steps._views.of(service)  # so that who serves is known as the step will know it

    def wanted(self, service: Service) -> set[str]:
        return {one.id for one in service.tasks if one.wanted}

    def serving(self, service: Service) -> set[str]:
        return {one.id for one in service.tasks if one.wanted and one.healthy_since}

    def fits(self, service: Service) -> bool:
        """Whether some instance takes one more task of the primary deployment."""
        definition = self.definition(service)
        ledger, constraints = Ledger(self.world.state), service.settings.get("placementConstraints")
        rooms = ledger.rooms(self.instances())
        need = ledger.need(definition, {}, f"service:{service.name}", constraints or ())
        return any(not shortages(need, room) for room in rooms)

    def definition(self, service: Service) -> TaskDefinition:
        return find(self.world.state, service.primary.task_definition)


def deploy(world: World) -> None:
    world.call("UpdateService", cluster="c", service="web", forceNewDeployment=True)


def drain(world: World) -> None:
    """The instance that all tasks are on; another has room for them."""
    [full] = world.state.instances.values()
    world.ecs.add_instance("c", "i-2", "127.0.0.2", ZONES[1])
    asked = {"containerInstances": [full.arn], "status": "DRAINING"}
    world.call("UpdateContainerInstancesState", cluster="c", **asked)


@pytest.mark.parametrize("move", [deploy, drain])
@given(desired=st.integers(0, 9), least=st.integers(0, 100), most=st.integers(100, 300))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_the_rule_tells_exactly_what_is_stuck(
    move: Callable[[World], None], desired: int, least: int, most: int
) -> None:
    assume((least, most) != (100, 100))  # which ECS refuses

    async def story(world: World) -> None:
        both = {"minimumHealthyPercent": least, "maximumPercent": most}
        world.create(desired, deploymentConfiguration=both)
        await steady(world)
        old = set(world.state.tasks)

        move(world)
        await world.clock.advance(REST_SECONDS)

        moves = can_roll(desired, least, most)
        [service] = world.state.services.values()
        left = {one.id for one in service.tasks} & old
        assert left == (set() if moves else old)
        assert world.said("was unable to stop or start tasks during a deployment") == (not moves)

    tell(story)


TestScheduling = Scheduling.TestCase
TestScheduling.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None, derandomize=True
)
