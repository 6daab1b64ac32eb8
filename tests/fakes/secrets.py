"""Secrets Manager in memory."""

from __future__ import annotations

from collections.abc import Mapping

from tests.fakes.refusing import no


class FakeSecrets:
    """`values`: by secret, then by version id."""

    def __init__(self) -> None:
        self.values: dict[str, dict[str, dict[str, str]]] = {}

    def put(self, arn: str, values: Mapping[str, str], *, version_id: str) -> None:
        if arn not in self.values:
            raise no(
                "PutSecretValue",
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret.",
            )
        if self.values[arn].setdefault(version_id, dict(values)) != values:
            raise no(
                "PutSecretValue",
                "ResourceExistsException",
                f"A version with the token {version_id} exists and holds something else.",
            )

    def add(self, arn: str) -> None:
        if arn:
            self.values.setdefault(arn, {})

    def remove(self, arn: str) -> None:
        self.values.pop(arn, None)
