"""What an operation on a stack does, resource by resource, and how a failed one is taken back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from localaws.cloudformation import steps
from localaws.cloudformation.evaluation import Evaluation
from localaws.cloudformation.resource import Resource
from localaws.cloudformation.stack import Revision, Stack
from localaws.cloudformation.steps import Failed
from localaws.cloudformation.template import needs
from localaws.cloudformation.types import TYPES
from localaws.wire import AwsError
from localaws.world import World


@dataclass(frozen=True)
class Change:
    """One resource, before and after; either may be missing."""

    before: Resource | None
    after: Resource | None

    @property
    def replaced(self) -> bool:
        return (
            self.before is not None
            and self.after is not None
            and (self.before.physical_id != self.after.physical_id)
        )


@dataclass
class Operation:
    world: World
    stack: Stack
    changes: list[Change] = field(default_factory=list)  # in the order they were made

    async def create(self, on_failure: str) -> None:
        """`on_failure` is ROLLBACK, DELETE or DO_NOTHING."""
        stack = self.stack
        try:
            await self._apply(stack.revision)
        except Failed as failure:
            if not stack.deletion_asked:
                await self._undo_create(on_failure, failure.why)
            return
        if not stack.deletion_asked:
            stack.enter("CREATE_COMPLETE")

    async def update(self, previous: Revision, *, disable_rollback: bool) -> None:
        stack = self.stack
        try:
            await self._apply(stack.revision)
        except Failed as failure:
            if disable_rollback:
                stack.enter("UPDATE_FAILED", failure.why)
            else:
                await self._undo_update(previous, failure.why)
            return
        stack.enter("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        kept = await self._clean_up(self._no_longer_wanted(), previous.template.order)
        stack.enter("UPDATE_COMPLETE", kept)

    async def delete(self, retained: Iterable[str]) -> None:
        stack = self.stack
        for name in retained:
            stack.record(stack.resources.pop(name), "DELETE_SKIPPED")
        failed = await self._delete_all([*stack.resources.values()])
        if failed:
            stack.enter("DELETE_FAILED", steps.why("delete", failed))
            return
        stack.deleted_at = self.world.clock.now()
        stack.outputs = {}
        stack.enter("DELETE_COMPLETE")

    async def _apply(self, revision: Revision) -> None:
        stack = self.stack
        wanted = Evaluation(self.world, stack, revision, stack.resources)
        for logical_id in wanted.order:
            if stack.deletion_asked:
                return
            await self._apply_one(wanted, logical_id)
        try:
            stack.outputs = wanted.outputs()
        except AwsError as error:
            raise Failed(f"{error.message}. ") from error

    def _no_longer_wanted(self) -> list[Resource]:
        """What the update replaced, and what its template does not have."""
        stack = self.stack
        kept = Evaluation(self.world, stack, stack.revision, stack.resources).order
        replaced = [change.before for change in self.changes if change.replaced and change.before]
        for old in replaced:
            old.deletion_policy = old.replace_policy
        return [r for name, r in stack.resources.items() if name not in kept] + replaced

    async def _apply_one(self, wanted: Evaluation, logical_id: str) -> None:
        have = self.stack.resources.get(logical_id)
        resource = self._declared(wanted, logical_id)
        if have is None:
            await self._create(resource)
        elif have.properties == resource.properties:
            have.deletion_policy = resource.deletion_policy
            have.replace_policy = resource.replace_policy
        elif TYPES[have.type].replaced_by(have.properties, resource.properties):
            await self._replace(have, resource)
        else:
            await self._update(have, resource)

    def _declared(self, wanted: Evaluation, logical_id: str) -> Resource:
        declared = wanted.revision.template.resources[logical_id]
        resource = Resource(
            self.stack.name,
            logical_id,
            declared["Type"],
            deletion_policy=declared.get("DeletionPolicy", "Delete"),
            replace_policy=declared.get("UpdateReplacePolicy", "Delete"),
        )
        have = self.stack.resources.get(logical_id)
        try:
            resource.properties = wanted.properties(logical_id)
        except AwsError as error:
            steps.refuse(self.stack, have or resource, error.message, exists=have is not None)
        return resource

    async def _create(self, resource: Resource) -> None:
        self.changes.append(Change(None, resource))
        await steps.create(self.world, self.stack, resource)

    async def _update(self, have: Resource, wanted: Resource) -> None:
        wanted.physical_id, wanted.attributes = have.physical_id, have.attributes
        self.changes.append(Change(have, wanted))
        await steps.update(self.world, self.stack, wanted, have.properties)

    async def _replace(self, have: Resource, wanted: Resource) -> None:
        named_by = TYPES[have.type].named_by
        name = wanted.properties.get(named_by)
        if name is not None and name == have.properties.get(named_by):
            sentence = (
                "CloudFormation cannot update a stack when a custom-named resource requires "
                f"replacing. Rename {name} and update the stack again."
            )
            steps.refuse(self.stack, have, sentence, exists=True)
        self.changes.append(Change(have, wanted))
        await steps.create(self.world, self.stack, wanted, replaces=have)

    async def _undo_create(self, on_failure: str, why: str) -> None:
        stack = self.stack
        if on_failure == "DO_NOTHING":
            stack.enter("CREATE_FAILED", why)
            return
        if on_failure == "DELETE":
            stack.enter("DELETE_IN_PROGRESS", why + "Delete requested by user.")
            await self.delete(())
            return
        stack.enter("ROLLBACK_IN_PROGRESS", why + "Rollback requested by user.")
        failed = await self._delete_all([c.after for c in self.changes if c.after])
        if failed:
            stack.enter("ROLLBACK_FAILED", steps.why("delete", failed))
        else:
            stack.enter("ROLLBACK_COMPLETE")

    async def _undo_update(self, previous: Revision, why: str) -> None:
        stack = self.stack
        stack.enter("UPDATE_ROLLBACK_IN_PROGRESS", why)
        failed_template, stack.revision = stack.revision.template, previous
        unwanted = []
        for change in reversed(self.changes):
            try:
                unwanted += await self._undo(change)
            except Failed as failure:
                stack.enter("UPDATE_ROLLBACK_FAILED", failure.why)
                return
        stack.outputs = Evaluation(self.world, stack, previous, stack.resources).outputs()
        stack.enter("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        kept = await self._clean_up(unwanted, failed_template.order)
        stack.enter("UPDATE_ROLLBACK_COMPLETE", kept)

    async def _undo(self, change: Change) -> list[Resource]:
        """What the change had made and the previous revision does not have."""
        before, after = change.before, change.after
        if before is None or after is None:
            return [after] if after else []
        if change.replaced:
            self.stack.resources[before.logical_id] = before
            self.stack.record(before, "UPDATE_COMPLETE")
            return [after] if after.physical_id else []
        await steps.update(self.world, self.stack, before, after.properties)
        return []

    async def _clean_up(self, unwanted: list[Resource], order: list[str]) -> str:
        """Deletes; what cannot be deleted leaves the stack all the same, with this reason."""
        place = {name: index for index, name in enumerate(order)}
        unwanted.sort(key=lambda resource: -place.get(resource.logical_id, -1))
        failed = False
        for resource in unwanted:
            failed |= not await steps.delete(self.world, self.stack, resource)
            if self.stack.resources.get(resource.logical_id) in (None, resource):
                self.stack.resources.pop(resource.logical_id, None)
                self.stack.states.pop(resource.logical_id, None)
        return "One or more resources could not be deleted." if failed else ""

    async def _delete_all(self, resources: list[Resource]) -> list[str]:
        """In reverse order; the logical ids of those that still exist."""
        template = self.stack.revision.template
        place = {name: index for index, name in enumerate(template.order)}
        resources.sort(key=lambda resource: -place.get(resource.logical_id, -1))
        failed: list[str] = []
        for resource in resources:
            if any(resource.logical_id in needs(template.resources[name]) for name in failed):
                continue
            if await steps.delete(self.world, self.stack, resource):
                self.stack.resources.pop(resource.logical_id, None)
            else:
                failed.append(resource.logical_id)
        return failed
