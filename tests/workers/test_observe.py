from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy.orm import Session, sessionmaker

from app.gateways.queue import TaskChange
from tests.services.asked import asked
from tests.workers.harness import V1, Platform
from workers.clusters.observe import Observer, look_at


class FakeQueue:
    def __init__(self, *services: str) -> None:
        self.left = [TaskChange(f"receipt-{n}", name) for n, name in enumerate(services)]
        self.acknowledged: list[TaskChange] = []

    def receive(self) -> Sequence[TaskChange]:
        return self.left

    def acknowledge(self, changes: Sequence[TaskChange]) -> None:
        self.acknowledged.extend(changes)


def test_a_change_of_a_task_makes_us_look_at_its_app(platform: Platform) -> None:
    platform.deploy(V1)
    platform.until_quiet()
    names = list(platform.aws.services.made)
    queue = FakeQueue(*names, *names, "somebody-elses", "")

    Observer(queue, platform.sessions)._once()

    with platform.sessions.begin() as session:
        assert asked(session) == [("reconcile_app", str(platform.app_id))]
    assert queue.acknowledged == queue.left


def test_nothing_is_acknowledged_before_the_wish_to_look_is_saved(
    sessions: sessionmaker[Session],
) -> None:
    queue = FakeQueue("pal-1-web")

    def broken() -> None:
        raise ConnectionError

    class NoDatabase:
        begin = staticmethod(broken)

    with pytest.raises(ConnectionError):
        Observer(queue, NoDatabase())._once()  # type: ignore[arg-type]

    assert queue.acknowledged == []


def test_nobodys_service_asks_for_nothing(session: Session) -> None:
    look_at(session, ["nobody", ""])

    assert asked(session) == []
