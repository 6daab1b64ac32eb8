"""EC2's instances are moto's; who must know of them is told here when they begin and end."""

from __future__ import annotations

import re
from collections.abc import Callable

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
