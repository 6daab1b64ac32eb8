"""Accounts, in Heroku's shape."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel

from app.api.json import Time
from app.db.models import Account


class AccountOut(BaseModel):
    id: UUID
    email: str
    name: str | None = None
    created_at: Time
    updated_at: Time
    last_login: Time | None = None
    verified: bool = True
    two_factor_authentication: bool = False


def account_out(account: Account) -> AccountOut:
    return AccountOut(
        id=account.id,
        email=account.email,
        created_at=account.created_at,
        updated_at=account.updated_at,
    )
