from __future__ import annotations

import pytest
from sqlalchemy.orm import Session, sessionmaker

from app.db.crypto import Cipher
from tests.workers.harness import Platform


@pytest.fixture
def platform(sessions: sessionmaker[Session], cipher: Cipher) -> Platform:
    return Platform(sessions, cipher)
