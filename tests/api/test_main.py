from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.config import Settings
from app.main import from_settings


def test_the_web_process_from_its_settings(database_url: str, tmp_path: Path) -> None:
    api = from_settings(Settings(database_url=database_url, home=tmp_path))

    with TestClient(api) as client:
        assert client.get("/health").json() == {"status": "ok"}
        assert client.get("/apps").status_code == 401
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600


def test_it_does_not_start_without_a_database(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="PALATINE_DATABASE_URL"):
        from_settings(Settings(database_url=None, home=tmp_path))
