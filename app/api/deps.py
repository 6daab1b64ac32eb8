"""What a route may ask for: the session of its one transaction, the app in its path, its parts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from anyio import CancelScope
from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.api.refusals import CommitFailed
from app.api.site import Site
from app.db.crypto import Cipher
from app.db.engine import Sessions
from app.db.models import App
from app.domain.errors import Invalid
from app.ports import Streams
from app.services import apps

_LONGEST_MESSAGE = 2000


@dataclass(frozen=True)
class Parts:
    """What the composition root hands in; kept as `api.state.parts`."""

    sessions: Sessions
    cipher: Cipher
    site: Site
    streams: Streams
    places: asyncio.Semaphore  # one for each request that may be in its transaction


def parts(request: Request) -> Parts:
    given: Parts = request.app.state.parts
    return given


async def _cipher(request: Request) -> Cipher:
    return parts(request).cipher


async def _site(request: Request) -> Site:
    return parts(request).site


async def _streams(request: Request) -> Streams:
    return parts(request).streams


async def _session(request: Request) -> AsyncIterator[Session]:
    """A request waits for its place here, where it holds neither a thread nor a connection.

    Else those that wait for a connection would hold all the threads, and those that have one
    would wait for a thread to commit in.
    """
    given = parts(request)
    async with given.places:
        session = given.sessions()
        try:
            yield session
            await run_in_threadpool(_commit, session)
        finally:
            if session.in_transaction():  # it failed, and the database must be told
                with CancelScope(shield=True):
                    await run_in_threadpool(session.close)
            else:
                session.close()


def _commit(session: Session) -> None:
    try:
        session.commit()
    except SQLAlchemyError as error:
        raise CommitFailed from error


# scope="function": commit before the response leaves, so 2xx means saved.
SessionDep = Annotated[Session, Depends(_session, scope="function")]
CipherDep = Annotated[Cipher, Depends(_cipher)]
SiteDep = Annotated[Site, Depends(_site)]
StreamsDep = Annotated[Streams, Depends(_streams)]


def _app(app: str, session: SessionDep) -> App:
    return apps.find(session, app)


AppDep = Annotated[App, Depends(_app, scope="function")]


async def _message(request: Request) -> str:
    """Empire's Commit-Message header: why. Header bytes reach us as Latin-1."""
    raw = request.headers.get("commit-message", "").encode("latin-1")
    message = raw.decode("utf-8", "replace").replace("\0", "").strip()
    if len(message) > _LONGEST_MESSAGE:
        raise Invalid(f"The Commit-Message is longer than {_LONGEST_MESSAGE} characters.")
    return message


Message = Annotated[str, Depends(_message)]
