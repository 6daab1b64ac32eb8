"""The operations that run: begun, interrupted, and gone on with after a restart."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from localaws.cloudformation import change_set, engine
from localaws.cloudformation.news import News
from localaws.cloudformation.run import Run
from localaws.cloudformation.stack import Doing, Stack
from localaws.cloudformation.stacks import Stacks
from localaws.world import World

AT_ONCE = 16  # operations that work; a thousand that did would weigh more than their stacks
_log = logging.getLogger(__name__)


class Runs:
    def __init__(self, world: World, news: News) -> None:
        self._world, self._news = world, news
        self._runs: dict[str, Run] = {}  # by stack id
        self._work: dict[str, asyncio.Task[None]] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)

    def begin(self, stacks: Stacks, stack: Stack) -> None:
        """What the stack's status and `doing` say; after what still runs for it has ended."""
        before = self._work.get(stack.id)
        run = Run(self._world, stack, stacks.exports, self._news)
        self._runs[stack.id] = run
        task = asyncio.get_running_loop().create_task(self._run(run, before))
        self._work[stack.id] = task
        task.add_done_callback(lambda done: self._done(stack.id, done))

    def resume(self, stacks: Stacks) -> None:
        for stack in stacks.by_id.values():
            if stack.busy:
                self.begin(stacks, stack)
                if stack.doing and stack.doing.cancelled:
                    self.interrupt(stack, "cancel")

    def interrupt(self, stack: Stack, by: str) -> None:
        if running := self._runs.get(stack.id):
            running.interrupt(by)

    async def stop(self) -> None:
        """Stacks stay where they are."""
        work = list(self._work.values())
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)

    async def _run(self, run: Run, before: asyncio.Task[None] | None) -> None:
        if before is not None:  # a creation that was interrupted ends its resources first
            await asyncio.wait([before])
        stack, doing = run.stack, run.stack.doing
        late = asyncio.ensure_future(self._interrupt_late(run, doing))
        try:
            async with run.turn:
                await run.turn.enter_async_context(self._turns)
                await engine.go_on(run)
        except Exception as error:
            _log.exception("%s broke down in %s", stack.name, stack.status)
            status = stack.status.replace("_CLEANUP", "").replace("_COMPLETE", "")
            run.enter(status.replace("IN_PROGRESS", "FAILED"), f"Internal Failure: {error!r}")
        finally:
            late.cancel()
        if stack.doing is doing:
            stack.doing = None
            change_set.executed(stack)

    async def _interrupt_late(self, run: Run, doing: Doing | None) -> None:
        if doing and doing.timeout_minutes and doing.since:
            end = doing.since + timedelta(minutes=doing.timeout_minutes)
            left = (end - self._world.clock.now()).total_seconds()
            await self._world.clock.sleep(max(0.0, left))
            if run.stack.status == "CREATE_IN_PROGRESS":  # a rollback takes the time it takes
                run.interrupt("timeout")

    def _done(self, stack_id: str, task: asyncio.Task[None]) -> None:
        if self._work.get(stack_id) is task:
            del self._work[stack_id], self._runs[stack_id]
