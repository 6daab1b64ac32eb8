"""EC2's instances are moto's; who must know of them is told here when they begin and end."""

from __future__ import annotations

import re
from collections.abc import Callable

from localaws.wire.answer import Answer
from localaws.wire.request import Request

_INSTANCE = re.compile(rb"<instanceId>(i-[0-9a-f]+)</instanceId>")
_BEGUN = ("RunInstances", "StartInstances")
_ENDED = ("TerminateInstances", "StopInstances")
Told = Callable[[list[str]], None]


class Machines:
    """Listeners do not wait: whatever they do goes on behind EC2's answer."""

    def __init__(self) -> None:
        self.begun: list[Told] = []
        self.ended: list[Told] = []

    async def heard(self, request: Request, answer: Answer) -> None:
        """What EC2 was asked for, and answered."""
        if answer.status >= 300:
            return
        action = request.form.get("Action")
        told = {**dict.fromkeys(_BEGUN, self.begun), **dict.fromkeys(_ENDED, self.ended)}
        if listeners := told.get(action or ""):
            instances = list(dict.fromkeys(one.decode() for one in _INSTANCE.findall(answer.body)))
            for listener in listeners:
                listener(instances)
