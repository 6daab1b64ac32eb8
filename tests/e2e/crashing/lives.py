"""The life of an app, from its first deploy to its end, one operation after another.

Every operation of a life is begun by a worker that may be killed at one call, and brought to its
end by another that is not.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.models import App, OutboxMessage
from app.domain.formation import Change
from app.services import apps, blueprints, config, deploys, dynos, formation, operations
from tests.e2e.crashing.crew import Crew, Worker
from tests.e2e.crashing.ends import End, end
from tests.e2e.crashing.standing import FIRST, SECOND, Installation

ENDS_WITHIN = 90.0  # seconds, for one operation


@dataclass
class Life:
    """By operation: the `lasts` of the workers that began them, the `calls` of these, and how the
    operations ended. A life is over at its first trouble."""

    name: str
    lasts: Mapping[str, str | None]
    calls: dict[str, list[str]] = field(default_factory=dict)
    ends: dict[str, End] = field(default_factory=dict)
    trouble: str = ""


def undisturbed(installation: Installation, crew: Crew) -> Life:
    return live(installation, crew, "calm", dict.fromkeys(ASKS))


def live(
    installation: Installation, crew: Crew, name: str, lasts: Mapping[str, str | None]
) -> Life:
    """The operations that `lasts` names, in order, each with a worker's last call or None."""
    life = Life(name, lasts)
    app_id = _create(installation, name)
    worker = crew.begin(installation.settings)
    try:
        for ask in lasts:
            worker = _one(installation, crew, app_id, life, ask, worker)
    except Trouble as trouble:
        life.trouble = f"{name}, {ask}, killed at {lasts[ask]}: {trouble} ({worker.errand})"
    finally:
        worker.kill()
        _take_away(installation, app_id)
    return life


class Trouble(Exception):
    """An operation did not go as it should, for the reason it tells."""


def _one(
    installation: Installation, crew: Crew, app_id: UUID, life: Life, ask: str, worker: Worker
) -> Worker:
    """One operation; the worker that brought it to its end."""
    last = life.lasts[ask]
    _send(installation, app_id, worker, ask, last)
    ASKS[ask](installation, app_id)
    if last is not None:
        _expect(_await(lambda: worker.status is not None), "the call was never made")
        _expect(worker.status == -signal.SIGKILL, f"the worker ended by itself ({worker.status})")
        life.calls[ask] = worker.calls(ask)
        worker = crew.begin(installation.settings)
    ended = _await(lambda: _ended(installation, app_id))
    _expect(ended, f"not ended in {ENDS_WITHIN:.0f} s: {_unfinished(installation, app_id)}")
    life.calls.setdefault(ask, worker.calls(ask))
    life.ends[ask] = end(installation, app_id)
    return worker


def _send(
    installation: Installation, app_id: UUID, worker: Worker, ask: str, last: str | None
) -> None:
    """Between two looks at the app: half a look would not make all the calls of one."""

    def sent_in_quiet() -> bool:
        if not _quiet(installation, app_id):
            return False
        worker.send(ask, last)
        return worker.status is not None or _quiet(installation, app_id)

    _expect(_await(sent_in_quiet), "the worker never rests")


def _quiet(installation: Installation, app_id: UUID) -> bool:
    asked = select(func.count(OutboxMessage.id)).where(OutboxMessage.key == str(app_id))
    with installation.sessions.begin() as session:
        return session.scalar(asked) == 0


def _create(installation: Installation, name: str) -> UUID:
    with installation.sessions.begin() as session:
        admin = session.merge(installation.admin, load=False)
        cluster = installation.settings["cluster"]
        app = apps.create(session, name, owner=admin, cluster=cluster)
        config.patch(session, installation.cipher, app, {"GREETING": "Hello"}, actor=admin)
    installation.listen_for(app.id)
    return app.id


Ask = Callable[[Installation, UUID], None]


def _asked(ask: Callable[[Session, App, Installation], object]) -> Ask:
    def asked(installation: Installation, app_id: UUID) -> None:
        with installation.sessions.begin() as session:
            session.merge(installation.admin, load=False)
            ask(session, session.get_one(App, app_id), installation)

    return asked


def _deploy(image: str) -> Ask:
    return _asked(
        lambda s, app, at: deploys.deploy(s, app, f"{at.registry}/{image}", actor=at.admin)
    )


_ONE_MORE = [Change("worker", 1)]
ASKS: Mapping[str, Ask] = {
    "first deploy": _deploy(FIRST),
    "second deploy": _deploy(SECOND),
    "scale": _asked(
        lambda s, app, at: formation.scale(s, app, [Change("worker", 1)], actor=at.admin)
    ),
    "restart": _asked(lambda s, app, at: dynos.restart(s, app, actor=at.admin)),
    "destroy": _asked(lambda s, app, at: apps.destroy(s, app, actor=at.admin)),
}


def _ended(installation: Installation, app_id: UUID) -> bool:
    return not _unfinished(installation, app_id)


def _unfinished(installation: Installation, app_id: UUID) -> list[tuple[str, str]]:
    with installation.sessions.begin() as session:
        unfinished = operations.unfinished(session, session.get_one(App, app_id))
        return [(operation.kind, operation.status) for operation in unfinished]


def _take_away(installation: Installation, app_id: UUID) -> None:
    """What still runs of an app whose life ended early makes room for the next."""
    ecs, cluster = installation.amazon.client("ecs"), installation.settings["cluster"]
    with installation.sessions() as session:
        names = blueprints.service_names(session, session.get_one(App, app_id))
    for name in names.values():
        with suppress(ecs.exceptions.ServiceNotFoundException):
            ecs.delete_service(cluster=cluster, service=name, force=True)


def _expect(true: bool, otherwise: str) -> None:
    if not true:
        raise Trouble(otherwise)


def _await(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + ENDS_WITHIN
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.25)
    return True
