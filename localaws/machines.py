"""EC2's instances are moto's; who must know of them is told here when they begin and end."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Protocol

from localaws.wire.answer import Answer
from localaws.wire.request import Request

_INSTANCE = re.compile(rb"<instanceId>(i-[0-9a-f]+)</instanceId>")
_DONE = {
    "RunInstances": "launched",
    "StartInstances": "started",
    "StopInstances": "stopped",
    "TerminateInstances": "terminated",
}
Told = Callable[[str, list[str]], None]  # what became of them, and their ids


class Machines:
    """Listeners do not wait: whatever they do goes on behind EC2's answer."""

    def __init__(self) -> None:
        self.listeners: list[Told] = []

    async def heard(self, request: Request, answer: Answer) -> None:
        """What EC2 was asked for, and answered."""
        done = _DONE.get(request.form.get("Action", ""))
        if done is None or answer.status >= 300:
            return
        instances = list(dict.fromkeys(one.decode() for one in _INSTANCE.findall(answer.body)))
        for listener in self.listeners:
            listener(done, instances)


class Ec2(Protocol):
    async def call(
        self, service: str, operation: str, params: dict[str, Any]
    ) -> dict[str, Any]: ...


async def described(aws: Ec2, filters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """EC2's instances as it describes them: all, whereas an answer holds a hundred reservations."""
    found: list[dict[str, Any]] = []
    asked: dict[str, Any] = {"Filters": filters}
    while True:
        page = await aws.call("ec2", "DescribeInstances", asked)
        found += [one for each in page["Reservations"] for one in each.get("Instances", ())]
        if not page.get("NextToken"):
            return found
        asked["NextToken"] = page["NextToken"]
