"""What ECS does in Auto Scaling for capacity providers, behind its answers: policies and hooks.

What is to be done stands in the clusters and providers themselves, so that it can be gone on with.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable

from localaws.ecs.capacity import groups
from localaws.ecs.capacity.provider import (
    DELETING,
    FARGATE,
    HOOK,
    UPDATING,
    Attachment,
    CapacityProvider,
    Json,
)
from localaws.ecs.instances.fleet import Fleet
from localaws.ecs.model import Cluster, State
from localaws.ecs.needs import World
from localaws.wire import AwsError

log = logging.getLogger(__name__)
DELETED = "DELETED"  # shown to nobody: such an attachment is gone


class Attaching:
    def __init__(
        self, world: World, state: State, fleet: Fleet, changed: Callable[[], None]
    ) -> None:
        """`changed` is told when providers scale or drain otherwise than before."""
        self._world, self._state, self._fleet, self._changed = world, state, fleet, changed
        self._working: asyncio.Task[None] | None = None

    async def mark(self, provider: CapacityProvider) -> None:
        await groups.tag(self._world, provider.group)

    def update(self, provider: CapacityProvider, wanted: Json) -> None:
        provider.wanted = wanted
        provider.update_status, provider.update_reason = UPDATING, None
        for cluster in self._state.clusters.values():
            if provider.name in cluster.capacity_providers:
                self.associate(cluster)
        self._go()

    def delete(self, provider: CapacityProvider) -> None:
        provider.update_status, provider.update_reason = DELETING, None
        self._go()

    def associate(self, cluster: Cluster) -> None:
        """Its attachments become what its providers now need."""
        needed = dict(self._needed(cluster))
        for attachment in [one for one in cluster.attachments if one.status != "DELETING"]:
            if needed.pop((attachment.provider, attachment.kind), None) is None:
                attachment.status = "DELETING"
        for (provider, kind), made in needed.items():
            one = Attachment(str(uuid.uuid4()), kind, provider, made)
            cluster.attachments.append(one)
        cluster.attachments_status = UPDATING
        cluster.attachments_asked += 1
        self._go()

    def resume(self) -> None:
        self._go()

    async def stop(self) -> None:
        if self._working:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)

    def _needed(self, cluster: Cluster) -> list[tuple[tuple[str, str], str]]:
        found = []
        for name in cluster.capacity_providers:
            if name in FARGATE:
                continue
            provider = self._state.providers[name]
            settings = provider.wanted or provider.settings
            if settings["managedScaling"]["status"] == "ENABLED":
                policy = f"ECSManagedAutoScalingPolicy-{uuid.uuid4()}"
                found.append(((name, "as_policy"), policy))
            if settings["managedDraining"] == "ENABLED":
                found.append(((name, "managed_draining"), HOOK))
        return found

    def _go(self) -> None:
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())

    async def _work(self) -> None:
        while self._busy():
            await self._world.clock.sleep(self._world.attachment_seconds)
            updated = [it for it in self._state.providers.values() if it.update_status == UPDATING]
            for provider in updated:
                provider.settings, provider.wanted = provider.wanted or provider.settings, {}
            for cluster in [it for it in self._state.clusters.values() if _updating(it)]:
                await self._attach(cluster)
            for provider in updated:  # unless something else was asked of it meanwhile
                if provider.update_status == UPDATING and not provider.wanted:
                    provider.update_status = "UPDATE_COMPLETE"
            self._bury()
            self._changed()

    def _busy(self) -> bool:
        updating = any(map(_updating, self._state.clusters.values()))
        return updating or any(
            one.update_status in (UPDATING, DELETING) for one in self._state.providers.values()
        )

    async def _attach(self, cluster: Cluster) -> None:
        """What is asked for while Auto Scaling is told of what was asked before comes next."""
        asked, failed = cluster.attachments_asked, False
        for attachment in list(cluster.attachments):
            before = attachment.status
            try:
                after = await self._advance(cluster, attachment)
            except AwsError as error:
                log.warning("%s of %s: %s", attachment.kind, attachment.provider, error)
                failed, after = True, "FAILED"
            if attachment.status == before:
                attachment.status = after
        cluster.attachments = [one for one in cluster.attachments if one.status != DELETED]
        try:
            await self._enlist(cluster)
        except AwsError as error:
            log.warning("the groups of %s: %s", cluster.name, error)
            failed = True
        if cluster.attachments_asked == asked:
            cluster.attachments_status = "UPDATE_FAILED" if failed else "UPDATE_COMPLETE"

    async def _advance(self, cluster: Cluster, attachment: Attachment) -> str:
        """Its status from then on."""
        provider = self._state.providers[attachment.provider]
        if attachment.status == "DELETING":
            await self._detach(provider, attachment)
            return DELETED
        if attachment.kind == "as_policy":
            await groups.put_policy(self._world, provider, cluster.name, attachment.made)
        else:
            await groups.put_hook(self._world, provider.group)
        return "CREATED"

    async def _detach(self, provider: CapacityProvider, attachment: Attachment) -> None:
        """What is gone already, with its group say, need not be deleted."""
        try:
            if attachment.kind == "as_policy":
                await groups.delete_policy(self._world, provider.group, attachment.made)
            else:
                await groups.delete_hook(self._world, provider.group)
        except AwsError as error:
            if error.code != "ValidationError":
                raise

    async def _enlist(self, cluster: Cluster) -> None:
        """The instances that its groups have launched already are their providers' now."""
        mine = [
            self._state.providers[one] for one in cluster.capacity_providers if one not in FARGATE
        ]
        found = await groups.described(self._world, mine)
        provider_by_machine = {
            one["InstanceId"]: provider.name
            for provider in mine
            for one in found.get(provider.group, {}).get("Instances", ())
        }
        for instance in self._state.instances.values():
            name = provider_by_machine.get(instance.ec2_instance_id)
            if instance.cluster == cluster.name and instance.capacity_provider != name:
                instance.capacity_provider = name
                self._fleet.changed(instance)

    def _bury(self) -> None:
        for provider in self._state.providers.values():
            if provider.update_status == DELETING:
                provider.status, provider.update_status = "INACTIVE", "DELETE_COMPLETE"
                provider.deleted_at = self._world.clock.now()


def _updating(cluster: Cluster) -> bool:
    return cluster.attachments_status == UPDATING
