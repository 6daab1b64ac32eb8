"""Secrets Manager: one secret an app, one version a config."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol


class Secrets(Protocol):
    def put(self, arn: str, values: Mapping[str, str], *, version_id: str) -> None: ...


class ManagedSecrets:
    def __init__(self, client: Any) -> None:  # noqa: ANN401
        self._client = client

    def put(self, arn: str, values: Mapping[str, str], *, version_id: str) -> None:
        """Repeating it with the same values is no change (PutSecretValue, "ClientRequestToken")."""
        self._client.put_secret_value(
            SecretId=arn,
            SecretString=json.dumps(dict(values), sort_keys=True, ensure_ascii=False),
            ClientRequestToken=version_id,
        )
