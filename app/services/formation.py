"""Scale an app."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.models import Account, App, Formation, Release, Slug
from app.domain import formation
from app.domain.errors import Conflict
from app.domain.formation import DEFAULT_SIZE, Allotment, Change
from app.domain.operation import OperationKind
from app.services import operations


def of(session: Session, app: App) -> Sequence[Formation]:
    """The formation of the process types that should run; none before the first deploy."""
    if app.desired_release_id is None:
        return []
    types = session.scalars(
        select(Slug.process_types)
        .join(Release, Release.slug_id == Slug.id)
        .where(Release.id == app.desired_release_id)
    ).one()
    return session.scalars(
        select(Formation)
        .where(Formation.app_id == app.id, Formation.process_type.in_(types))
        .order_by(Formation.process_type)
    ).all()


def scale(
    session: Session,
    app: App,
    changes: Sequence[Change],
    *,
    actor: Account,
    message: str = "",
) -> list[Formation]:
    """Those named, as they are now asked for. A size or quantity that is absent stays."""
    operations.lock(session, app)
    rows = {row.process_type: row for row in of(session, app)}
    if not rows and changes:
        raise Conflict(f"{app.name} has nothing to scale yet; deploy an image first.")
    now = {name: Allotment(row.quantity, row.size) for name, row in rows.items()}
    scaled = formation.scale(now, changes)
    counted = {change.process_type for change in changes if change.counts}
    for name, to in scaled.items():
        rows[name].quantity, rows[name].size = to.quantity, to.size
        rows[name].asserted |= name in counted
    if scaled:
        _ask(session, app, scaled, now, actor, message)
    return [rows[name] for name in scaled]


def admit(session: Session, app: App, process_types: Iterable[str]) -> None:
    """Before a release of these process types becomes what should run.

    Those seen for the first time get their quantity. The quantity of those that should not run
    until now is asserted: what ECS had of them may have been wound down to none.
    """
    known = {
        row.process_type: row
        for row in session.scalars(select(Formation).where(Formation.app_id == app.id))
    }
    should_run = {row.process_type for row in of(session, app)}
    for name, quantity in formation.initial(process_types).items():
        if name not in known:
            known[name] = Formation(
                app_id=app.id,
                process_type=name,
                quantity=quantity,
                size=DEFAULT_SIZE,
                asserted=False,
            )
            session.add(known[name])
        known[name].asserted |= name not in should_run
    session.flush()  # the reconciler's plan reads these rows


def _ask(
    session: Session,
    app: App,
    scaled: Mapping[str, Allotment],
    before: Mapping[str, Allotment],
    actor: Account,
    message: str,
) -> None:
    parts = [_said(name, before[name], to) for name, to in scaled.items()]
    operations.begin(
        session,
        app,
        OperationKind.SCALE,
        summary=f"Scale {', '.join(parts)}",
        actor=actor,
        message=message,
        request={
            "process_types": sorted(scaled),
            "quantities": {name: to.quantity for name, to in scaled.items()},
        },
    )


def _said(name: str, before: Allotment, to: Allotment) -> str:
    return f"{name}={to.quantity}" + (f":{to.size}" if to.size != before.size else "")
