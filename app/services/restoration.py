"""Begin anew on an AWS that has forgotten everything: what the apps are is known here.

Only whoever started that AWS may say so (`palatine up`, whose local AWS may have been emptied). A
read that finds nothing is never reason enough.
"""

from __future__ import annotations

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.db.models import (
    App,
    Cluster,
    Dyno,
    Formation,
    Listener,
    Release,
    Service,
    TaskDefinition,
)
from app.domain.operation import RELEASING, OperationKind
from app.services import operations


def begin_anew(session: Session, cluster: str, *, listener_arn: str) -> None:
    """Forget what AWS forgot, and ask for every app as it should be."""
    home = session.scalar(select(Cluster).where(Cluster.name == cluster))
    if home is None:
        return  # the first start: there is nothing to restore
    session.execute(update(Listener).where(Listener.cluster_id == home.id).values(arn=listener_arn))
    session.execute(delete(TaskDefinition))
    session.execute(delete(Service))
    session.execute(
        update(Dyno)
        .where(Dyno.stopped_at.is_(None))
        .values(state="down", stopped_at=func.now(), stopped_reason="The local AWS was stopped")
    )
    session.execute(update(Formation).values(asserted=False))
    for app in session.scalars(select(App).where(App.cluster_id == home.id).order_by(App.id)):
        _restore(session, app)


def _restore(session: Session, app: App) -> None:
    operations.lock(session, app)
    if app.destroyed_at is not None or app.desired_release_id is None:
        return
    if any(_will_do_it(o.kind, o.generation) for o in operations.unfinished(session, app)):
        return
    release = session.get_one(Release, app.desired_release_id)
    operation = operations.begin(
        session,
        app,
        OperationKind.RESTORE,
        summary=f"Start v{release.version} again",
        actor=None,
        message="the local AWS begins empty",
        takes_effect=False,
    )
    operations.release(session, app, operation, release)


def _will_do_it(kind: str, generation: int | None) -> bool:
    """An unfinished operation that brings the desired release about anyway."""
    return OperationKind(kind) in RELEASING and generation is not None
