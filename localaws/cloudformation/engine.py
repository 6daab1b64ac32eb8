"""What an operation on a stack does, resource by resource, and how a failed one is taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from localaws.cloudformation import steps
from localaws.cloudformation.evaluation import Evaluation
from localaws.cloudformation.order import Failed, in_order
from localaws.cloudformation.resource import Resource
from localaws.cloudformation.run import Run
from localaws.cloudformation.stack import Change, Doing, Revision, Undo
from localaws.cloudformation.template import Template, needs
from localaws.cloudformation.types import TYPES
from localaws.wire import AwsError


class Operation:
    def __init__(self, run: Run) -> None:
        self._run = run
        self._stack = run.stack

    async def go_on(self) -> None:
        """From wherever the stack is."""
        match self._stack.status:
            case "CREATE_IN_PROGRESS":
                await self._create()
            case "UPDATE_IN_PROGRESS":
                await self._update()
            case "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS":
                await self._finish_update()
            case "ROLLBACK_IN_PROGRESS":
                await self._undo_create()
            case "UPDATE_ROLLBACK_IN_PROGRESS":
                await self._undo_update()
            case "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS":
                await self._finish_undoing()
            case "DELETE_IN_PROGRESS":
                await self._delete()

    @property
    def _doing(self) -> Doing:
        return self._stack.doing or Doing()

    @property
    def _undo(self) -> Undo:
        if self._stack.undo is None:
            self._stack.undo = Undo(None)
        return self._stack.undo

    async def _create(self) -> None:
        try:
            await self._apply(self._stack.revision)
        except Failed as failure:
            if self._run.by != "delete":
                await self._creation_failed(failure.why)
            return
        self._stack.undo = None
        self._run.enter("CREATE_COMPLETE")

    async def _creation_failed(self, why: str) -> None:
        self._run.calm()
        match self._doing.on_failure:
            case "DO_NOTHING":
                self._run.enter("CREATE_FAILED", why)
            case "DELETE":
                self._run.enter("DELETE_IN_PROGRESS", why + "Delete requested by user.")
                await self._delete()
            case _:
                self._run.enter("ROLLBACK_IN_PROGRESS", why + "Rollback requested by user.")
                await self._undo_create()

    async def _update(self) -> None:
        try:
            await self._apply(self._stack.revision)
        except Failed as failure:
            cancelled = self._run.by == "cancel"
            self._run.calm()
            if self._doing.on_failure == "DO_NOTHING" and not cancelled:
                self._run.enter("UPDATE_FAILED", failure.why)
                return
            reason = "User Initiated" if cancelled else failure.why
            self._run.enter("UPDATE_ROLLBACK_IN_PROGRESS", reason)
            await self._undo_update()
            return
        self._run.enter("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        await self._finish_update()

    async def _finish_update(self) -> None:
        previous = self._undo.previous
        old = previous.template if previous else self._stack.revision.template
        kept = await self._clean_up(self._no_longer_wanted(), old)
        self._stack.undo = None
        self._run.enter("UPDATE_COMPLETE", kept)

    async def _undo_create(self) -> None:
        self._run.undoing = True
        made = [change.after for change in self._undo.changes if change.after]
        failed = await self._delete_all(made, self._stack.revision.template, as_created=True)
        if failed:
            self._run.enter("ROLLBACK_FAILED", steps.why("delete", failed))
            return
        self._stack.undo = None
        self._run.exports.read(self._stack.id, self._stack.name, ())
        self._run.enter("ROLLBACK_COMPLETE")

    async def _undo_update(self) -> None:
        self._run.undoing = True
        undo, stack = self._undo, self._stack
        if undo.previous is not None and stack.revision is not undo.previous:
            undo.failed, stack.revision = stack.revision, undo.previous
        by_name = {change.logical_id: change for change in undo.changes}

        async def take_back(name: str) -> None:
            await self._take_back(by_name[name])
            undo.changes.remove(by_name[name])

        template = stack.revision.template
        wanted = {name: _needs(template, name) for name in reversed(by_name)}
        failed = await in_order(wanted, take_back, self._run.interrupt)
        if failed:
            self._run.calm()
            self._run.enter("UPDATE_ROLLBACK_FAILED", steps.why("update", failed))
            return
        self._publish(self._evaluation(stack.revision))
        self._run.enter("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        await self._finish_undoing()

    async def _finish_undoing(self) -> None:
        undo = self._undo
        failed = undo.failed.template if undo.failed else self._stack.revision.template
        kept = await self._clean_up(undo.unwanted, failed, as_created=True)
        self._stack.undo = None
        self._run.enter("UPDATE_ROLLBACK_COMPLETE", kept)

    async def _delete(self) -> None:
        stack = self._stack
        for name in [name for name in self._doing.retained if name in stack.resources]:
            self._run.record(stack.resources.pop(name), "DELETE_SKIPPED")
        beside = [r for r in self._undo.there() if r.logical_id not in self._doing.retained]
        everything = [*beside, *stack.resources.values()]
        failed = await self._delete_all(everything, stack.revision.template)
        if failed and not self._doing.forced:
            self._run.enter("DELETE_FAILED", steps.why("delete", failed))
            return
        for name in {*failed} & stack.resources.keys():
            self._run.record(stack.resources.pop(name), "DELETE_SKIPPED")
        stack.deleted_at = self._run.world.clock.now()
        stack.outputs, stack.exported, stack.undo = {}, {}, None
        self._run.exports.publish(stack.id, {})
        self._run.exports.read(stack.id, stack.name, ())
        self._run.enter("DELETE_COMPLETE")

    async def _apply(self, revision: Revision) -> None:
        wanted = self._evaluation(revision)
        self._read_exports(wanted)
        order = wanted.order
        graph = {name: _needs(revision.template, name) for name in order}

        async def apply_one(name: str) -> None:
            await self._apply_one(wanted, name)

        failed = await in_order(graph, apply_one, self._run.interrupt)
        if failed or self._run.by:
            raise Failed(self._failure(failed))
        try:
            self._publish(wanted)
        except AwsError as error:
            raise Failed(f"{error.message}. ".replace(".. ", ". ")) from error

    def _failure(self, failed: dict[str, Failed]) -> str:
        verbs: dict[str, list[str]] = {}
        for name in failed:
            verb = self._stack.states[name].status.removesuffix("_FAILED").lower()
            verbs.setdefault(verb, []).append(name)
        return "".join(steps.why(verb, names) for verb, names in verbs.items())

    def _read_exports(self, wanted: Evaluation) -> None:
        try:
            self._run.exports.read(self._stack.id, self._stack.name, wanted.imported())
        except AwsError as error:
            raise Failed(f"{error.message}. ") from error

    def _publish(self, wanted: Evaluation) -> None:
        """Outputs and exports, all or none; AwsError."""
        outputs, exported = wanted.outputs(), wanted.exported()
        values = {exported[name]: outputs[name] for name in exported}
        if len(values) < len(exported):
            raise AwsError("ValidationError", "Export names must be unique within a template")
        if refusal := self._run.exports.refusal(self._stack.id, values):
            held = refusal.startswith("Cannot")
            raise AwsError("ValidationError", f"Update canceled. {refusal}" if held else refusal)
        self._run.exports.publish(self._stack.id, values)
        self._stack.outputs, self._stack.exported = outputs, exported

    def _evaluation(self, revision: Revision) -> Evaluation:
        stack, run = self._stack, self._run
        return Evaluation(run.world, stack, revision, stack.resources, run.exports.value)

    def _no_longer_wanted(self) -> list[Resource]:
        """What the update replaced, and what its template does not have."""
        stack = self._stack
        kept = self._evaluation(stack.revision).order
        replaced = [change.before for change in self._undo.changes if change.replaced]
        for old in replaced:
            if old:
                old.deletion_policy = old.replace_policy
        gone = [r for name, r in stack.resources.items() if name not in kept]
        return gone + [old for old in replaced if old] + self._undo.unwanted

    async def _apply_one(self, wanted: Evaluation, logical_id: str) -> None:
        have = self._stack.resources.get(logical_id)
        resource = self._declared(wanted, logical_id)
        if have is None:
            self._undo.note(Change(None, resource))
            await steps.create(self._run, resource)
        elif have.properties == resource.properties:
            have.deletion_policy = resource.deletion_policy
            have.replace_policy = resource.replace_policy
        elif TYPES[have.type].replaced_by(have.properties, resource.properties):
            await self._replace(have, resource)
        else:
            resource.physical_id, resource.attributes = have.physical_id, have.attributes
            self._undo.note(Change(have, resource))
            await steps.update(self._run, resource, have.properties)

    def _declared(self, wanted: Evaluation, logical_id: str) -> Resource:
        declared = wanted.revision.template.resources[logical_id]
        resource = Resource(
            self._stack.name,
            logical_id,
            declared["Type"],
            deletion_policy=declared.get("DeletionPolicy", "Delete"),
            replace_policy=declared.get("UpdateReplacePolicy", "Delete"),
            stack_id=self._stack.id,
        )
        have = self._stack.resources.get(logical_id)
        try:
            resource.properties = wanted.properties(logical_id)
        except AwsError as error:
            verb = "CREATE" if have is None else "UPDATE"
            steps.refuse(self._run, have or resource, error.message, verb=verb)
        return resource

    async def _replace(self, have: Resource, wanted: Resource) -> None:
        named_by = TYPES[have.type].named_by
        name = wanted.properties.get(named_by)
        if name is not None and name == have.properties.get(named_by):
            sentence = (
                "CloudFormation cannot update a stack when a custom-named resource requires "
                f"replacing. Rename {name} and update the stack again."
            )
            steps.refuse(self._run, have, sentence, verb="UPDATE")
        self._undo.note(Change(have, wanted), replaces=True)
        await steps.create(self._run, wanted, replaces=have)

    async def _take_back(self, change: Change) -> None:
        before, after = change.before, change.after
        if before is None:
            self._undo.unwanted += [after] if after else []
        elif change.replaced:
            self._stack.resources[before.logical_id] = before
            self._run.record(before, "UPDATE_COMPLETE")
            self._undo.unwanted += [after] if after and after.physical_id else []
        elif after and before.logical_id not in self._undo.skipped:
            await steps.update(self._run, before, after.properties)
        else:
            self._stack.resources[before.logical_id] = before
            self._run.record(before, "UPDATE_COMPLETE")

    async def _clean_up(
        self, unwanted: list[Resource], template: Template, *, as_created: bool = False
    ) -> str:
        """Deletes; what cannot be deleted leaves the stack all the same, with this reason."""
        stack = self._stack

        def forget(resource: Resource) -> None:
            if stack.resources.get(resource.logical_id) in (None, resource):
                stack.resources.pop(resource.logical_id, None)
                stack.states.pop(resource.logical_id, None)

        failed = await self._deleted(unwanted, template, forget, as_created=as_created)
        for resource in unwanted:
            forget(resource)
        return "One or more resources could not be deleted." if failed else ""

    async def _delete_all(
        self, resources: list[Resource], template: Template, *, as_created: bool = False
    ) -> list[str]:
        """The logical ids of those that still exist."""

        def forget(resource: Resource) -> None:
            kept = self._stack.resources.get(resource.logical_id)
            if kept and kept.physical_id == resource.physical_id:
                del self._stack.resources[resource.logical_id]

        return await self._deleted(resources, template, forget, as_created=as_created)

    async def _deleted(
        self,
        resources: Iterable[Resource],
        template: Template,
        forget: Callable[[Resource], None],
        *,
        as_created: bool,
    ) -> list[str]:
        """Each after what needs it; the logical ids of those that could not be."""
        by_key = {(r.logical_id, r.physical_id): r for r in resources}
        after = {
            key: [k for k in by_key if k != key and key[0] in _needs(template, k[0])]
            for key in by_key
        }

        async def delete_one(key: tuple[str, str]) -> None:
            await steps.delete(self._run, by_key[key], as_created=as_created)
            forget(by_key[key])

        return [key[0] for key in await in_order(after, delete_one)]


def _needs(template: Template, logical_id: str) -> set[str]:
    declared = template.resources.get(logical_id)
    return needs(declared) if declared else set()
