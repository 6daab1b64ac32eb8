"""New tasks: placed, named, tagged, and their lives begun."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

from localaws.ecs import names
from localaws.ecs.capacity import strategy
from localaws.ecs.capacity.waiting import Waiting
from localaws.ecs.instances.fleet import Fleet
from localaws.ecs.instances.placement import SPREAD, Refused, place
from localaws.ecs.model import Container, Deployment, Instance, Service, State, Task, TaskDefinition
from localaws.ecs.needs import World
from localaws.ecs.tasks.lives import Lives
from localaws.ecs.tasks.placing import KEPT, Placing, within

Json = dict[str, Any]


class Starting:
    def __init__(
        self, world: World, state: State, lives: Lives, fleet: Fleet, waiting: Waiting
    ) -> None:
        self._world, self._state, self._lives = world, state, lives
        self._fleet, self._waiting, self._placing = fleet, waiting, Placing(state, fleet)

    def for_service(
        self, service: Service, deployment: Deployment, zone: str | None = None
    ) -> Task | Refused:
        """One more task of a deployment of the service; in a certain zone it never waits."""
        definition = find(self._state, deployment.task_definition)
        group, provider = f"service:{service.name}", _provider(service, deployment)
        settings = within(zone, service.settings) if zone else service.settings
        made = self._make(
            service.cluster, definition, group, {}, settings, provider, waits=zone is None
        )
        if isinstance(made, Refused):
            return made
        made.service, made.deployment, made.started_by = service, deployment, deployment.id
        service.tasks.append(made)
        self._tag(made, self._service_tags(service, definition))
        self._lives.begin(made)
        return made

    def zones(self, service: Service, deployment: Deployment) -> set[str]:
        """Those with instances that its tasks may be on, whether or not there is room."""
        definition = find(self._state, deployment.task_definition)
        providers = {it["capacityProvider"] for it in deployment.revision.capacity_providers}
        return self._placing.zones(service.cluster, definition, service.settings, providers)

    def one_off(
        self, cluster: str, definition: TaskDefinition, params: Json, provider: str | None
    ) -> Task | Refused:
        """`params` are RunTask's."""
        overrides, group = params.get("overrides", {}), _group(definition, params)
        made = self._make(cluster, definition, group, overrides, params, provider)
        return made if isinstance(made, Refused) else self._alone(made, params)

    def onto(self, instance: Instance, definition: TaskDefinition, params: Json) -> Task | Refused:
        """`params` are StartTask's: only what the instance has left matters."""
        overrides = params.get("overrides", {})
        need = self._fleet.ledger.need(definition, overrides)
        rooms = self._fleet.ledger.rooms([instance])
        if not rooms:
            return Refused({instance.arn: instance.status})
        found = place(need, rooms, SPREAD)
        if isinstance(found, Refused):
            return found
        group = _group(definition, params)
        return self._alone(
            self._new(instance.cluster, definition, group, overrides, instance), params
        )

    def _alone(self, task: Task, params: Json) -> Task:
        task.started_by = params.get("startedBy")
        tags = {one["key"]: one.get("value", "") for one in params.get("tags", ())}
        if params.get("propagateTags") == "TASK_DEFINITION":
            tags = self._state.tags.get(task.definition.arn, {}) | tags
        if params.get("enableECSManagedTags"):
            tags = {"aws:ecs:clusterName": task.cluster} | tags
        self._tag(task, tags)
        self._lives.begin(task)
        return task

    def _make(
        self,
        cluster: str,
        definition: TaskDefinition,
        group: str,
        overrides: Json,
        asked: Json,
        provider: str | None,
        *,
        waits: bool = True,
    ) -> Task | Refused:
        """Placed, or waiting for an instance where its capacity provider scales."""
        found = self._placing.find(cluster, definition, group, overrides, asked, provider)
        if isinstance(found, Refused):
            if not waits or not self._waiting.allows(provider):
                return found
            if self._waiting.full(cluster):
                return Refused(found.reasons, found.closest, too_many_wait=True)
        instance = found if isinstance(found, Instance) else None
        task = self._new(cluster, definition, group, overrides, instance)
        task.capacity_provider = provider
        task.placement = {name: asked[name] for name in KEPT if name in asked}
        if instance is None:
            self._waiting.add(task)
        return task

    def _new(
        self,
        cluster: str,
        definition: TaskDefinition,
        group: str,
        overrides: Json,
        instance: Instance | None,
    ) -> Task:
        task_id = names.task_id()
        task = Task(
            id=task_id,
            arn=self._world.arn("ecs", f"task/{cluster}/{task_id}"),
            cluster=cluster,
            cluster_arn=self._world.arn("ecs", f"cluster/{cluster}"),
            definition=definition,
            placed_on=instance,
            group=group,
            containers=[self._container(cluster, task_id, one) for one in definition.containers],
            created_at=self._world.clock.now(),
            overrides=overrides,
        )
        self._state.tasks[task_id] = task
        if instance:
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


def _provider(service: Service, deployment: Deployment) -> str | None:
    """Whose turn it is, by the deployment's own tasks."""
    items = deployment.revision.capacity_providers
    if not items:
        return None
    mine = (one for one in service.tasks if one.deployment is deployment and one.wanted)
    return strategy.next_provider(items, Counter(one.capacity_provider or "" for one in mine))


def _group(definition: TaskDefinition, params: dict[str, Any]) -> str:
    return str(params.get("group") or f"family:{definition.family}")


def find(state: State, arn: str) -> TaskDefinition:
    """One that is known to exist, by its ARN."""
    family, revision = names.revision(arn)
    return next(one for one in state.definitions[family] if one.revision == revision)
