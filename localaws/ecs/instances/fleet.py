"""The container instances: registered, changed, and gone with their hosts."""

from __future__ import annotations

import itertools
import sys
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from localaws.ecs import messages
from localaws.ecs.instances import registration, shape
from localaws.ecs.instances.ledger import Ledger
from localaws.ecs.instances.registration import Config
from localaws.ecs.model import Cluster, Instance, State, Task
from localaws.ecs.needs import World
from localaws.ecs.notices import Notices
from localaws.ecs.tasks.lives import Lives

DEREGISTERED_KEPT = timedelta(hours=1)  # AWS says: for a while


class Fleet:
    def __init__(
        self,
        world: World,
        state: State,
        notices: Notices,
        wake: Callable[[], None],
    ) -> None:
        self._world, self._state, self._notices, self._wake = world, state, notices, wake
        self.ledger = Ledger(state)
        self.lives: Lives

    def reckon(self) -> None:
        """Anew, from a state that was put in place of what was."""
        self.ledger = Ledger(self._state)

    def register(
        self,
        cluster: Cluster,
        machine: Mapping[str, Any],
        config: Config,
        size: registration.Size,
        tags: Mapping[str, str],
        provider: str | None = None,
    ) -> Instance:
        """What an agent does when its host has booted; `machine` is EC2's description of it."""
        known = registration.attributes(machine, size)
        return self.add(
            Instance(
                id=(instance_id := uuid.uuid4().hex),
                arn=self.arn(cluster.name, instance_id),
                cluster=cluster.name,
                ec2_instance_id=machine["InstanceId"],
                address=self._free_address(),
                availability_zone=machine["Placement"]["AvailabilityZone"],
                cpu=size.cpu,
                memory=size.memory - config.reserved_memory,
                registered_at=self._world.clock.now(),
                instance_type=machine["InstanceType"],
                attributes={**config.attributes, **known},
                own=set(config.attributes) - known.keys(),
                reserved_ports=config.reserved_ports,
                reserved_udp_ports=config.reserved_udp_ports,
                capacity_provider=provider,
            ),
            tags,
        )

    def add(self, instance: Instance, tags: Mapping[str, str]) -> Instance:
        """It takes tasks from now on."""
        self._state.instances[instance.arn] = instance
        self.ledger.admit(instance)
        if tags:
            self._state.tags[instance.arn] = dict(tags)
        self._tell(instance)
        self._wake()
        self._world.faults.tell()
        return instance

    def arn(self, cluster: str, instance_id: str) -> str:
        return self._world.arn("ecs", f"container-instance/{cluster}/{instance_id}")

    def of_host(self, ec2_instance_id: str) -> Instance | None:
        for instance in self._state.instances.values():
            if instance.ec2_instance_id == ec2_instance_id:
                return instance
        return None

    def changed(self, instance: Instance) -> None:
        """A new version of it; services may have to move."""
        self._next_version(instance)
        self._wake()

    def took(self, task: Task) -> None:
        self.ledger.take(task)
        self._next_version(task.instance)

    def unwanted(self, task: Task) -> None:
        if task.placed_on:
            self.ledger.unwanted(task)

    def released(self, task: Task) -> None:
        if task.placed_on:
            self.ledger.release(task)
            self._next_version(task.placed_on)

    def end_host(self, instance: Instance, how: str) -> None:
        """`stopped`: its agent may come back; `terminated`: it is a container instance no more,
        but where its agent was away already: nobody tells ECS of that."""
        instance.gone = True
        if not instance.agent_connected:
            for task in self.tasks(instance):
                self.lives.perish(task)
            return
        instance.agent_connected = False
        for task in self.tasks(instance):
            self.lives.lose(task, messages.host_ended(instance.ec2_instance_id, how))
        if how == "terminated":
            self.remove(instance)
        else:
            self.changed(instance)

    def start_host(self, instance: Instance) -> None:
        instance.gone = False
        self.reconnect(instance)
        self._world.faults.tell()

    def fail_host(self, instance: Instance) -> None:
        """It is silent from now on."""
        instance.lost = True
        self.disconnect(instance)
        for task in self.tasks(instance):
            self.lives.perish(task)

    def disconnect(self, instance: Instance) -> None:
        """Nothing new is placed there; its tasks are what they were, as far as ECS knows."""
        if not instance.agent_connected:
            return
        instance.agent_connected = False
        for task in self.tasks(instance):
            self.lives.lose_sight(task)
        self.changed(instance)

    def reconnect(self, instance: Instance) -> None:
        """Its agent is back, unless its host has ended."""
        instance.lost = False
        if instance.agent_connected or instance.gone:
            return
        instance.agent_connected = True
        self.changed(instance)
        for task in self.tasks(instance):
            self.lives.catch_up(task)

    def judge(self, instance: Instance, impaired: str | None) -> None:
        """`impaired` says why; None: it is well."""
        if impaired == instance.impaired:
            return
        instance.impaired, instance.health_changed_at = impaired, self._world.clock.now()
        detail = shape.health_event(self._world, instance)
        self._notices.instance_health_changed(instance, detail)

    def remove(self, instance: Instance) -> None:
        instance.status, instance.agent_connected = "INACTIVE", False
        instance.deregistered_at = self._world.clock.now()
        self._state.instances.pop(instance.arn, None)
        self._state.deregistered = {one.arn: one for one in (*self.deregistered(), instance)}
        self._state.tags.pop(instance.arn, None)
        self.changed(instance)
        self.ledger.dismiss(instance)

    def deregistered(self) -> list[Instance]:
        """Not long ago: they are INACTIVE."""
        since = self._world.clock.now() - DEREGISTERED_KEPT
        former = self._state.deregistered.values()
        return [one for one in former if one.deregistered_at and one.deregistered_at > since]

    def tasks(self, instance: Instance) -> list[Task]:
        """Those that are not STOPPED yet."""
        return [
            one for one in self._state.tasks.values() if one.placed_on is instance and not one.over
        ]

    def _next_version(self, instance: Instance) -> None:
        instance.version += 1
        self._tell(instance)

    def _tell(self, instance: Instance) -> None:
        self._notices.instance_changed(instance, shape.event(self._world, self.ledger, instance))

    def _free_address(self) -> str:
        used = {one.address for one in self._state.instances.values()}
        free = (registration.address(number, sys.platform) for number in itertools.count())
        return next(one for one in free if one not in used or sys.platform != "linux")
