"""The service put together: its state, the scheduler, the driver, and the API in front."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Mapping
from functools import partial

from localaws.drivers.driver import Driver
from localaws.ecs import clusters, tags
from localaws.ecs.capacity import requests as capacity_providers
from localaws.ecs.capacity.attaching import Attaching
from localaws.ecs.capacity.keeper import Keeper
from localaws.ecs.capacity.waiting import Waiting
from localaws.ecs.desk import Desk
from localaws.ecs.instances import attributes, hosts, registration
from localaws.ecs.instances import container_instances as instances
from localaws.ecs.instances.booting import Booting
from localaws.ecs.instances.fleet import Fleet
from localaws.ecs.instances.troubles import Troubles
from localaws.ecs.model import Instance, State, Task
from localaws.ecs.needs import World
from localaws.ecs.notices import Notices
from localaws.ecs.services import changes as services
from localaws.ecs.services import deployments as service_deployments
from localaws.ecs.services import queries as service_queries
from localaws.ecs.services import revisions as service_revisions
from localaws.ecs.services.rollouts import Rollouts
from localaws.ecs.services.scheduler import Scheduler
from localaws.ecs.services.steps import Steps
from localaws.ecs.services.watch import Watch
from localaws.ecs.tasks import definitions as task_definitions
from localaws.ecs.tasks import protection_requests as protection
from localaws.ecs.tasks import requests as tasks
from localaws.ecs.tasks import runs
from localaws.ecs.tasks.agent import Agent
from localaws.ecs.tasks.containers import Containers
from localaws.ecs.tasks.lives import Lives
from localaws.ecs.tasks.starting import Starting
from localaws.world import Operation

API = (
    clusters,
    capacity_providers,
    task_definitions,
    services,
    service_queries,
    service_deployments,
    service_revisions,
    tasks,
    runs,
    protection,
    instances,
    attributes,
    tags,
)


class Ecs:
    def __init__(self, world: World, driver: Driver) -> None:
        self._world = world
        self.state = State()
        self._driver = driver
        self._running = contextlib.AsyncExitStack()
        self._notices = Notices(world)
        rollouts = Rollouts(world, self._notices)
        self._scheduler = Scheduler(world, self.state, rollouts)
        self._agent = Agent(world, self._tags, self._changed)
        self._fleet = Fleet(world, self.state, self._notices, self._instances_changed)
        self._troubles = Troubles(world, self.state, self._fleet)
        self._booting = Booting(world, self.state, self._fleet)
        self._lives = Lives(
            world,
            Containers(world, self._driver, self._agent),
            self._notices,
            self._agent,
            changed=self._changed,
            stopping=self._stopping,
            over=self._over,
        )
        self._fleet.lives = self._lives
        self._waiting = Waiting(world, self.state, self._fleet, self._notices, self._lives)
        self._keeper = Keeper(world, self.state, self._fleet, self._waiting)
        self._attaching = Attaching(world, self.state, self._fleet, self._keeper.wake)
        starting = Starting(world, self.state, self._lives, self._fleet, self._waiting)
        self._watch = Watch(world, rollouts, self._scheduler.wake)
        self._scheduler.steps = Steps(
            world, self.state, self._notices, rollouts, self._lives, starting, self._watch
        )
        self._desk = Desk(
            world,
            self.state,
            self._lives,
            starting,
            rollouts,
            self._notices,
            self._scheduler.wake,
            self._fleet,
            self._booting,
            self._attaching,
        )

    def operations(self) -> Mapping[str, Operation]:
        return {
            name: partial(operation, self._desk)
            for module in API
            for name, operation in module.OPERATIONS.items()
        }

    async def start(self) -> None:
        async with contextlib.AsyncExitStack() as starting:
            await self._driver.start()
            starting.push_async_callback(self._driver.stop)
            if not self._lives_to_resume():
                await self._driver.end_unadopted()  # else `resume` does, when it has adopted
            await self._agent.start()
            starting.push_async_callback(self._agent.stop)
            starting.push_async_callback(self._lives.shut_down)
            starting.push_async_callback(self._booting.stop)
            starting.push_async_callback(self._attaching.stop)
            starting.push_async_callback(self._watch.stop)
            for work in (self._scheduler.run(), self._notices.run(), self._keeper.run()):
                starting.push_async_callback(_end, asyncio.create_task(work))
            self._running = starting.pop_all()
        if not self._lives_to_resume():
            self._follow_troubles()  # else `resume` does, for it is of tasks that live

    async def resume(self) -> None:
        """Every life goes on from where it was, once the state was put in place."""
        self._fleet.reckon()
        self._booting.resume()
        self._attaching.resume()
        self._keeper.wake()
        alive, ended = self._lives_to_resume(), await hosts.ended(self._world, self.state.hosts)
        await self._lives.resume(alive)
        for one, how in ended.items():  # before any life has gone on
            self.machines_changed(how, [one])
        self._waiting.resume()
        self._waiting.look()
        self._scheduler.resume()
        if alive:
            self._follow_troubles()

    async def stop(self) -> None:
        """Every task is killed; nobody waits for their stop timeouts."""
        await self._running.aclose()

    def add_instance(
        self,
        cluster: str,
        ec2_instance_id: str,
        address: str,
        availability_zone: str,
        cpu: int = 2048,
        memory: int = 4096,
    ) -> str:
        """The ARN of a container instance that takes tasks from now on."""
        instance_id = uuid.uuid4().hex
        machine = {"Placement": {"AvailabilityZone": availability_zone}}
        instance = Instance(
            id=instance_id,
            arn=self._fleet.arn(cluster, instance_id),
            cluster=cluster,
            ec2_instance_id=ec2_instance_id,
            address=address,
            availability_zone=availability_zone,
            cpu=cpu,
            memory=memory,
            registered_at=self._world.clock.now(),
            attributes=registration.attributes(machine, registration.Size(cpu, memory)),
        )
        return self._fleet.add(instance, {}).arn

    def machines_changed(self, done: str, instances: list[str]) -> None:
        """EC2 has `launched`, `started`, `stopped` or `terminated` some."""
        if done == "launched":
            self._booting.launched(instances)
            return
        for ec2_instance_id in instances:
            if done != "started":
                self._lives.end_orphans(ec2_instance_id)
            if done == "terminated":
                self.state.hosts.discard(ec2_instance_id)
            instance = self._fleet.of_host(ec2_instance_id)
            if instance is None and done == "started":
                self._booting.started(ec2_instance_id)
            elif instance is None:
                self._booting.forget(ec2_instance_id)
            elif done == "started":
                self._fleet.start_host(instance)
            else:
                self._fleet.end_host(instance, done)

    def group_changed(self, what: str, group: str) -> None:  # noqa: ARG002 (any may matter)
        """Something happened to an Auto Scaling group."""
        self._keeper.wake()

    async def booted(self) -> None:
        """Until no instance is on its way to a cluster."""
        await self._booting.idle()

    def instance_place(self, ec2_instance_id: str) -> tuple[str, str]:
        """Its address and its zone; LookupError for one that is no container instance."""
        instance = self._fleet.of_host(ec2_instance_id)
        if instance is None:
            raise LookupError(ec2_instance_id)
        return instance.address, instance.availability_zone

    def _tags(self, arn: str) -> dict[str, str]:
        return self.state.tags.get(arn, {})

    def _lives_to_resume(self) -> list[Task]:
        return [task for task in self.state.tasks.values() if not task.over]

    def _follow_troubles(self) -> None:
        following = asyncio.create_task(self._troubles.run())
        self._running.push_async_callback(_end, following)

    def _changed(self, task: Task) -> None:
        self._scheduler.changed(task)
        self._keeper.wake()

    def _instances_changed(self) -> None:
        self._waiting.look()
        self._scheduler.wake()
        self._keeper.wake()

    def _stopping(self, task: Task) -> None:
        self._fleet.unwanted(task)
        self._waiting.drop(task)
        self._scheduler.stopping(task)

    def _over(self, task: Task) -> None:
        self._fleet.released(task)
        self._waiting.look()
        self._scheduler.over(task)
        self._keeper.wake()


async def _end(loop: asyncio.Task[None]) -> None:
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
