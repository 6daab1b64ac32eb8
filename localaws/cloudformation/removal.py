"""What is to go, deleted in the order that needs allow, each after what needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from localaws.cloudformation import steps
from localaws.cloudformation.order import in_order
from localaws.cloudformation.resource import Resource
from localaws.cloudformation.run import Run
from localaws.cloudformation.template import Template, needed_by


async def clean_up(
    run: Run, unwanted: list[Resource], template: Template, *, as_created: bool = False
) -> str:
    """Deletes; what cannot be deleted leaves the stack all the same, with this reason."""
    stack = run.stack

    def forget(resource: Resource) -> None:
        if stack.resources.get(resource.logical_id) in (None, resource):
            stack.resources.pop(resource.logical_id, None)
            stack.states.pop(resource.logical_id, None)

    failed = await _deleted(run, unwanted, template, forget, as_created=as_created)
    for resource in unwanted:
        forget(resource)
    return "One or more resources could not be deleted." if failed else ""


async def delete_all(
    run: Run, resources: list[Resource], template: Template, *, as_created: bool = False
) -> list[str]:
    """The logical ids of those that still exist."""

    def forget(resource: Resource) -> None:
        kept = run.stack.resources.get(resource.logical_id)
        if kept and kept.physical_id == resource.physical_id:
            del run.stack.resources[resource.logical_id]

    return await _deleted(run, resources, template, forget, as_created=as_created)


async def _deleted(
    run: Run,
    resources: Iterable[Resource],
    template: Template,
    forget: Callable[[Resource], None],
    *,
    as_created: bool,
) -> list[str]:
    by_key = {(r.logical_id, r.physical_id): r for r in resources}
    after = {
        key: [k for k in by_key if k != key and key[0] in needed_by(template, k[0])]
        for key in by_key
    }

    async def delete_one(key: tuple[str, str]) -> None:
        await steps.delete(run, by_key[key], as_created=as_created)
        forget(by_key[key])

    return [key[0] for key in await in_order(after, delete_one)]
