"""Many things at once, each as soon as what it needs is done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from graphlib import TopologicalSorter
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


class Failed(Exception):
    """The operation cannot go on; `why` is the stack's reason, the resource's is recorded."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


async def in_order(
    needs: Mapping[Key, Collection[Key]],
    work: Callable[[Key], Awaitable[None]],
    interrupt: Callable[[], None] | None = None,
) -> dict[Key, Failed]:
    """What failed. What needs it is not begun, and neither is anything else where there is an
    `interrupt`: that is called, and what has begun comes to its end."""
    sorter = TopologicalSorter({name: [n for n in of if n in needs] for name, of in needs.items()})
    sorter.prepare()
    running: dict[asyncio.Future[None], Key] = {}
    failed: dict[Key, Failed] = {}
    try:
        while True:
            ready = sorter.get_ready() if sorter.is_active() else ()
            if not (failed and interrupt):
                running |= {asyncio.ensure_future(work(name)): name for name in ready}
            if not running:
                return failed
            for done in (await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED))[0]:
                name = running.pop(done)
                try:
                    done.result()
                    sorter.done(name)
                except Failed as failure:
                    failed[name] = failure
            if failed and interrupt:
                interrupt()
    finally:
        for unfinished in running:
            unfinished.cancel()
        await asyncio.gather(*running, return_exceptions=True)
