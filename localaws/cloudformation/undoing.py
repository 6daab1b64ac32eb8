"""A failed operation taken back: every change the other way round, then what is left over."""

from __future__ import annotations

from localaws.cloudformation import publishing, removal, steps
from localaws.cloudformation.order import in_order
from localaws.cloudformation.run import Run
from localaws.cloudformation.stack import Change
from localaws.cloudformation.template import needed_by


async def undo_create(run: Run) -> None:
    run.undoing, stack = True, run.stack
    made = [change.after for change in stack.way_back.changes if change.after]
    made += stack.way_back.unwanted
    failed = await removal.delete_all(run, made, stack.revision.template, as_created=True)
    if failed:
        run.enter("ROLLBACK_FAILED", steps.why("delete", failed))
        return
    stack.undo = None
    publishing.withdraw(run)
    run.enter("ROLLBACK_COMPLETE")


async def undo_update(run: Run) -> None:
    run.undoing = True
    undo, stack = run.stack.way_back, run.stack
    if undo.previous is not None and stack.revision is not undo.previous:
        undo.failed, stack.revision = stack.revision, undo.previous
    by_name = {change.logical_id: change for change in undo.changes}

    async def take_back(name: str) -> None:
        await _take_back(run, by_name[name])
        undo.changes.remove(by_name[name])

    template = stack.revision.template
    wanted = {name: needed_by(template, name) for name in reversed(by_name)}
    failed = await in_order(wanted, take_back, run.interrupt)
    undo.stuck = set(failed)
    if failed:
        run.calm()
        run.enter("UPDATE_ROLLBACK_FAILED", steps.why("update", failed))
        return
    publishing.publish(run, run.evaluation(stack.revision))
    run.enter("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
    await finish(run)


async def restore_what_failed(run: Run) -> None:
    """What could not be updated is as before; the rest of a failed update stays."""
    stack = run.stack
    for index, change in enumerate(stack.way_back.changes):
        before, after = change.before, change.after
        failed = stack.states[change.logical_id].status == "UPDATE_FAILED"
        if (
            failed
            and before
            and after
            and stack.resources[before.logical_id] is after
            and await steps.restore(run, before, after.properties)
        ):
            stack.resources[before.logical_id] = before
            stack.way_back.changes[index] = Change(before, before)


async def finish(run: Run) -> None:
    """What only the failed update had is deleted."""
    undo, stack = run.stack.way_back, run.stack
    run.undoing = True
    failed = undo.failed.template if undo.failed else stack.revision.template
    kept = await removal.clean_up(run, undo.unwanted, failed, as_created=True)
    stack.undo = None
    run.enter("UPDATE_ROLLBACK_COMPLETE", kept)


async def _take_back(run: Run, change: Change) -> None:
    undo, stack = run.stack.way_back, run.stack
    before, after = change.before, change.after
    if before is None:
        undo.unwanted += [after] if after else []
    elif change.replaced:
        stack.resources[before.logical_id] = before
        run.record(before, "UPDATE_COMPLETE")
        undo.unwanted += [after] if after and after.physical_id else []
    elif after and before.logical_id not in undo.skipped:
        await steps.update(run, before, after.properties)
    else:
        stack.resources[before.logical_id] = before
        run.record(before, "UPDATE_COMPLETE")
