"""Config vars: read, and changed together with the release that carries the change."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from app.db.crypto import Cipher
from app.db.models import Account, App
from app.domain.names import check_config_names, check_config_size
from app.services import config_versions, events, operations, releases

_MASK_OVER = 5  # names listed in a description before it says "and n more"


def current(session: Session, cipher: Cipher, app: App) -> dict[str, str]:
    return config_versions.at(session, cipher, app, app.config_version)


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
    config_versions.write(session, cipher, app, changed)
    why = _description(changed)
    if app.desired_release_id is None:  # kept for the first deploy
        events.record(session, app, "config.changed", f"{actor.email}: {why}")
    else:
        releases.with_config(session, app, why=why, actor=actor, message=message)
    return after


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
