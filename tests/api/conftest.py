"""The API as its clients see it: in process, or served by uvicorn where streams are read."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session, sessionmaker

from app.api.site import Site
from app.db.crypto import Cipher
from app.db.models import Account
from app.main import create_app
from tests.factories import make_account, make_cluster, make_token

TOKEN = "sesame-sesame-sesame"
SITE = Site(apps_domain="localhost", router_url="http://127.0.0.1:8000")
_START_SECONDS = 10


@pytest.fixture
def api(sessions: sessionmaker[Session], cipher: Cipher, database_url: str) -> FastAPI:
    return create_app(sessions, cipher, listener=database_url, site=SITE)


@pytest.fixture
def ann(session: Session) -> Account:
    """Somebody with a token, on a platform with a cluster."""
    make_cluster(session)
    ann = make_account(session, "ann@example.com")
    make_token(session, ann, TOKEN)
    session.commit()
    return ann


@pytest.fixture
def anonymous(api: FastAPI) -> Iterator[TestClient]:
    with TestClient(api) as client:
        yield client


@pytest.fixture
def client(anonymous: TestClient, ann: Account) -> TestClient:
    anonymous.headers["Authorization"] = f"Bearer {TOKEN}"
    return anonymous


@pytest.fixture
def committed(
    committed_sessions: sessionmaker[Session],
) -> sessionmaker[Session]:
    """Sessions that commit, on a platform with a cluster and ann's token."""
    with committed_sessions.begin() as session:
        make_cluster(session)
        make_token(session, make_account(session, "ann@example.com"), TOKEN)
    return committed_sessions


@pytest.fixture
def served(
    committed: sessionmaker[Session], cipher: Cipher, database_url: str
) -> Iterator[httpx2.Client]:
    api = create_app(committed, cipher, listener=database_url, site=SITE, ping_seconds=0.2)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with (
        serving(api) as url,
        httpx2.Client(base_url=url, headers=headers, timeout=10) as client,
    ):
        yield client


@contextmanager
def serving(api: FastAPI) -> Iterator[str]:
    """Uvicorn in a thread. It must stop by itself, streams open or not."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(api, log_config=None, lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    _await_start(server)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        api.state.hub.stop()
        server.should_exit = True
        thread.join(timeout=5)
        assert not thread.is_alive(), "the server does not stop"


def _await_start(server: uvicorn.Server) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.005)
    assert server.started
