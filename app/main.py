"""The web process: settings in, ASGI app out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from sqlalchemy.orm import sessionmaker

from app.api import document as openapi
from app.api import errors, routes
from app.api.deps import Parts
from app.api.edge import Edge
from app.api.schemas.events import event_json
from app.api.site import Site
from app.config import Settings
from app.db import engine
from app.db.crypto import Cipher, load_key
from app.db.engine import Sessions
from app.streams.following import Following
from app.streams.hub import PING_SECONDS, Hub

VERSION = "0.1.0"
REQUESTS_AT_ONCE = 10


def create_app(
    sessions: Sessions,
    cipher: Cipher,
    *,
    listener: str,
    site: Site | None = None,
    ping_seconds: float = PING_SECONDS,
    at_once: int = REQUESTS_AT_ONCE,
    stopped: Callable[[], None] = lambda: None,
) -> FastAPI:
    """`listener` is the URL of the database whose NOTIFY the streams hear; `at_once` is how many
    requests may be in their transactions: no more than the pool has connections.

    A server must call `api.state.hub.stop()` when it begins to stop, from any thread: it waits
    for open streams to end.
    """
    hub = Hub(sessions, listener, event_json, ping_seconds=ping_seconds)

    @asynccontextmanager
    async def lifespan(_api: FastAPI) -> AsyncIterator[None]:
        async with hub.running():
            yield
        stopped()

    api = FastAPI(
        title="Palatine",
        version=VERSION,
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        openapi_url=None,
        redirect_slashes=False,
    )
    api.state.hub = hub
    api.state.parts = Parts(
        sessions, cipher, site or Site(), Following(hub), asyncio.Semaphore(at_once)
    )
    api.include_router(routes.router)
    api.add_middleware(Edge)
    errors.install(api)
    return api


def from_settings(settings: Settings) -> FastAPI:
    if not settings.database_url:
        raise ValueError("The web process needs PALATINE_DATABASE_URL.")
    database = engine.connect(settings.database_url, pool_size=REQUESTS_AT_ONCE)
    return create_app(
        engine.sessions(database),
        Cipher(load_key(settings.key_file)),
        listener=settings.database_url,
        site=Site(
            cluster=settings.cluster,
            apps_domain=settings.apps_domain,
            router_url=settings.router_url,
        ),
        stopped=database.dispose,
    )


def document() -> dict[str, Any]:
    """The OpenAPI document. Needs no database and no settings."""
    return openapi.describe(create_app(sessionmaker(), Cipher(bytes(32)), listener=""))
