"""Releases: immutable, numbered from 1 within each app."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.crypto import Cipher
from app.db.models import Account, App, Operation, Release, Slug
from app.domain.errors import Invalid, NotFound
from app.domain.operation import OperationKind
from app.services import clusters, config_versions, formation, operations


def find(session: Session, app: App, key: str) -> Release:
    """By version ("3" or "v3") or id."""
    releases = select(Release).where(Release.app_id == app.id)
    digits = key.removeprefix("v")
    if digits.isascii() and digits.isdigit() and len(digits) < 10:
        found = session.scalar(releases.where(Release.version == int(digits)))
    else:
        found = session.scalar(releases.where(Release.id == _as_uuid(key)))
    if found is None:
        raise NotFound("release", key)
    return found


def of_slug(session: Session, app: App, operation: Operation, slug: Slug) -> Release:
    """The release that a deploy makes, with the newest config. The caller holds the lock."""
    release = _next(
        session,
        app,
        slug_id=slug.id,
        config_version=app.config_version,
        why=operation.summary,
        actor_id=operation.actor_id,
    )
    formation.admit(session, app, slug.process_types)
    if "web" in slug.process_types:
        clusters.allocate(session, app, "web")
    operations.release(session, app, operation, release)
    return release


def with_config(session: Session, app: App, *, why: str, actor: Account, message: str) -> Release:
    """What should run, with the newest config. The caller holds the lock."""
    desired = session.get_one(Release, app.desired_release_id)
    release = _next(
        session,
        app,
        slug_id=desired.slug_id,
        config_version=app.config_version,
        why=why,
        actor_id=actor.id,
    )
    _ask(session, app, OperationKind.CONFIG, release, actor=actor, message=message)
    return release


def rollback(
    session: Session, cipher: Cipher, app: App, key: str, *, actor: Account, message: str = ""
) -> Release:
    """A new release with an old one's image and config; the scale stays as it is.

    The app's config is the old one from then on, as on Heroku: the next change builds on it.
    """
    operations.lock(session, app)
    old = find(session, app, key)
    if old.status != "succeeded":
        raise Invalid(
            f"v{old.version} never ran ({old.status}); roll back to a release that succeeded."
        )
    config_versions.bring_back(session, cipher, app, old.config_version)
    release = _next(
        session,
        app,
        slug_id=old.slug_id,
        config_version=app.config_version,
        why=f"Rollback to v{old.version}",
        actor_id=actor.id,
    )
    slug = session.get_one(Slug, old.slug_id)
    formation.admit(session, app, slug.process_types)
    _ask(session, app, OperationKind.ROLLBACK, release, actor=actor, message=message)
    return release


def restore(session: Session, app: App, why: str) -> Operation:
    """Put the release that last succeeded back; nothing at all if none ever did.

    The platform's own doing. The caller holds the lock.
    """
    if app.current_release_id is None:
        app.desired_release_id = None
        return operations.begin(
            session,
            app,
            OperationKind.RESTORE,
            summary="Stop what never ran",
            actor=None,
            message=why,
        )
    good = session.get_one(Release, app.current_release_id)
    formation.admit(session, app, session.get_one(Slug, good.slug_id).process_types)
    operation = operations.begin(
        session,
        app,
        OperationKind.RESTORE,
        summary=f"Put v{good.version} back",
        actor=None,
        message=why,
        takes_effect=False,
    )
    operations.release(session, app, operation, good)
    return operation


def _next(
    session: Session,
    app: App,
    *,
    slug_id: UUID,
    config_version: int,
    why: str,
    actor_id: UUID | None,
) -> Release:
    app.release_version += 1
    release = Release(
        app_id=app.id,
        version=app.release_version,
        slug_id=slug_id,
        config_version=config_version,
        description=why,
        actor_id=actor_id,
        status="pending",
    )
    session.add(release)
    session.flush()  # the operation refers to it
    return release


def _ask(
    session: Session,
    app: App,
    kind: OperationKind,
    release: Release,
    *,
    actor: Account,
    message: str,
) -> None:
    operation = operations.begin(
        session,
        app,
        kind,
        summary=release.description,
        actor=actor,
        message=message,
        takes_effect=False,
    )
    operations.release(session, app, operation, release)


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
