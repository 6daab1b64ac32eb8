"""What a name in a path may be."""

from __future__ import annotations

from uuid import UUID


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
