"""New tasks: placed, named, tagged, and their lives begun."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from localaws.ecs import names
from localaws.ecs.instances.fleet import Fleet
from localaws.ecs.instances.placement import SPREAD, Refused, place
from localaws.ecs.model import Container, Deployment, Instance, Service, State, Task, TaskDefinition
from localaws.ecs.needs import World
from localaws.ecs.tasks.lives import Lives


class Starting:
    def __init__(self, world: World, state: State, lives: Lives, fleet: Fleet) -> None:
        self._world, self._state, self._lives = world, state, lives
        self._fleet = fleet

    def for_service(self, service: Service, deployment: Deployment) -> Task | Refused:
        """One more task of a deployment of the service."""
        definition = find(self._state, deployment.task_definition)
        group = f"service:{service.name}"
        instance = self._place(service.cluster, definition, group, {}, service.settings)
        if isinstance(instance, Refused):
            return instance
        task = self._make(definition, instance, group, {})
        task.service, task.deployment, task.started_by = service, deployment, deployment.id
        service.tasks.append(task)
        self._tag(task, self._service_tags(service, definition))
        self._lives.begin(task)
        return task

    def one_off(
        self, cluster: str, definition: TaskDefinition, params: dict[str, Any]
    ) -> Task | Refused:
        """`params` are RunTask's."""
        overrides, group = params.get("overrides", {}), _group(definition, params)
        instance = self._place(cluster, definition, group, overrides, params)
        if isinstance(instance, Refused):
            return instance
        return self._alone(instance, definition, params)

    def onto(
        self, instance: Instance, definition: TaskDefinition, params: dict[str, Any]
    ) -> Task | Refused:
        """`params` are StartTask's: only what the instance has left matters."""
        need = self._fleet.ledger.need(definition, params.get("overrides", {}))
        rooms = self._fleet.ledger.rooms([instance])
        if not rooms:
            return Refused({instance.arn: instance.status})
        found = place(need, rooms, SPREAD)
        return found if isinstance(found, Refused) else self._alone(instance, definition, params)

    def _alone(
        self, instance: Instance, definition: TaskDefinition, params: dict[str, Any]
    ) -> Task:
        overrides, group = params.get("overrides", {}), _group(definition, params)
        task = self._make(definition, instance, group, overrides)
        task.started_by = params.get("startedBy")
        tags = {one["key"]: one.get("value", "") for one in params.get("tags", ())}
        if params.get("propagateTags") == "TASK_DEFINITION":
            tags = self._state.tags.get(definition.arn, {}) | tags
        if params.get("enableECSManagedTags"):
            tags = {"aws:ecs:clusterName": instance.cluster} | tags
        self._tag(task, tags)
        self._lives.begin(task)
        return task

    def _place(
        self,
        cluster: str,
        definition: TaskDefinition,
        group: str,
        overrides: dict[str, Any],
        settings: Mapping[str, Any],
    ) -> Instance | Refused:
        instances = [one for one in self._state.instances.values() if one.cluster == cluster]
        rooms = self._fleet.ledger.rooms(instances)
        constraints: Iterable[Mapping[str, str]] = [
            *settings.get("placementConstraints", ()),
            *definition.body.get("placementConstraints", ()),
        ]
        need = self._fleet.ledger.need(definition, overrides, group, constraints)
        found = place(need, rooms, settings.get("placementStrategy") or SPREAD)
        return found if isinstance(found, Refused) else self._state.instances[found.arn]

    def _make(
        self,
        definition: TaskDefinition,
        instance: Instance,
        group: str,
        overrides: dict[str, Any],
    ) -> Task:
        task_id, cluster = names.task_id(), instance.cluster
        task = Task(
            id=task_id,
            arn=self._world.arn("ecs", f"task/{cluster}/{task_id}"),
            cluster=cluster,
            cluster_arn=self._world.arn("ecs", f"cluster/{cluster}"),
            definition=definition,
            instance=instance,
            group=group,
            containers=[self._container(cluster, task_id, one) for one in definition.containers],
            created_at=self._world.clock.now(),
            overrides=overrides,
        )
        self._state.tasks[task_id] = task
        self._fleet.took(task)
        return task

    def _container(self, cluster: str, task_id: str, definition: dict[str, Any]) -> Container:
        path = f"container/{cluster}/{task_id}/{uuid.uuid4()}"
        return Container(
            name=definition["name"],
            arn=self._world.arn("ecs", path),
            image=definition["image"],
            definition=definition,
            token=f"{task_id}-{names.number()}",
        )

    def _service_tags(self, service: Service, definition: TaskDefinition) -> dict[str, str]:
        tags = dict[str, str]()
        if service.settings.get("enableECSManagedTags"):
            tags = {"aws:ecs:clusterName": service.cluster, "aws:ecs:serviceName": service.name}
        source = {"SERVICE": service.arn, "TASK_DEFINITION": definition.arn}
        propagated = source.get(service.settings.get("propagateTags", "NONE"), "")
        return tags | self._state.tags.get(propagated, {})

    def _tag(self, task: Task, tags: dict[str, str]) -> None:
        if tags:
            self._state.tags[task.arn] = tags


def _group(definition: TaskDefinition, params: dict[str, Any]) -> str:
    return str(params.get("group") or f"family:{definition.family}")


def find(state: State, arn: str) -> TaskDefinition:
    """One that is known to exist, by its ARN."""
    family, revision = names.revision(arn)
    return next(one for one in state.definitions[family] if one.revision == revision)
