"""Who is asking: a token, as Bearer or as the password of Basic. Nothing is said without."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated

from fastapi import Depends, Request

from app.api.deps import SessionDep
from app.api.refusals import Refusal
from app.db.models import Account
from app.services import accounts


def account(request: Request, session: SessionDep) -> Account:
    token = _token(request.headers.get("authorization", ""))
    found = accounts.authenticate(session, token) if token else None
    if found is None:
        raise Refusal(
            401,
            "unauthorized",
            "Give a valid API token: Authorization: Bearer TOKEN, or as the password of Basic.",
            {"WWW-Authenticate": 'Basic realm="Palatine"'},
        )
    return found


Actor = Annotated[Account, Depends(account, scope="function")]


async def version_3(request: Request) -> None:
    """`application/vnd.heroku+json; version=3`, `3.anything`, or anything that names none."""
    accepted = request.headers.get("accept", "")
    asked = re.findall(r"application/vnd\.heroku\+json\s*;\s*version=([\w.]+)", accepted)
    if asked and not any(version.split(".")[0] == "3" for version in asked):
        raise Refusal(
            406, "not_acceptable", f"There is no version {asked[0][:20]} of this API: ask for 3."
        )


def _token(header: str) -> str:
    scheme, _, given = header.partition(" ")
    match scheme.lower():
        case "bearer":
            return given.strip()
        case "basic":
            return _password(given.strip())
        case _:
            return ""


def _password(credentials: str) -> str:
    try:
        decoded = base64.b64decode(credentials, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
    return decoded.partition(":")[2].strip()
