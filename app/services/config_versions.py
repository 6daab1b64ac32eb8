"""Versions of an app's config: read as of one, write the next. The caller holds the app's lock."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from app.db.crypto import Cipher
from app.db.models import App, ConfigVar


def at(session: Session, cipher: Cipher, app: App, version: int) -> dict[str, str]:
    """The config as it stood in `version`: per name, the newest row not newer than it."""
    rows = session.scalars(
        select(ConfigVar)
        .ext(distinct_on(ConfigVar.name))
        .where(ConfigVar.app_id == app.id, ConfigVar.version <= version)
        .order_by(ConfigVar.name, ConfigVar.version.desc())
    )
    return {
        row.name: cipher.decrypt(row.ciphertext, app_id=app.id, name=row.name, version=row.version)
        for row in rows
        if row.ciphertext is not None
    }


def write(session: Session, cipher: Cipher, app: App, changed: Mapping[str, str | None]) -> None:
    """The next version: the one before with `changed` set, or unset where None."""
    version = app.config_version = app.config_version + 1
    session.add_all(
        ConfigVar(
            app_id=app.id,
            name=name,
            version=version,
            ciphertext=None
            if value is None
            else cipher.encrypt(value, app_id=app.id, name=name, version=version),
        )
        for name, value in changed.items()
    )
    session.flush()  # the release made next is reconciled from these rows


def bring_back(session: Session, cipher: Cipher, app: App, version: int) -> None:
    """Make the newest config what it was in `version`, so that what is shown is what runs."""
    now, then = at(session, cipher, app, app.config_version), at(session, cipher, app, version)
    changed = {name: then.get(name) for name in now | then if now.get(name) != then.get(name)}
    if changed:
        write(session, cipher, app, changed)
