"""Accounts and their tokens: shown once, kept as hashes."""

from __future__ import annotations

import hashlib
import secrets

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from app.db.models import Account, Token
from app.domain.errors import Invalid

ADMIN = "admin@localhost"
_MIN_TOKEN = 16
_FIRST_ADMIN_LOCK = 7_254_325_833


def authenticate(session: Session, token: str) -> Account | None:
    return session.scalar(
        select(Account)
        .join(Token, Token.account_id == Account.id)
        .where(Token.hash == _hash(token), Token.revoked_at.is_(None))
    )


def ensure_admin(session: Session, token: str | None = None) -> str | None:
    """Make the first admin if nobody is there yet; the new token, or None when there was one."""
    session.execute(select(func.pg_advisory_xact_lock(_FIRST_ADMIN_LOCK)))
    if session.scalar(select(Account.id).limit(1)) is not None:
        return None
    admin = Account(email=ADMIN)
    session.add(admin)
    return _issue(session, admin, token or _fresh())


def rotate_admin(session: Session) -> str:
    """A new token for the first admin; every earlier one of theirs stops working at commit."""
    admin = session.scalars(select(Account).order_by(Account.created_at).limit(1)).one_or_none()
    if admin is None:
        admin = Account(email=ADMIN)
        session.add(admin)
        session.flush()  # the update below needs its id
    session.execute(
        update(Token)
        .where(Token.account_id == admin.id, Token.revoked_at.is_(None))
        .values(revoked_at=text("now()"))
    )
    return _issue(session, admin, _fresh())


def _issue(session: Session, account: Account, token: str) -> str:
    if len(token) < _MIN_TOKEN:
        raise Invalid(f"A token has at least {_MIN_TOKEN} characters; make a longer one.")
    session.add(Token(account=account, hash=_hash(token), description="first admin"))
    return token


def _fresh() -> str:
    return f"palatine_{secrets.token_urlsafe(32)}"


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
