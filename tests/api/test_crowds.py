from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx2
from sqlalchemy.orm import Session, sessionmaker

from app.db import engine as database
from app.db.crypto import Cipher
from app.main import create_app
from tests.api.conftest import SITE, TOKEN, serving

CROWD = 80  # more than there are threads and connections together


def test_a_crowd_waits_for_its_turn(
    committed: sessionmaker[Session], cipher: Cipher, database_url: str
) -> None:
    """Every thread taken by somebody who waits for a connection: nobody could go on."""
    engine = database.connect(database_url, pool_size=2)
    api = create_app(database.sessions(engine), cipher, listener=database_url, site=SITE, at_once=2)
    limits = httpx2.Limits(max_connections=CROWD)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with (
        serving(api) as url,
        httpx2.Client(base_url=url, headers=headers, limits=limits, timeout=20) as client,
        ThreadPoolExecutor(CROWD) as crowd,
    ):
        created = list(crowd.map(lambda _: client.post("/apps", json={}), range(CROWD)))
        listed = client.get("/apps").json()
    engine.dispose()

    assert {response.status_code for response in created} == {201}
    assert len(listed) == CROWD
