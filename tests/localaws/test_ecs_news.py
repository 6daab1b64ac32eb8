"""What has changed since somebody asked to be told."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from localaws.clock import VirtualClock
from localaws.ecs.tasks.news import News


def test_what_comes_before_the_waiting_has_begun_is_heard() -> None:
    async def story() -> None:
        news = News(VirtualClock())
        waiting = news.wait()
        news.tell()
        await asyncio.wait_for(waiting, 1)

    asyncio.run(story())


def test_without_news_it_waits_until_it_is_time() -> None:
    async def story() -> None:
        clock = VirtualClock()
        waiting = asyncio.create_task(News(clock).wait(clock.now() + timedelta(seconds=5)))
        await clock.advance(4)
        assert not waiting.done()
        await clock.advance(1)
        await asyncio.wait_for(waiting, 1)

    asyncio.run(story())
