"""Every boto3 client is built here: one a service, shared by the process's threads."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from app.gateways import models

# Three tries in all (botocore's standard mode); what then fails is the outbox's to repeat.
_CONFIG = Config(
    connect_timeout=5,
    read_timeout=30,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=20,
)


class Aws:
    """Credentials and region as boto3 finds them; `endpoint_url` points to another AWS."""

    def __init__(self, *, region: str, endpoint_url: str | None = None) -> None:
        self._endpoint_url = endpoint_url
        self._session = boto3.Session(
            botocore_session=models.session(), region_name=region, **_credentials(endpoint_url)
        )
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()  # making a client is not safe in two threads at once

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3's clients have no types
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._session.client(
                    service, endpoint_url=self._endpoint_url, config=_CONFIG
                )
            return self._clients[service]


def _credentials(endpoint_url: str | None) -> dict[str, str]:
    """A local AWS takes any; real credentials must not be signed for, let alone sent to, it."""
    host = urlsplit(endpoint_url or "").hostname or ""
    if host == "localhost" or host.startswith("127.") or host == "::1":
        return {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    return {}
