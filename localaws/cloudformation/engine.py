"""What an operation on a stack does, from one of its statuses to the next."""

from __future__ import annotations

from localaws.cloudformation import forward, publishing, removal, steps, undoing
from localaws.cloudformation.order import Failed
from localaws.cloudformation.resource import Resource
from localaws.cloudformation.run import Run
from localaws.cloudformation.stack import Doing


async def go_on(run: Run) -> None:
    """From wherever the stack is: also after a restart in the middle of it."""
    match run.stack.status:
        case "CREATE_IN_PROGRESS":
            await _create(run)
        case "UPDATE_IN_PROGRESS":
            await _update(run)
        case "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS":
            await _finish_update(run)
        case "ROLLBACK_IN_PROGRESS":
            await undoing.undo_create(run)
        case "UPDATE_ROLLBACK_IN_PROGRESS":
            await undoing.undo_update(run)
        case "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS":
            await undoing.finish(run)
        case "DELETE_IN_PROGRESS":
            await _delete(run)


def _doing(run: Run) -> Doing:
    return run.stack.doing or Doing()


async def _create(run: Run) -> None:
    try:
        await forward.apply(run, run.stack.revision)
    except Failed as failure:
        if run.by != "delete":
            await _creation_failed(run, failure.why)
        return
    run.stack.undo = None
    run.enter("CREATE_COMPLETE")


async def _creation_failed(run: Run, why: str) -> None:
    run.calm()
    match _doing(run).on_failure:
        case "DO_NOTHING":
            run.enter("CREATE_FAILED", why)
        case "DELETE":
            run.enter("DELETE_IN_PROGRESS", why + "Delete requested by user.")
            await _delete(run)
        case _:
            run.enter("ROLLBACK_IN_PROGRESS", why + "Rollback requested by user.")
            await undoing.undo_create(run)


async def _update(run: Run) -> None:
    try:
        await forward.apply(run, run.stack.revision)
    except Failed as failure:
        cancelled = run.by == "cancel"
        run.calm()
        if run.keeps_what_failed and not cancelled:
            await undoing.restore_what_failed(run)
            run.enter("UPDATE_FAILED", failure.why)
            return
        reason = "User Initiated" if cancelled else failure.why
        if run.stack.way_back.previous is None:  # a creation failed before: nothing to go back to
            run.enter("ROLLBACK_IN_PROGRESS", reason)
            await undoing.undo_create(run)
            return
        run.enter("UPDATE_ROLLBACK_IN_PROGRESS", reason)
        await undoing.undo_update(run)
        return
    run.enter("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    await _finish_update(run)


async def _finish_update(run: Run) -> None:
    previous = run.stack.way_back.previous
    old = previous.template if previous else run.stack.revision.template
    kept = await removal.clean_up(run, _no_longer_wanted(run), old)
    run.stack.undo = None
    run.enter("UPDATE_COMPLETE", kept)


def _no_longer_wanted(run: Run) -> list[Resource]:
    """What the update replaced, and what its template does not have."""
    stack, undo = run.stack, run.stack.way_back
    kept = run.evaluation(stack.revision).order
    replaced = [change.before for change in undo.changes if change.replaced]
    for old in replaced:
        if old:
            old.deletion_policy = old.replace_policy
    gone = [r for name, r in stack.resources.items() if name not in kept]
    return gone + [old for old in replaced if old] + undo.unwanted


async def _delete(run: Run) -> None:
    stack, doing = run.stack, _doing(run)
    for name in [name for name in doing.retained if name in stack.resources]:
        run.record(stack.resources.pop(name), "DELETE_SKIPPED")
    beside = [r for r in stack.way_back.there() if r.logical_id not in doing.retained]
    everything = [*beside, *stack.resources.values()]
    failed = await removal.delete_all(run, everything, stack.revision.template)
    if failed and not doing.forced:
        run.enter("DELETE_FAILED", steps.why("delete", failed))
        return
    for name in {*failed} & stack.resources.keys():
        run.record(stack.resources.pop(name), "DELETE_SKIPPED")
    stack.deleted_at, stack.undo = run.world.clock.now(), None
    publishing.withdraw(run)
    run.enter("DELETE_COMPLETE")
