"""The health checks of a container that runs, one after the other."""

from __future__ import annotations

from collections.abc import Callable

from localaws.clock import Clock
from localaws.ecs.tasks import checkups
from localaws.ecs.tasks.started import Started


async def examine(
    clock: Clock,
    started: Started,
    checkup: checkups.Checkup,
    status: str,
    *,
    age: Callable[[], float],
    ill: Callable[[], bool],
    told: Callable[[str], None],
) -> None:
    """For ever, from the status it has; `told` is told whenever that is another.

    One that is `ill` does not pass, whatever it answers.
    """
    result = checkups.Result(status)
    while True:
        await clock.sleep(checkup.interval)
        code = await started.execute(checkup.command, checkup.timeout)
        passed = code == 0 and not ill()
        before, result = result, checkups.judge(checkup, result, passed=passed, age=age())
        if result.status != before.status:
            told(result.status)
