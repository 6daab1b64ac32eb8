"""A hundred apps as rows, each with a release, made by the services that the API and workers use.

There is no worker: what requests ask for is ended here, so that each round begins as the first.
"""

from __future__ import annotations

from sqlalchemy import delete, select

from app.db import engine
from app.db.models import Account, App, Operation, OutboxMessage
from app.domain.operation import TERMINAL, OperationStatus
from app.services import apps, deploys, operations

APPS = 100
_PINNED = f"docker.io/acme/hello@sha256:{'0' * 64}"
_COMMANDS = {"web": "python web.py", "worker": "python worker.py"}


class Fleet:
    def __init__(self, url: str) -> None:
        self._sessions = engine.sessions(engine.connect(url, pool_size=1))
        self.names = [f"app-{number:03}" for number in range(APPS)]

    def make(self, cluster: str) -> None:
        with self._sessions.begin() as session:
            owner = session.scalars(select(Account)).one()
            for name in self.names:
                app = apps.create(session, name, owner=owner, cluster=cluster)
                asked = deploys.deploy(session, app, "acme/hello:v1", actor=owner)
                deploys.resolved(session, asked.id, pinned_image=_PINNED, process_types=_COMMANDS)
        self.finish()

    def finish(self) -> None:
        """As if workers had brought about all that was asked for."""
        unfinished = select(Operation, App).join(App, App.id == Operation.app_id)
        with self._sessions.begin() as session:
            for operation, app in session.execute(
                unfinished.where(Operation.status.not_in(TERMINAL))
            ).all():
                operations.lock(session, app)
                operations.move(session, app, operation, OperationStatus.SUCCEEDED)
            session.execute(delete(OutboxMessage))
