"""What is left on each container instance, kept as tasks come and go.

It is derived from the state and never saved: `Ledger` of a state reckons it anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from localaws.ecs.instances import registration, reservation
from localaws.ecs.instances.placement import Need, Room
from localaws.ecs.model import Instance, Life, State, Task, TaskDefinition
from localaws.ecs.tasks import requirements


class Ledger:
    def __init__(self, state: State) -> None:
        self._state = state
        self._rooms: dict[str, Room] = {}  # by instance ARN
        self._capabilities: dict[str, frozenset[str]] = {}  # by task definition ARN
        for instance in state.instances.values():
            self.admit(instance)
        for task in state.tasks.values():
            if task.placed_on and not task.over:
                self.take(task)
                if not task.wanted:
                    self.unwanted(task)

    def admit(self, instance: Instance) -> None:
        self._rooms[instance.arn] = Room(
            arn=instance.arn,
            attributes=instance.attributes,
            cpu=instance.cpu,
            memory=instance.memory,
            ports=set(instance.reserved_ports),
            udp=set(instance.reserved_udp_ports),
            facts=lambda: self._facts(instance),
        )

    def dismiss(self, instance: Instance) -> None:
        self._rooms.pop(instance.arn, None)

    def room(self, instance: Instance) -> Room:
        """What is left; of one that is gone, nothing is used."""
        if instance.arn not in self._rooms:
            return Room(instance.arn, instance.attributes, instance.cpu, instance.memory)
        found = self._rooms[instance.arn]
        found.connected = instance.agent_connected
        return found

    def rooms(self, instances: Iterable[Instance]) -> list[Room]:
        """Those that take new tasks."""
        return [self.room(one) for one in instances if one.status == "ACTIVE"]

    def need(
        self,
        definition: TaskDefinition,
        overrides: dict[str, Any],
        group: str = "",
        constraints: Iterable[Mapping[str, str]] = (),
    ) -> Need:
        constraints = list(constraints)
        tcp, udp = reservation.host_ports(definition)
        return Need(
            cpu=reservation.cpu(definition, overrides),
            memory=reservation.memory(definition, overrides),
            ports=tcp,
            udp=udp,
            distinct=any(one["type"] == "distinctInstance" for one in constraints),
            expressions=tuple(
                one["expression"] for one in constraints if one["type"] == "memberOf"
            ),
            group=group,
            capabilities=self._capability_names(definition),
        )

    def take(self, task: Task) -> None:
        self._reckon(task, 1)
        self.room(task.instance).groups[task.group] += 1

    def unwanted(self, task: Task) -> None:
        """It still holds what it has, but strategies do not count it."""
        groups = self.room(task.instance).groups
        groups[task.group] -= 1
        if groups[task.group] <= 0:
            del groups[task.group]

    def release(self, task: Task) -> None:
        self._reckon(task, -1)

    def _reckon(self, task: Task, sign: int) -> None:
        room = self.room(task.instance)
        room.cpu -= sign * reservation.cpu(task.definition, task.overrides)
        room.memory -= sign * reservation.memory(task.definition, task.overrides)
        for used, ports in zip(
            (room.ports, room.udp), reservation.host_ports(task.definition), strict=True
        ):
            if sign > 0:
                used |= ports
            else:
                used -= ports

    def _capability_names(self, definition: TaskDefinition) -> frozenset[str]:
        if definition.arn not in self._capabilities:
            needed = requirements.attributes(definition.body)
            self._capabilities[definition.arn] = frozenset(one["name"] for one in needed)
        return self._capabilities[definition.arn]

    def _facts(self, instance: Instance) -> dict[str, str]:
        """What the cluster query language may ask beside attributes and groups."""
        running = sum(
            one.placed_on is instance and one.status is Life.RUNNING
            for one in self._state.tasks.values()
        )
        return {
            "agentConnected": str(instance.agent_connected).lower(),
            "agentVersion": registration.AGENT_VERSION,
            "ec2InstanceId": instance.ec2_instance_id,
            "registeredAt": instance.registered_at.isoformat(),
            "runningTasksCount": str(running),
        }
