"""The clock: real, scaled, and virtual, which is advanced by hand."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from localaws.clock import Clock, ScaledClock, VirtualClock
from localaws.clock_api import ClockApi
from localaws.wire.request import Request

START = datetime(2026, 1, 1, tzinfo=UTC)


def tell(story: Callable[[VirtualClock], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(20):
            await story(VirtualClock(START))

    asyncio.run(whole())


def test_a_scaled_clock_passes_quicker_for_all_who_ask_it() -> None:
    async def story() -> None:
        clock = ScaledClock(1_000, START)
        before, begun = clock.now(), clock.monotonic()

        async with asyncio.timeout(20):  # of ours
            await clock.sleep(60)
            with pytest.raises(TimeoutError):
                async with clock.timeout(60):
                    await asyncio.Event().wait()

        assert clock.now() - before >= timedelta(seconds=120)
        assert clock.monotonic() - begun >= 120

    asyncio.run(story())


def test_virtual_time_stands_still_until_it_is_advanced() -> None:
    async def story(clock: VirtualClock) -> None:
        sleeping = asyncio.ensure_future(clock.sleep(60))
        await asyncio.sleep(0.01)
        assert (clock.now(), clock.monotonic()) == (START, 0)

        await clock.advance(59.9)
        assert not sleeping.done()

        await clock.advance(0.1)
        assert sleeping.done()
        assert clock.now() == START + timedelta(seconds=60)

    tell(story)


def test_sleepers_wake_as_they_are_due_each_with_all_it_leads_to_before_the_next() -> None:
    seen: list[tuple[str, float]] = []

    async def story(clock: VirtualClock) -> None:
        async def sleeper(name: str, *pauses: float) -> None:
            for pause in pauses:
                await clock.sleep(pause)
                await asyncio.sleep(0)  # others run; time does not
                seen.append((name, clock.monotonic()))

        sleepers = [sleeper("a", 3, 3), sleeper("b", 1, 2, 1), sleeper("c", 3)]
        whole = asyncio.gather(*sleepers)
        await clock.advance(3600)
        await whole

    tell(story)
    assert seen == [("b", 1), ("a", 3), ("c", 3), ("b", 3), ("b", 4), ("a", 6)]


def test_a_timeout_waits_for_virtual_time_and_for_nothing_when_it_is_not_needed() -> None:
    async def story(clock: VirtualClock) -> None:
        async def patient() -> str:
            try:
                async with clock.timeout(5):
                    await clock.sleep(4)
                async with clock.timeout(5):
                    await asyncio.Event().wait()
            except TimeoutError:
                return f"gave up at {clock.monotonic()}"
            return "never"

        waiting = asyncio.ensure_future(patient())
        await clock.advance(8.9)
        assert not waiting.done()
        await clock.advance(0.1)
        assert await waiting == "gave up at 9.0"

    tell(story)


def test_virtual_time_waits_for_the_threads_that_work() -> None:
    async def story(clock: VirtualClock) -> None:
        found: list[float] = []

        async def work() -> None:
            with clock.working():
                await asyncio.to_thread(lambda: [sum(range(100_000)) for _ in range(5)])
            found.append(clock.monotonic())

        working = asyncio.ensure_future(work())
        await asyncio.sleep(0)
        await clock.advance(60)
        await working
        assert found == [0]

    tell(story)


def test_it_stops_where_something_came_true() -> None:
    async def story(clock: VirtualClock) -> None:
        sleeping = [asyncio.ensure_future(clock.sleep(n)) for n in (1, 2, 3)]

        assert await clock.until(sleeping[1].done, within=10)
        assert clock.monotonic() == 2
        assert not await clock.until(lambda: False, within=0.5)
        assert clock.monotonic() == 2.5
        sleeping[2].cancel()

    tell(story)


def ask(api: ClockApi, method: str, body: object = None) -> tuple[int, dict[str, object]]:
    request = Request(method, "/_local/clock", "", (), json.dumps(body).encode())
    status, answer = asyncio.run(_awaited(api.answer(request)))
    return status, dict(answer)


async def _awaited(answer: Awaitable[tuple[int, object]]) -> tuple[int, dict[str, object]]:
    status, document = await answer
    assert isinstance(document, dict)
    return status, document


def test_the_time_is_told_and_moved_over_http() -> None:
    api = ClockApi(VirtualClock(START))

    assert ask(api, "GET") == (200, {"now": "2026-01-01T00:00:00+00:00", "scale": 0})
    moved = {"now": "2026-01-01T01:00:00+00:00", "scale": 0}
    assert ask(api, "POST", {"advance": 3600}) == (200, moved)
    assert ask(api, "DELETE")[0] == 404


@pytest.mark.parametrize(
    "body", [{}, [], {"advance": -1}, {"advance": "1"}, {"advance": True}, {"advance": 1, "b": 2}]
)
def test_it_is_moved_by_seconds_and_only_forward(body: object) -> None:
    assert ask(ClockApi(VirtualClock(START)), "POST", body)[0] == 400


def test_a_clock_that_runs_by_itself_is_not_moved() -> None:
    status, answer = ask(ClockApi(Clock()), "POST", {"advance": 1})

    assert (status, "by itself" in str(answer["message"])) == (409, True)
