"""A stack brought to what a revision asks for, resource by resource."""

from __future__ import annotations

from localaws.cloudformation import dynamic, parameters, steps
from localaws.cloudformation.evaluation import Evaluation
from localaws.cloudformation.order import Failed, in_order
from localaws.cloudformation.publishing import publish, read_exports
from localaws.cloudformation.resource import Resource
from localaws.cloudformation.run import Run
from localaws.cloudformation.stack import Change, Revision, Undo
from localaws.cloudformation.template import needed_by
from localaws.cloudformation.types import TYPES
from localaws.wire import AwsError

_NO_REPLACEMENT = "Replacement type updates not supported on stack with disable-rollback."


async def apply(run: Run, revision: Revision) -> None:
    """Raises Failed; what was begun is noted in the stack's `undo` before it is done."""
    wanted = run.evaluation(revision)
    read_exports(run, wanted)
    try:
        await parameters.check_names(run.world, revision.template, revision.parameters)
    except AwsError as error:
        raise Failed(f"{error.message}. ") from error
    graph = {name: needed_by(revision.template, name) for name in wanted.order}

    async def apply_one(name: str) -> None:
        await _apply_one(run, wanted, name)

    interrupt = None if run.keeps_what_failed else run.interrupt  # then all other ways are gone
    failed = await in_order(graph, apply_one, interrupt)
    if failed or run.by:
        raise Failed(_failure(run, failed))
    try:
        publish(run, wanted)
    except AwsError as error:
        raise Failed(f"{error.message}. ".replace(".. ", ". ")) from error


async def _apply_one(run: Run, wanted: Evaluation, logical_id: str) -> None:
    have = run.stack.resources.get(logical_id)
    begun = run.stack.begun(logical_id)
    if have is not None and run.stack.states[logical_id].status == "CREATE_FAILED":
        await steps.delete(run, have, as_created=True)  # it never was stable: begun anew
        del run.stack.resources[logical_id]
        have = None
    resource = _declared(run, wanted, logical_id)
    if begun is not None and begun.made:
        await steps.go_on(run, begun.made, replaces=begun.before)
    elif have is None:
        _undo(run).note(Change(None, resource))
        await steps.create(run, resource)
    elif begun is not None and begun.before and have is begun.after:
        await steps.update(run, have, begun.before.properties)
    elif have.properties == resource.properties and not _moved(run, have):
        have.deletion_policy = resource.deletion_policy
        have.replace_policy = resource.replace_policy
    elif TYPES[have.type].replaced_by(have.properties, resource.properties):
        await _replace(run, have, resource)
    else:
        resource.physical_id, resource.attributes = have.physical_id, have.attributes
        _undo(run).note(Change(have, resource))
        await steps.update(run, resource, have.properties)


def _moved(run: Run, resource: Resource) -> bool:
    """Whether what it refers to dynamically is not what it was at the last update."""
    previous, now = _undo(run).previous, run.stack.revision
    return previous is not None and any(
        previous.resolved.get(text) != now.resolved.get(text)
        for text in dynamic.named(resource.properties)
    )


def _declared(run: Run, wanted: Evaluation, logical_id: str) -> Resource:
    declared = wanted.revision.template.resources[logical_id]
    resource = Resource(
        run.stack.name,
        logical_id,
        declared["Type"],
        deletion_policy=declared.get("DeletionPolicy", "Delete"),
        replace_policy=declared.get("UpdateReplacePolicy", "Delete"),
        stack_id=run.stack.id,
    )
    have = run.stack.resources.get(logical_id)
    try:
        resource.properties = wanted.properties(logical_id)
    except AwsError as error:
        verb = "CREATE" if have is None else "UPDATE"
        steps.refuse(run, have or resource, error.message, verb=verb)
    return resource


async def _replace(run: Run, have: Resource, wanted: Resource) -> None:
    named_by = TYPES[have.type].named_by
    name = wanted.properties.get(named_by)
    if name is not None and name == have.properties.get(named_by):
        sentence = (
            "CloudFormation cannot update a stack when a custom-named resource requires "
            f"replacing. Rename {name} and update the stack again."
        )
        steps.refuse(run, have, sentence, verb="UPDATE")
    if run.keeps_what_failed:
        steps.refuse(run, have, _NO_REPLACEMENT, verb="UPDATE")
    _undo(run).note(Change(have, wanted), replaces=True)
    await steps.create(run, wanted, replaces=have)


def _undo(run: Run) -> Undo:
    return run.stack.way_back


def _failure(run: Run, failed: dict[str, Failed]) -> str:
    verbs: dict[str, list[str]] = {}
    for name in failed:
        verb = run.stack.states[name].status.removesuffix("_FAILED").lower()
        verbs.setdefault(verb, []).append(name)
    return "".join(steps.why(verb, names) for verb, names in verbs.items())
