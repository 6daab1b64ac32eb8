"""The parts of AWS the platform uses, in memory, in one piece."""

from __future__ import annotations

from tests.fakes.secrets import FakeSecrets
from tests.fakes.services import FakeServices
from tests.fakes.stacks import FakeStacks


class FakeAws:
    def __init__(self) -> None:
        self.secrets = FakeSecrets()
        self.stacks = FakeStacks(self.secrets)
        self.services = FakeServices()

    def tick(self) -> None:
        """What AWS does between two looks."""
        self.stacks.tick()
        self.services.tick()
