"""Simulated containers: what their scripts may say, and that they keep to them, on a clock."""

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from localaws.clock import VirtualClock
from localaws.drivers.driver import DID_NOT_END, Image, Launch, Port, PullFailed, StartFailed
from localaws.drivers.sim.api import SimApi
from localaws.drivers.sim.container import Simulated
from localaws.drivers.sim.driver import SimDriver
from localaws.drivers.sim.script import Health, Script, Unusable, read
from localaws.wire.request import Request

ANY = Port(8080)


class Sim:
    """A driver on a clock that stands still, and containers by their scripts."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.driver = SimDriver(self.clock)
        self.lines: list[str] = []

    def launch(self, name: str = "one", *ports: Port, **script: object) -> Launch:
        image = Image("sha256:0", reference="app:v1")
        environment = {"SIM": json.dumps(script)}
        return Launch(name, image, "127.0.1.1", environment, ports=ports, on_line=self.lines.append)

    async def run(self, name: str = "one", *ports: Port, **script: object) -> Simulated:
        return await self.driver.launch(self.launch(name, *ports, **script))

    async def probe(self, port: int) -> int | str:
        try:
            return await self.driver.probe("127.0.1.1", port, "/", 5)
        except (TimeoutError, ConnectionRefusedError) as error:
            return type(error).__name__


def tell(story: Callable[[Sim], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(20):
            await story(Sim())

    asyncio.run(whole())


def test_a_script_changes_only_what_it_says() -> None:
    image = Script(pull_seconds=3, exit_code=2)

    assert read({"exits_after": 5, "health": "silent", "says": ["hello"]}, image) == Script(
        pull_seconds=3, exit_code=2, exits_after=5, health=Health.SILENT, says=("hello",)
    )
    assert read({"stops_after": None}, Script()) == Script(stops_after=None)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ([], "is a JSON object"),
        ({"sleeps": 3}, "has no sleeps; it may have pull_seconds"),
        ({"exits_after": -1}, "exits_after is in seconds, and not negative"),
        ({"exits_after": True}, "exits_after is in seconds"),
        ({"start_seconds": float("inf")}, "start_seconds is in seconds"),
        ({"start_seconds": None}, "start_seconds is in seconds"),
        ({"exit_code": 256}, "exit_code is from 0 to 255"),
        ({"exit_code": 1.5}, "exit_code is from 0 to 255"),
        ({"health": "ill"}, "health is one of healthy, unhealthy, silent"),
        ({"health": {}}, "health is one of healthy, unhealthy, silent"),
        ({"says": "hello"}, "says is a list of texts"),
        ({"pull_error": 3}, "pull_error is a text"),
        ({"out_of_memory": 1}, "out_of_memory is true or false"),
    ],
)
def test_a_script_that_does_not_go_is_refused_in_a_sentence(
    document: object, sentence: str
) -> None:
    with pytest.raises(Unusable, match=sentence):
        read(document, Script())


def test_health_is_a_matter_of_age() -> None:
    script = Script(healthy_after=10, healthy_for=20)

    ages = {age: script.health_at(age) for age in (0, 9.9, 10, 29.9, 30)}

    assert ages == {
        0: None,
        9.9: None,
        10: Health.HEALTHY,
        29.9: Health.HEALTHY,
        30: Health.UNHEALTHY,
    }


def test_an_image_takes_its_time_to_be_pulled_and_a_container_to_start() -> None:
    async def story(sim: Sim) -> None:
        sim.driver.table.tell(
            [
                {"image": "app:*", "pull_seconds": 30, "start_seconds": 5},
                {"image": "*", "pull_seconds": 1, "pull_error": "manifest unknown"},
            ]
        )
        pulling = asyncio.ensure_future(sim.driver.pull("app:v1"))
        await sim.clock.advance(29.9)
        assert not pulling.done()
        await sim.clock.advance(0.1)
        assert (await pulling).reference == "app:v1"

        launching = asyncio.ensure_future(sim.run(says=["ready"]))
        await sim.clock.advance(4.9)
        assert (launching.done(), sim.lines) == (False, [])
        await sim.clock.advance(0.1)
        assert (launching.done(), sim.lines) == (True, ["ready"])

        refused = asyncio.ensure_future(sim.driver.pull("other:v1"))
        await sim.clock.advance(1)
        with pytest.raises(PullFailed, match="manifest unknown"):
            await refused

    tell(story)


def test_what_cannot_start_says_why_and_leaves_its_port() -> None:
    async def story(sim: Sim) -> None:
        for launch, sentence in (
            (sim.launch("one", Port(80, 8080), start_error="no such user"), "no such user"),
            (sim.launch("one", sleeps=1), "has no sleeps"),
        ):
            with pytest.raises(StartFailed, match=sentence):
                await sim.driver.launch(launch)

        first = await sim.run("two", Port(80, 8080))
        with pytest.raises(StartFailed, match="8080 failed: port is already allocated"):
            await sim.run("three", ANY, Port(80, 8080))
        await first.signal(signal.SIGKILL)
        assert (await sim.run("three", Port(80, 8080))).ports == [Port(80, 8080)]

    tell(story)


def test_it_ends_by_itself_when_its_script_says_so() -> None:
    async def story(sim: Sim) -> None:
        crashing = await sim.run("one", exits_after=60, exit_code=3)
        starving = await sim.run("two", exits_after=61, exit_code=137, out_of_memory=True)
        lasting = await sim.run("three")
        ends = [asyncio.ensure_future(one.wait()) for one in (crashing, starving, lasting)]

        await sim.clock.advance(60)
        assert [end.done() for end in ends] == [True, False, False]
        await sim.clock.advance(1e6)
        assert [end.done() for end in ends] == [True, True, False]
        assert (await ends[0], await ends[1]) == (3, 137)
        assert (crashing.out_of_memory, starving.out_of_memory) == (False, True)
        ends[2].cancel()

    tell(story)


def test_signals_are_heard_as_the_script_says() -> None:
    async def story(sim: Sim) -> None:
        slow = await sim.run("one", stops_after=10, stop_code=0)
        deaf = await sim.run("two", stops_after=None)
        for one in (slow, deaf):
            await one.signal(signal.SIGHUP)
            await one.signal(signal.SIGTERM)
        ends = [asyncio.ensure_future(one.wait()) for one in (slow, deaf)]

        await sim.clock.advance(9.9)
        assert [end.done() for end in ends] == [False, False]
        await sim.clock.advance(1e6)
        assert [end.done() for end in ends] == [True, False]
        await deaf.signal(signal.SIGKILL)
        assert await asyncio.gather(*ends) == [0, 137]

    tell(story)


def test_a_probe_is_answered_at_the_containers_own_port() -> None:
    async def story(sim: Sim) -> None:
        well = await sim.run("one", ANY, healthy_after=2, healthy_for=10)
        ill = await sim.run("two", ANY, health="unhealthy")
        silent = await sim.run("three", ANY, health="silent")
        ports = [one.ports[0].host for one in (well, ill, silent)]
        assert len(set(ports)) == 3

        asked = [asyncio.ensure_future(sim.probe(port)) for port in ports]
        await sim.clock.advance(4.9)
        assert not asked[2].done()
        await sim.clock.advance(0.1)
        assert await asyncio.gather(*asked) == ["ConnectionRefusedError", 503, "TimeoutError"]
        assert await sim.probe(ports[0]) == 200
        await sim.clock.advance(7)
        assert await sim.probe(ports[0]) == 503
        await well.signal(signal.SIGKILL)
        assert await sim.probe(ports[0]) == "ConnectionRefusedError"

    tell(story)


def test_health_checks_inside_are_answered_too() -> None:
    async def story(sim: Sim) -> None:
        well, ill = await sim.run("one", healthy_after=1), await sim.run("two", health="unhealthy")
        silent = await sim.run("three", health="silent")
        assert [await one.execute(["curl"], 5) for one in (well, ill)] == [1, 1]
        waiting = asyncio.ensure_future(silent.execute(["curl"], 5))

        await sim.clock.advance(5)

        assert await waiting == DID_NOT_END
        assert await well.execute(["curl"], 5) == 0
        await well.signal(signal.SIGKILL)
        assert await well.execute(["curl"], 5) == DID_NOT_END

    tell(story)


def test_scripts_are_told_over_http() -> None:
    async def story(sim: Sim) -> None:
        api = SimApi(sim.driver.table)

        async def ask(method: str, body: object = None, path: str = "/_local/sim") -> Any:  # noqa: ANN401
            return await api.answer(Request(method, path, "", (), json.dumps(body).encode()))

        row = {"image": "*/web@*", "exits_after": 5}
        status, told = await ask("PUT", {"scripts": [row]})
        assert (status, row.items() <= told["scripts"][0].items()) == (200, True)
        assert await ask("GET") == (200, told)
        assert sim.driver.table.of("host/web@sha256:0", {}).exits_after == 5
        assert sim.driver.table.of("host/worker@sha256:0", {}).exits_after is None
        for body, sentence in (
            ({"scripts": [{"exits_after": 5}]}, "Each script names its image"),
            ({"scripts": [{**row, "exits": 5}]}, "A script has no exits"),
            ({"scripts": {}}, "scripts is a list."),
            ([], 'The body is {"scripts"'),
        ):
            status, answer = await ask("PUT", body)
            assert (status, sentence in answer["message"]) == (400, True), answer
        assert await ask("GET") == (200, told)
        assert (await ask("DELETE"))[0] == 404
        assert (await ask("GET", path="/_local/sim/web"))[0] == 404
        request = Request("GET", "/_local/sim", "", (), b"")
        assert (await SimApi(None).answer(request))[0] == 409

    tell(story)
