"""The tour: what a first user does, each step checked where its effect is seen."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from localaws import image
from palatine.demo import sample
from palatine.demo.api import Api
from palatine.demo.installation import Installation
from palatine.demo.traffic import App, Stream, Tally
from palatine.trouble import Trouble

NAME = "hello"
ROLL_REQUESTS = 200  # at the least, while one release rolls over the other

Say = Callable[[str], None]


@dataclass(frozen=True)
class Tour:
    at: Installation
    api: Api
    app: App
    scratch: Path
    say: Say

    def walk(self) -> None:
        self._create()
        self._deploy_first()
        self._scale_and_ask()
        self._roll_second()
        self._scale_up_and_down()
        self._roll_back()
        self._destroy()

    def _create(self) -> None:
        self.say("create an app")
        _expect(self.api.post("/apps", {"name": NAME})["name"] == NAME, "the app has its name")

    def _deploy_first(self) -> None:
        self.say("pack the sample app into an image and push it")
        first = image.push_directory(sample.folder(), f"{NAME}:v1", self.at.registry)
        self.say(f"deploy {first}")
        self._deployed(f"{self.at.registry}/{NAME}:v1")

    def _scale_and_ask(self) -> None:
        self.say("scale web=2 and ask through the router")
        self._scale(2)
        tally = self._ask_until(lambda seen: len(seen.dynos) >= 2)
        _expect(set(tally.releases) == {"v1"}, f"release v1 answers, not {dict(tally.releases)}")
        self.say(f"  answered by {', '.join(sorted(tally.dynos))}")

    def _roll_second(self) -> None:
        self.say("roll a second image over the first, while users keep asking")
        again = sample.second_version(self.scratch)
        image.push_directory(again, f"{NAME}:v2", self.at.registry)
        image_name = f"{self.at.registry}/{NAME}:v2"
        operation = self.api.post(f"/apps/{NAME}/deploys", {"image": image_name})
        operation = self.api.reached(operation, after=("pending",))
        with Stream(self.app, per_second=200, paths=("/", "/", "/slow?seconds=0.3")) as users:
            operation = self.api.reached(operation, after=("pending", "applying", "rolling"))
        tally = users.tally
        self.api.succeeded(operation)
        _expect(not tally.failures, f"no request fails, but {tally.failures[:3]} did")
        _expect(tally.answered >= ROLL_REQUESTS, f"{ROLL_REQUESTS} requests, not {tally.answered}")
        _expect(set(tally.releases) == {"v1", "v2"}, f"both releases, not {dict(tally.releases)}")
        self.say(f"  {tally.answered} requests, none failed: {dict(tally.releases)}")

    def _scale_up_and_down(self) -> None:
        for quantity in (4, 1):
            self.say(f"scale web={quantity}")
            self._scale(quantity)
            dynos = [d for d in self._dynos() if d["type"] == "web" and d["state"] == "up"]
            _expect(len(dynos) == quantity, f"{quantity} web dynos are up, not {len(dynos)}")

    def _roll_back(self) -> None:
        self.say("roll back to v1")
        self.api.post(f"/apps/{NAME}/releases", {"release": "v1"})
        self._last_succeeded()
        tally = self._ask_until(lambda seen: seen.answered >= 5)
        _expect(set(tally.releases) == {"v3"}, f"v3 answers, not {dict(tally.releases)}")
        _, answer = self.app.ask()
        greeting = answer["greeting"]
        _expect(greeting == "Hello from Palatine", f"the first image greets, not {greeting!r}")

    def _destroy(self) -> None:
        self.say("destroy the app")
        self.api.succeeded(self.api.destroy(NAME))
        left = leftovers(self.at.aws_url)
        _expect(not left, f"nothing is left in AWS, but {left} is")

    def _deployed(self, reference: str) -> None:
        for line in self.api.deploy(NAME, reference):
            if line:
                self.say(f"  {line}")
        self._last_succeeded()

    def _scale(self, quantity: int) -> None:
        updates = [{"type": "web", "quantity": quantity}]
        self.api.patch(f"/apps/{NAME}/formation", {"updates": updates})
        self._last_succeeded()

    def _last_succeeded(self) -> None:
        self.api.succeeded(self.api.newest_operation(NAME))

    def _dynos(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.api.get(f"/apps/{NAME}/dynos")
        return listed

    def _ask_until(self, enough: Callable[[Tally], bool]) -> Tally:
        tally = Tally()
        deadline = time.monotonic() + 20
        while not enough(tally) and time.monotonic() < deadline:
            self.app.see("/", tally)
        _expect(not tally.failures, f"every request is answered, but {tally.failures[:3]}")
        _expect(enough(tally), f"enough answers come, not only {dict(tally.dynos)}")
        return tally


def leftovers(aws_url: str) -> list[str]:
    """Stacks, services and running tasks that AWS still has."""
    session = boto3.Session(
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106 - the local AWS takes any
    )
    stacks = session.client("cloudformation", endpoint_url=aws_url).describe_stacks()["Stacks"]
    ecs = session.client("ecs", endpoint_url=aws_url)
    return [
        *(stack["StackName"] for stack in stacks),
        *ecs.list_services(cluster="palatine")["serviceArns"],
        *ecs.list_tasks(cluster="palatine")["taskArns"],
    ]


def _expect(true: bool, what: str) -> None:
    if not true:
        raise Trouble(f"Expected that {what}.")
