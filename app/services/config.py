"""Config vars: read, and changed together with the release that carries the change."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from app.db.crypto import Cipher
from app.db.models import Account, App, ConfigVar
from app.domain.names import check_config_names, check_config_size
from app.services import events, operations, releases

_MASK_OVER = 5  # names listed in a description before it says "and n more"


def current(session: Session, cipher: Cipher, app: App) -> dict[str, str]:
    return at(session, cipher, app, app.config_version)


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


def patch(
    session: Session,
    cipher: Cipher,
    app: App,
    changes: Mapping[str, str | None],
    *,
    actor: Account,
    message: str = "",
) -> dict[str, str]:
    """Set and unset (None); the whole config as it is then. What changes nothing does nothing.

    Read and written under the app's lock: of 16 changes at once, all 16 count.
    """
    check_config_names(changes)
    operations.lock(session, app)
    before = current(session, cipher, app)
    changed = {name: value for name, value in changes.items() if before.get(name) != value}
    if not changed:
        return before
    after = {n: v for n, v in (before | changed).items() if v is not None}
    check_config_size(after)
    _write(session, cipher, app, changed)
    why = _description(changed)
    if app.desired_release_id is None:  # kept for the first deploy
        events.record(session, app, "config.changed", f"{actor.email}: {why}")
    else:
        releases.with_config(session, app, why=why, actor=actor, message=message)
    return after


def _write(session: Session, cipher: Cipher, app: App, changed: Mapping[str, str | None]) -> None:
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


def _description(changed: Mapping[str, str | None]) -> str:
    parts = []
    for verb, names in (
        ("Set", [n for n, v in changed.items() if v is not None]),
        ("Unset", [n for n, v in changed.items() if v is None]),
    ):
        if names:
            shown = ", ".join(sorted(names)[:_MASK_OVER])
            more = len(names) - _MASK_OVER
            parts.append(f"{verb} {shown}" + (f" and {more} more" if more > 0 else ""))
    return f"{', '.join(parts)} config vars"
