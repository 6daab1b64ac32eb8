"""A platform on a fake AWS, driven by hand: ask, let workers and AWS take turns, look."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, sessionmaker

from app.db import outbox
from app.db.crypto import Cipher
from app.db.models import Account, App, Event, Operation, OutboxMessage
from app.domain.estate import Estate
from app.domain.formation import Change
from app.services import apps, clusters, config, deploys, formation
from tests.factories import make_account
from tests.fakes.aws import FakeAws
from tests.fakes.registry import BOTH, FakeRegistry
from tests.fakes.watch import Killed, Watch
from workers.context import Context, Pace
from workers.queue.leases import Keeper
from workers.queue.run import run

ESTATE = Estate(
    region="us-east-1",
    cluster="palatine",
    vpc_id="vpc-0123456789abcdef0",
    execution_role_arn="arn:aws:iam::123456789012:role/execution",
    task_role_arn="arn:aws:iam::123456789012:role/task",
    apps_domain="localhost",
)
LISTENER = (
    "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/palatine"
    "/0123456789abcdef/0123456789abcdef"
)
V1, V2 = "127.0.0.1:5000/hello:v1", "127.0.0.1:5000/hello:v2"
T = TypeVar("T")


class Platform:
    def __init__(self, sessions: sessionmaker[Session], cipher: Cipher, **pace: float) -> None:
        self.sessions = sessions
        self.cipher = cipher
        self.aws = FakeAws()
        self.registry = FakeRegistry()
        self.watch = Watch()
        self.faults: list[str] = []
        self.failing = False  # whether a task may fail and be tried again
        given = {"poll": 0, "settle": 0, "consistency": 0, "deadline": 600} | pace
        self.context = Context(
            sessions=sessions,
            cipher=cipher,
            estate=ESTATE,
            stacks=self.watch.over(self.aws.stacks),
            services=self.watch.over(self.aws.services),
            secrets=self.watch.over(self.aws.secrets),
            registry=self.watch.over(self.registry),
            pace=Pace(**given),
            validate=lambda body: self.faults,
        )
        self.keeper = Keeper(sessions)
        with sessions.begin() as session:
            clusters.ensure(session, "palatine", region="us-east-1", listener_arn=LISTENER)
            self.ann = make_account(session)
        self.app_id = self._create()

    def ask(self, use_case: Callable[[Session, App, Account], T]) -> T:
        with self.sessions.begin() as session:
            return use_case(session, session.get_one(App, self.app_id), self.ann)

    def deploy(self, image: str = V1, process_types: dict[str, str] = BOTH) -> Operation:
        self.registry.push(image, process_types)
        return self.ask(lambda s, app, ann: deploys.deploy(s, app, image, actor=ann))

    def scale(self, **quantities: int) -> Operation:
        changes = [Change(name, quantity) for name, quantity in quantities.items()]
        self.ask(lambda s, app, ann: formation.scale(s, app, changes, actor=ann))
        return self.operations()[-1]

    def set(self, **config_vars: str | None) -> None:
        self.ask(lambda s, app, ann: config.patch(s, self.cipher, app, config_vars, actor=ann))

    def work(self) -> None:
        """Every message that is due runs once."""
        for message_id in self.due():
            run(self.context, self.keeper, message_id)

    def turn(self) -> None:
        self.work()
        self.aws.tick()

    def until_quiet(self, turns: int = 60) -> None:
        for _ in range(turns):
            if self.quiet():
                return
            self.turn()
        raise AssertionError(f"still at work after {turns} turns: {self.said()}")

    def until(self, holds: Callable[[], bool], turns: int = 60) -> None:
        for _ in range(turns):
            if holds():
                return
            self.turn()
        raise AssertionError(f"did not come true within {turns} turns: {self.said()}")

    def survive(self, turns: int = 200) -> int:
        """`until_quiet` by workers that may be killed: how many were."""
        killed = 0
        for _ in range(turns):
            if self.quiet():
                return killed
            try:
                self.turn()
            except Killed:
                killed += 1
                self.let_leases_expire()
        raise AssertionError(f"still at work after {turns} turns: {self.said()}")

    def quiet(self) -> bool:
        """Nothing is left to do. A task that failed is a failure of the test."""
        with self.sessions.begin() as session:
            left = session.scalars(select(OutboxMessage)).all()
        errors = [f"{message.task}: {message.last_error}" for message in left if message.last_error]
        assert not errors or self.failing, errors
        return not left

    def let_leases_expire(self) -> None:
        with self.sessions.begin() as session:
            past = func.clock_timestamp() - timedelta(seconds=1)
            leased = OutboxMessage.leased_until.is_not(None)
            session.execute(update(OutboxMessage).where(leased).values(leased_until=past))

    def backdate(self, operation: Operation, **by: timedelta) -> None:
        with self.sessions.begin() as session:
            moved = {name: getattr(Operation, name) - past for name, past in by.items()}
            session.execute(update(Operation).where(Operation.id == operation.id).values(moved))

    def make_due(self) -> None:
        """As if the delay of what was given back were over."""
        with self.sessions.begin() as session:
            session.execute(update(OutboxMessage).values(due_at=func.clock_timestamp()))

    def look(self) -> None:
        with self.sessions.begin() as session:
            outbox.put(session, outbox.Task.RECONCILE_APP, self.app_id)

    def due(self) -> Iterable[int]:
        with self.sessions.begin() as session:
            return [message_id for message_id, _ in outbox.due(session)]

    def app(self) -> App:
        with self.sessions.begin() as session:
            return session.get_one(App, self.app_id)

    def operations(self) -> list[Operation]:
        with self.sessions.begin() as session:
            rows = select(Operation).where(Operation.app_id == self.app_id)
            return list(session.scalars(rows.order_by(Operation.number)))

    def ended(self) -> list[tuple[str, str]]:
        """Kind and status of every operation, in the order they were asked for."""
        return [(operation.kind, operation.status) for operation in self.operations()]

    def said(self) -> list[str]:
        with self.sessions.begin() as session:
            rows = select(Event.message).where(Event.app_id == self.app_id).order_by(Event.id)
            return list(session.scalars(rows))

    def running(self) -> dict[str, list[str]]:
        """Per process type, what each of its running tasks is: release and image's tag's digest."""
        shown: dict[str, list[str]] = {}
        for service in self.aws.services.made.values():
            if service.status == "INACTIVE":
                continue
            releases = [
                self.environment(task.task_definition)["PALATINE_RELEASE"]
                for _, task in service.tasks.values()
                if task.last_status == "RUNNING"
            ]
            shown[service.spec.process_type] = sorted(releases)
        return shown

    def container(self, definition: str) -> dict[str, object]:
        found: dict[str, object] = self.aws.services.definitions[definition].content[
            "containerDefinitions"
        ][0]
        return found

    def environment(self, definition: str) -> dict[str, str]:
        return {v["name"]: v["value"] for v in self.container(definition)["environment"]}  # type: ignore[attr-defined]

    def _create(self, name: str | None = None) -> UUID:
        with self.sessions.begin() as session:
            ann = session.merge(self.ann, load=False)
            return apps.create(session, name, owner=ann, cluster="palatine").id
